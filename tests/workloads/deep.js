// SPDX-License-Identifier: GPL-2.0-or-later
// deep.js [record]: stands in deep stacks of functions, methods, closures and callbacks of
// builtins, of which some have run often enough to be compiled; at other places all the time.
// Says READY; ends with its standard input.
//
// record: at the bottom it says what V8 says of the stack, STACK [[fn, script, line], ...],
// innermost first, and waits there until it reads a line.
"use strict";
const fs = require("fs");

const record = process.argv[2] === "record";
Error.stackTraceLimit = Infinity;

let seed = 1;
const random = (below) => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return (seed >>> 8) % below;
};
const say = (text) => fs.writeSync(1, text + "\n");
const cell = new Int32Array(new SharedArrayBuffer(4));
const byte = Buffer.alloc(1);

function ownStack() {
  const prepare = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, sites) =>
    sites.map((site) => [site.getFunctionName(), site.getFileName(), site.getLineNumber()]);
  const holder = {};
  Error.captureStackTrace(holder, ownStack);
  const stack = holder.stack;
  Error.prepareStackTrace = prepare;
  return stack;
}

let warming = true;

function bottom() {
  if (warming) return 1;
  if (record) {
    say("STACK " + JSON.stringify(ownStack()));
    do {
      if (fs.readSync(0, byte, 0, 1) === 0) process.exit(0);
    } while (byte[0] !== 10);
    return 1;
  }
  switch (random(3)) {
    case 0:
      Atomics.wait(cell, 0, 0, 4);
      break;
    case 1: {
      const end = process.hrtime.bigint() + 4000000n;
      while (process.hrtime.bigint() < end);
      break;
    }
    default:
      JSON.parse(JSON.stringify(Array.from({ length: 3000 }, (_, i) => ({ i }))));
  }
  return 1;
}

function byRecursion(depth, rounds = 4) {
  return rounds ? byRecursion(depth, rounds - 1) + 1 : descend(depth);
}

function byMap(depth) {
  return [1].map(function each(one) {
    return descend(depth) + one;
  })[0];
}

function bySort(depth) {
  let once = true;
  [3, 1, 2].sort((a, b) => {
    if (once) {
      once = false;
      descend(depth);
    }
    return a - b;
  });
  return 1;
}

function byReplace(depth) {
  return "abc".replace(/b/, (match) => descend(depth) + match).length;
}

function* numbers(depth) {
  yield 1;
  yield descend(depth);
}

function byGenerator(depth) {
  let sum = 0;
  for (const number of numbers(depth)) sum += number;
  return sum;
}

class Thing {
  #depth;
  constructor(depth) {
    this.#depth = depth;
  }
  get value() {
    return descend(this.#depth);
  }
  method() {
    return this.value + 1;
  }
  static make(depth) {
    return new Thing(depth).method();
  }
}

function byClass(depth) {
  return Thing.make(depth);
}

const byClosure = (depth) => {
  const inner = (further) => descend(further);
  return inner(depth) + 1;
};

// Small enough to be put into its caller.
function addOne(value) {
  return value + 1;
}

function bySmall(depth) {
  return addOne(descend(depth));
}

const ways = [byRecursion, byMap, bySort, byReplace, byGenerator, byClass, byClosure, bySmall];

function descend(depth) {
  if (depth <= 0) return bottom();
  return ways[random(ways.length)](depth - 1);
}

let turns = 0;

function turn() {
  seed = ++turns;
  descend(1 + random(6));
  setImmediate(turn);
}

// Some are compiled, others run too seldom for it.
for (let i = 0; i < 20000; i++) byRecursion(0);
for (let i = 0; i < 3000; i++) {
  byClosure(0);
  bySmall(0);
}
for (let i = 0; i < 300; i++) byClass(0);
warming = false;
say("READY");
if (!record) process.stdin.on("data", () => {}).on("end", () => process.exit(0));
setImmediate(turn);
