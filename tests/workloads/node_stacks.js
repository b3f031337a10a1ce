// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks in functions of every kind, and says beforehand what its own stack is:
// node_stacks.js BLOCK [SECONDS]; BLOCK is fifo, atomics, exec or cpu. Each line of its input lets it
// block in the next one; "STACK {point, at_ns, frames: [[fn, file, line], ...]}" stands before that.
// "END" when there is none left. POINTS in its environment: only these; WARM_MS: how long all are
// called before, not to block.
"use strict";
const child_process = require("child_process");
const fs = require("fs");
const os = require("os");
const path = require("path");
const vm = require("vm");

const seconds = Number(process.argv[3] || 0.1);
const cell = new Int32Array(new SharedArrayBuffer(4));
const directory = fs.mkdtempSync(path.join(os.tmpdir(), "blockprof-node-stacks-"));
const fifo = path.join(directory, "fifo");
process.on("exit", () => fs.rmSync(directory, { recursive: true }));
if (process.argv[2] === "fifo") child_process.execFileSync("mkfifo", [fifo]);

const say = (word, value) =>
  fs.writeSync(1, word + (value ? " " + JSON.stringify(value) : "") + "\n");

Error.stackTraceLimit = 100;
let point;
function own() {
  const prepare = Error.prepareStackTrace;
  Error.prepareStackTrace = (_, sites) => sites;
  const holder = {};
  Error.captureStackTrace(holder, own);
  const sites = holder.stack.filter((site) => !site.isAsync());
  Error.prepareStackTrace = prepare;
  return sites.map((site) => [site.getFunctionName(), site.getFileName() || null, site.getLineNumber()]);
}

let armed = false;
const blocks = {
  fifo: () => fs.readFileSync(fifo),
  atomics: () => Atomics.wait(cell, 0, 0, seconds * 1000),
  exec: () => child_process.execFileSync("sleep", [String(seconds)]),
  cpu: () => { for (const end = Date.now() + seconds * 1000; Date.now() < end; ); },
};
const really = blocks[process.argv[2]];
function block(a) {
  if (!armed) return a;
  const frames = own().slice(1);
  say("STACK", { point, at_ns: Number(process.hrtime.bigint()), frames });
  return really();
}

class Base {
  constructor(arm) { this.made = arm ? block(1) : 0; }
  method(a) { return block(a) + 1; }
  get property() { return block(2); }
  set property(a) { block(a); }
  static fixed(a) { return block(a); }
  #secret(a) { return block(a); }
  reveal(a) { return this.#secret(a); }
  ["computed" + 1](a) { return block(a); }
  async later(a) { await null; return block(a); }
  *generate(a) { yield 1; yield block(a); }
  async *stream(a) { yield 1; yield block(a); }
  arrow = (a) => block(a);
}
class Derived extends Base {
  constructor(arm) { super(arm); }
  method(a) { return super.method(a) + 1; }
  toString() { return String(block(1)); }
  toJSON() { return block(1); }
  valueOf() { return block(1); }
  [Symbol.toPrimitive]() { return String(block(1)); }
  [Symbol.iterator]() { return [block(1)][Symbol.iterator](); }
}
const literal = {
  method(a) { return block(a); },
  arrow: (a) => block(a),
  anonymous: function (a) { return block(a); },
  named: function itsName(a) { return block(a); },
  get property() { return block(1); },
  nested: { deeper: { call: (a) => block(a) } },
};
function declared(a) { return block(a); }
const expression = function (a) { return block(a); };
const arrow = (a) => block(a);
function outer(a) { function inside(b) { return block(b); } return inside(a); }
function closure(a) { let kept = a; return () => { kept += 1; return block(kept); }; }
function recursive(n) { return n ? recursive(n - 1) + 1 : block(0); }
function long(a) {
  let text = "";
  for (let i = 0; i < 3; i++) {
    text += i;
    if (i === 1) {
      text +=
        block(a);
    }
  }
  return text;
}
function tried(a) { try { return block(a); } finally { a = 1; } }
function switched(a) {
  switch (a) {
    case 0: return 0;
    default:
      return block(a);
  }
}
function many(...a) { return block(a.length); }
function defaults(a = block(1)) { return a; }
function destructured({ a } = { a: 1 }) { return block(a); }
function tagged(strings, a) { return block(a); }
function leaf(a) { return block(a) + 1; }
function middle(a) { return leaf(a) + leaf2(a); }
const leaf2 = (a) => a * 2;
function trunk(a) {
  let sum = 0;
  for (let i = 0; i < 3; i++) sum += middle(a);
  return sum;
}
function loop(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    sum += leaf2(i);
    if (i === n - 1)
      sum += leaf(i);
  }
  return sum;
}
const evaluated = eval("(function evaluated(a) {\n  return block(a);\n})");
globalThis.block = block;
const constructed = new Function("a", "return block(a);");
const inContext = vm.runInThisContext("(function inContext(a) {\n\n  return block(a); })", {
  filename: "/srv/made/up.js",
  lineOffset: 10,
});
// a bundle: one line of half a megabyte, with characters of two bytes
const filler = "0,".repeat(250000);
const bundled = vm.runInThisContext(`(()=>{var π=[${filler}0];function bundled(a){return block(a)+π[0]}return bundled})()`, {
  filename: "/srv/app/bundle.js",
});
// put together of pieces, as V8 keeps it
let pieces = "(function pieces(a) {\n";
for (let i = 0; i < 50; i++) pieces += "  var v" + i + " = " + i + ";\n";
pieces += "  return block(a);\n})";
const composed = vm.runInThisContext(pieces, { filename: "/srv/app/pie" + "ces.js" });
const proxy = new Proxy({}, { get: function trap() { return block(1); } });
const bound = declared.bind(null, 1);
const sorter = (a, b) => block(a) - b;
const unicode = { "größe∑": function (a) { return block(a); } };
const esm = path.join(directory, "module file.mjs");
fs.writeFileSync(esm, "export function exported(a) {\n  return block(a);\n}\nexport default (a) => block(a);\n");
const common = path.join(directory, "common.js");
fs.writeFileSync(common, "if (globalThis.armed) block(1);\nmodule.exports = { required(a) {\n return block(a); } };\n");
const required = require(common).required;

