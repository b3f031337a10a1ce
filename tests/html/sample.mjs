// SPDX-License-Identifier: GPL-2.0-or-later
// sample.mjs - packed data of a made-up page, the same each time it is made: samplePage({stalls, loops}).
//
// node tests/html/sample.mjs [STALLS [LOOPS]] writes it as JSON.

const CAUSES = [
  "cpu", "gc", "runqueue", "throttled", "sleep", "file", "socket", "dns", "pipe", "tty", "lock", "gil", "child",
  "poll", "fault", "stopped", "ipc", "other",
];
const MS = 1e6;
const S = 1e9;

// A generator of numbers from 0 to 1 (mulberry32).
function makeRandom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function makeTable() {
  const ids = new Map([["", 0]]);
  const strings = [""];
  return {
    strings,
    id(text) {
      if (!ids.has(text)) {
        ids.set(text, strings.length);
        strings.push(text);
      }
      return ids.get(text);
    },
  };
}

const PLACES = [
  { fn: "fetch_rates", file: "app/rates.py", line: 88, cause: "socket", syscall: "recvfrom", target: "127.0.0.1:5432",
    chain: ["for postgres[812], which sat in fsync of pg_wal/0001"], culprit: "postgres[812]",
    advice: "an asynchronous driver (asyncpg), or await asyncio.to_thread(fetch_rates)" },
  { fn: "resolve", file: "app/net.py", line: 12, cause: "dns", syscall: "poll", target: "db.example.org",
    chain: [], culprit: "", advice: "await loop.getaddrinfo()" },
  { fn: "do_io", file: "app/bad.py", line: 3, cause: "sleep", syscall: "clock_nanosleep", target: "", chain: [],
    culprit: "", advice: "await asyncio.sleep()" },
  { fn: "compress", file: "app/zip.py", line: 40, cause: "cpu", syscall: "", target: "", chain: [], culprit: "",
    advice: "" },
  { fn: "load", file: "app/model.py", line: 7, cause: "gil", syscall: "futex", target: "the GIL",
    chain: ["held by python3[4242/4250]"], culprit: "python3[4242/4250]", advice: "" },
  { fn: "render", file: "app/view.py", line: 61, cause: "throttled", syscall: "", target: "",
    chain: ["/system.slice/app.service: quota of 50 ms in 100 ms"], culprit: "/system.slice/app.service", advice: "" },
  { fn: "</script><img src=x onerror=alert(1)>", file: "app/\\xe2\\x80\\xae.py", line: 1, cause: "file", syscall: "read",
    target: "/tmp/<!--", chain: [], culprit: "", advice: "" },
];

