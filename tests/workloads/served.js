// SPDX-License-Identifier: GPL-2.0-or-later
// As served.py, of Node: served.js [--seconds S]. Its timers are libuv's, of which it has one for all.
"use strict";
const fs = require("fs");
const net = require("net");

const at = process.argv.indexOf("--seconds");
const seconds = at < 0 ? 0.4 : Number(process.argv[at + 1]);
const say = (word, value) => fs.writeSync(1, word + (value ? " " + JSON.stringify(value) : "") + "\n");
const now = () => Number(process.hrtime.bigint());

const server = net.createServer((socket) => {
  socket.setEncoding("utf8");
  socket.on("error", () => {});
  socket.on("data", (line) => {
    if (line === "block\n") {
      const start_ns = now();
      say("BEGIN", { start_ns });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
      say("TURN", { start_ns, end_ns: now() });
    }
    socket.write("served\n");
  });
});
server.listen({ host: "127.0.0.1", port: 0, backlog: 64 }, () => {
  say("FACT", { port: server.address().port });
  say("READY");
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