let modules;
const points = {
  declared: () => declared(1),
  expression: () => expression(1),
  arrow: () => arrow(1),
  outer: () => outer(1),
  closure: () => closure(1)(),
  recursive: () => recursive(12),
  long: () => long(1),
  tried: () => tried(1),
  switched: () => switched(2),
  many: () => many(1, 2, 3, 4),
  defaults: () => defaults(),
  destructured: () => destructured(),
  tagged: () => tagged`a${1}b`,
  trunk: () => trunk(1),
  loop: () => loop(50),
  method: () => new Base().method(1),
  super_method: () => new Derived().method(1),
  constructor: () => new Base(true),
  derived_constructor: () => new Derived(true),
  getter: () => new Base().property,
  setter: () => { new Base().property = 1; },
  static: () => Base.fixed(1),
  private: () => new Base().reveal(1),
  computed: () => new Base().computed1(1),
  field: () => new Base().arrow(1),
  to_string: () => new Derived().toString(),
  to_json: () => JSON.stringify(new Derived()),
  to_primitive: () => `${new Derived()}`,
  iterator: () => [...new Derived()],
  generator: () => [...new Base().generate(1)],
  async: () => new Base().later(1),
  async_generator: async () => { for await (const _ of new Base().stream(1)); },
  literal: () => literal.method(1),
  literal_arrow: () => literal.arrow(1),
  literal_anonymous: () => literal.anonymous(1),
  literal_named: () => literal.named(1),
  literal_getter: () => literal.property,
  literal_nested: () => literal.nested.deeper.call(1),
  evaluated: () => evaluated(1),
  constructed: () => constructed(1),
  in_context: () => inContext(1),
  bundled: () => bundled(1),
  composed: () => composed(1),
  proxy: () => proxy.anything,
  bound: () => bound(),
  map: () => [1, 2].map((a) => (a === 2 ? block(a) : a)),
  for_each: () => new Map([[1, 2]]).forEach((a) => { block(a); }),
  sort: () => [2, 1].sort(sorter),
  reduce: () => [1, 2, 3].reduce((a, b) => a + (b === 3 ? block(b) : b)),
  replace: () => "abc".replace(/b/g, (a) => String(block(a))),
  apply: () => declared.apply(null, [1]),
  call: () => Reflect.apply(declared, null, [1]),
  from: () => Array.from([1], (a) => block(a)),
  then: () => Promise.resolve(1).then((a) => block(a)),
  timer: () => void setTimeout(() => block(1), 1),
  immediate: () => void setImmediate(function later() { block(1); }),
  tick: () => process.nextTick(() => block(1)),
  microtask: () => queueMicrotask(() => block(1)),
  emitter: () => new (require("events"))().on("e", () => block(1)).emit("e"),
  esm: () => modules.exported(1),
  esm_default: () => modules.default(1),
  common: () => required(1),
  require: () => { delete require.cache[common]; globalThis.armed = true; require(common); globalThis.armed = false; },
  unicode: () => unicode["größe∑"](1),
};

const only = (process.env.POINTS || "").split(",").filter(Boolean);
const names = Object.keys(points).filter((name) => !only.length || only.includes(name));

// So often that what can be compiled is.
function warm() {
  const end = Date.now() + Number(process.env.WARM_MS || 0);
  const quick = names.filter((name) => !/async|then|timer|immediate|tick|microtask|require/.test(name));
  const quicker = quick.filter((name) => name !== "bundled");
  while (Date.now() < end) for (let i = 0; i < 200; i++) for (const name of quicker) points[name]();
}

let next = 0;
process.stdin.on("data", () => {
  point = names[next++];
  if (!point) return say("END");
  setTimeout(() => {
    armed = true;
    const disarm = () => { armed = false; say("DONE"); };
    const result = points[point]();
    if (result && result.then) result.then(disarm);
    else setTimeout(disarm, 20);
  }, 30);
}).on("end", () => process.exit(0));
import(esm).then((module) => {
  modules = module;
  warm();
  say("FIFO", fifo);
  say("READY");
});