export function samplePage({ stalls = 200, loops = 3, seed = 1, seconds = 600 } = {}) {
  const random = makeRandom(seed);
  const table = makeTable();
  const frames = [];
  const addFrame = (fn, file, line, kind, owner) => {
    const label = file ? `${fn} (${file}${line ? `:${line}` : ""})` : fn;
    frames.push([table.id(fn), table.id(file), line, kind, owner, table.id(label)]);
    return frames.length - 1;
  };
  const kernel = addFrame("do_syscall_64", "", 0, 0, 3);
  const libc = addFrame("__libc_recv", "libc.so.6", 0, 1, 2);
  const library = addFrame("execute", "/usr/lib/python3/dist-packages/db.py", 41, 2, 1);
  const base = addFrame("BaseEventLoop._run_once", "/usr/lib/python3.11/asyncio/base_events.py", 1922, 2, 1);
  const main = addFrame("main", "app/main.py", 5, 2, 0);
  const stacks = PLACES.map((place) => {
    const own = addFrame(place.fn, place.file, place.line, 2, 0);
    return place.syscall ? [kernel, libc, library, own, base, main] : [own, base, main];
  });
  const packedLoops = [];
  for (let i = 0; i < loops; i++) {
    const pid = 4242 + i;
    const rows = [];
    for (let s = 0; s < seconds; s++) {
      const busy = Math.floor(random() * 0.3 * S);
      rows.push([0, S, Math.floor(random() * 1000), Math.floor(random() * 90 * MS), S - busy,
        [0, Math.floor(busy * 0.7), 6, busy - Math.floor(busy * 0.7)], s % 97 === 50 ? 3 : 0,
        [0, 400 + (s % 90), 5, s % 7, 9, s % 3]]);
    }
    packedLoops.push({ recording: i % 2, name: `python3[${pid}] asyncio`, process: `python3[${pid}]`, pid, tid: pid,
      comm: "python3", runtime: "asyncio", unit: "app.service", container: "", turns: 500 * seconds,
      wall_ns: seconds * S, idle_ns: Math.floor(0.8 * seconds * S), ledger: [60 * S, 5 * S, 0, 30 * S, 0], stalls: 0,
      longest_ns: 0, p50_ns: 1.1 * MS, p99_ns: 80 * MS,
      histogram: Array.from({ length: 15 }, (_, b) => [2 ** (17 + b), Math.floor(100000 / (b + 1) ** 3)]),
      seconds: rows });
  }
  const rows = [];
  for (let i = 0; i < stalls; i++) {
    const which = Math.floor(random() ** 2 * PLACES.length);
    const place = PLACES[which];
    const at = Math.floor(((i + random()) / stalls) * (seconds - 6) * S);
    const ns = Math.floor((100 + 900 * random() ** 4 + (random() < 0.01 ? 4000 : 0)) * MS);
    const part = Math.floor(ns * (0.5 + random() * 0.45));
    const cause = CAUSES.indexOf(place.cause);
    const begin = Math.floor(random() * (ns - part) / 1000);
    const task = `task-${i % 40}`;
    const label = `${place.fn} (${place.file}:${place.line})`;
    const duration = `${Math.round(ns / MS)} ms`;
    const blocked = place.cause === "cpu" || place.cause === "throttled" ? 0 : part;
    const ledger = [ns - part + (place.cause === "cpu" ? part : 0), 0, place.cause === "throttled" ? part : 0, blocked, 0];
    const half = Math.floor(part / 2000);
    const slices = [
      [cause, table.id(place.syscall), part, 2, part - half * 1000, table.id(place.target), table.id(task), which,
        place.chain.map((words) => table.id(words)), [begin, half, 10, half]],
      [0, 0, ns - part, 1, ns - part, 0, table.id(task), 3, [], [0, begin]],
    ];
    const lines = [`  ${duration} in ${label}: ${place.cause}`, `    ${place.syscall} ${place.target}`,
      `    python3[4242] asyncio, task ${task}`, `    ${place.cause} ${Math.round(part / MS)} ms`];
    const loop = i % loops;
    packedLoops[loop].stalls++;
    packedLoops[loop].longest_ns = Math.max(packedLoops[loop].longest_ns, ns);
    rows.push([loop, `${4242 + loop}-${i}`, at, ns, cause, table.id(label), table.id(place.target), [table.id(task)],
      table.id(place.culprit), i === stalls - 1 ? 1 : 0, i % 50 === 7 ? table.id("another framework may serve it") : 0,
      table.id(place.advice), i % 3 ? table.id("delayed 12 events of 9 clients by up to 340 ms") : 0, ledger, slices, 0,
      lines.map((line) => table.id(line))]);
  }
  const blocked = [];
  for (let i = 0; i < 20 * loops; i++)
    blocked.push([i % loops, Math.floor(i / loops) * 30 * S, [
      [6, table.id("recvfrom"), 900 * MS, 40, 60 * MS, table.id("127.0.0.1:5432"), table.id("task-1"), 0, [], []]]]);
  const recording = (host) => ({ host, kernel: "6.1.0", version: "0.1.0", scope: "python3[4242] and its children",
    threshold_ns: 100 * MS, start_ns: 0, end_ns: seconds * S, utc_offset_s: 7200,
    lost: [["slices (ring buffer full)", 12]], blind: [["whose memory came too late; native frames only", 1]],
    discarded: [["the thread had left its loop", 2, 301 * MS]],
    notes: ["14:03:22  all 8 workers of the pool of python3[4242] are busy for 12 s"], stalls_left_out: 0,
    stalls_left_out_ns: 0 });
  return { packed: 1, version: "0.1.0", origin_ms: Date.UTC(2026, 4, 1, 12, 0, 0), length_ns: seconds * S,
    utc_offset_s: 7200, causes: CAUSES, strings: table.strings, frames, stacks,
    stack_places: stacks.map((stack) => stack.find((at) => frames[at][4] === 0)),
    recordings: [recording("web1"), recording("web2")], loops: packedLoops, stalls: rows, blocked, diff: null };
}

// The same places before and after: one better, one gone, one new.
export function sampleDiff(options = {}) {
  const after = samplePage({ ...options, seed: 2 });
  after.diff = { before: samplePage(options), limits: "their thresholds differ", places: PLACES.slice(0, 5).map((place, i) => ({
    name: `${place.fn} (${place.file})`, cause: place.cause, kind: ["new", "gone", "worse", "better", "same"][i],
    chance: false, before_ns_per_hour: i === 0 ? 0 : 20 * S, after_ns_per_hour: i === 1 ? 0 : (10 + 20 * (i % 2)) * S,
    before_stalls: i === 0 ? 0 : 40, after_stalls: i === 1 ? 0 : 20 + 40 * (i % 2) })) };
  return after;
}

if (import.meta.url === `file://${process.argv[1]}`)
  console.log(JSON.stringify(samplePage({ stalls: Number(process.argv[2] ?? 200), loops: Number(process.argv[3] ?? 3) })));
