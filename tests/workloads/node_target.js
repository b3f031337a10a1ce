// SPDX-License-Identifier: GPL-2.0-or-later
// A Node.js loop that blocks: node_target.js PATTERN [--seconds S] [--now]
// Talks as asyncio_target.py does; --now: blocks at once, before its loop has ever waited.
"use strict";
const child_process = require("child_process");
const fs = require("fs");
const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");
const crypto = require("crypto");

const pattern = isMainThread ? process.argv[2] : workerData.pattern;
const option = (name, value) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? value : process.argv[at + 1];
};
const seconds = isMainThread ? Number(option("--seconds", "0.25")) : workerData.seconds;
const say = (word, value) => fs.writeSync(1, word + (value ? " " + JSON.stringify(value) : "") + "\n");
const now = () => Number(process.hrtime.bigint());
const cell = () => new Int32Array(new SharedArrayBuffer(4));

const fifo = () => {
  const path = fs.mkdtempSync("/tmp/blockprof-node-") + "/fifo";
  child_process.execFileSync("mkfifo", [path]);
  process.on("exit", () => fs.rmSync(require("path").dirname(path), { recursive: true }));
  return path;
};
const feed = (path) => child_process.spawn("sh", ["-c", `sleep ${seconds}; echo x >${path}`]);

// Each is prepared before the loop is idle and gives what blocks.
const blockers = {
  execsync: () => () => child_process.execSync(`sleep ${seconds}`),
  // it says something now and then: its parent's nested loop wakes up each time
  execsync_chatty: () => () =>
    child_process.execSync(`for i in 1 2 3 4 5; do echo x; sleep ${seconds / 5}; done`),
  atomics: () => () => Atomics.wait(cell(), 0, 0, seconds * 1000),
  fifo: () => {
    const path = fifo();
    return () => {
      const child = feed(path);
      fs.readFileSync(path);
      child.unref();
    };
  },
  cpu: () => () => {
    const end = now() + seconds * 1e9;
    while (now() < end);
  },
};

// The same, where it does not hold up the loop: each calls done().
const twins = {
  idle: () => (done) => setTimeout(done, seconds * 1000),
  exec: () => (done) => child_process.exec(`sleep ${seconds}`, done),
  readfile: () => {
    const path = fifo();
    return (done) => {
      feed(path);
      fs.readFile(path, done);
    };
  },
  pbkdf2: () => (done) => crypto.pbkdf2("a", "b", 400000, 64, "sha512", done),
};

function truth(start_ns) {
  return { start_ns, end_ns: now(), pid: process.pid };
}

function act(prepared, done) {
  const start_ns = now();
  if (pattern in blockers) {
    prepared();
    done(truth(start_ns));
  } else {
    prepared(() => done(truth(start_ns)));
  }
}

if (!isMainThread) {
  const prepared = blockers[pattern]();
  setInterval(() => {}, 10);
  parentPort.on("message", () => act(prepared, (turn) => parentPort.postMessage(turn)));
  parentPort.postMessage("ready");
} else if (process.argv.includes("--now")) {
  say("READY");
  act(blockers[pattern](), (turn) => say("TURN", turn));
  setInterval(() => {}, 10);
  say("DONE");
  process.stdin.on("data", () => {}).on("end", () => process.exit(0));
} else {
  const done = (turn) => {
    say("TURN", turn);
    say("DONE");
  };
  let go;
  setInterval(() => {}, 10);
  if (process.argv.includes("--worker")) {
    const worker = new Worker(__filename, { workerData: { pattern, seconds } });
    go = () => worker.postMessage("go");
    worker.on("message", (message) => (message === "ready" ? say("READY") : done(message)));
  } else {
    const prepared = { ...blockers, ...twins }[pattern]();
    go = () => act(prepared, done);
    setTimeout(() => say("READY"), 100);
  }
  process.stdin.on("data", go).on("end", () => process.exit(0));
}
