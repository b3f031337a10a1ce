// SPDX-License-Identifier: GPL-2.0-or-later
// service.test.mjs - what of the service's page needs no browser: where it asks, what is said of an answer, rows of loops.
import assert from "node:assert/strict";
import test from "node:test";

import { Refusal, baseOf, isToken, makeAsk, makeKept, refusalWords } from "../../user/web/page/ask.js";
import { stallKey, whose } from "../../user/web/page/coming.js";
import { liveRows } from "../../user/web/page/live_rows.js";
import { missingWords, unseenWords } from "../../user/web/page/missing.js";
import { MS, S, slice, stall } from "./model.mjs";

test("what is asked for is below the page, with the slash or without", () => {
  const at = (pathname) => baseOf({ origin: "https://h:1", pathname });
  assert.equal(at("/"), "https://h:1/");
  assert.equal(at("/blockprof/"), "https://h:1/blockprof/");
  assert.equal(at("/blockprof"), "https://h:1/blockprof/");
  assert.equal(at("/a/b/"), "https://h:1/a/b/");
});

test("what could be a token is what the service takes as one", () => {
  for (const text of ["0123456789abcdef", "!".repeat(127), "~-token-of-mine-~"]) assert.ok(isToken(text), text);
  for (const text of ["", "0123456789abcde", "!".repeat(128), "0123456789 abcdef", "0123456789abcdefä", "0123456789abcdef\n"])
    assert.ok(!isToken(text), text);
});

test("a token is kept for the tab and the place, or for the page where there is no storage", () => {
  const stored = new Map();
  const storage = () => ({
    getItem: (key) => stored.get(key) ?? null,
    setItem: (key, value) => stored.set(key, value),
    removeItem: (key) => stored.delete(key),
  });
  makeKept(storage, "https://h/a/").set("one");
  assert.equal(makeKept(storage, "https://h/a/").get(), "one");
  assert.equal(makeKept(storage, "https://h/b/").get(), "");
  makeKept(storage, "https://h/a/").set("");
  assert.equal(stored.size, 0);
  const none = makeKept(() => { throw new Error("blocked"); }, "https://h/a/");
  none.set("two");
  assert.equal(none.get(), "two");
});

test("it asks as Bearer also without a token; refusals have their status", async () => {
  const asked = [];
  const answers = [{ ok: true, text: async () => "x" }, { ok: false, status: 401 }, { ok: true, text: async () => { throw new Error("cut"); } }];
  const ask = makeAsk(async (address, options) => {
    asked.push([address, options.headers.Authorization]);
    if (!answers.length) throw new TypeError("refused");
    return answers.shift();
  }, "https://h/b/", { get: () => (asked.length ? "token" : "") });
  assert.equal(await ask("loops"), "x");
  for (const status of [401, 0, 0])
    await assert.rejects(ask("last?seconds=5"), (error) => error instanceof Refusal && error.status === status && error.message === refusalWords(status));
  assert.deepEqual(asked.slice(0, 2), [["https://h/b/loops", "Bearer none"], ["https://h/b/last?seconds=5", "Bearer token"]]);
});

test("each refusal has words of its own", () => {
  const words = [0, 401, 403, 502, 503, 500].map(refusalWords);
  assert.equal(new Set(words).size, words.length);
  assert.match(refusalWords(403), /--allow-host/);
});

const loop = (pid, part = {}) => ({ pid, tid: pid, comm: "python3", runtime: "asyncio", stalls: 0, seconds: [], ...part });
const step = (atS, lengthS, part = {}) => ({ atNs: atS * S, lengthNs: lengthS * S, turns: 0, longestNs: 0, byCause: {}, ...part });

test("loops: the worst first, those that are idle are there, others are not", () => {
  const page = {
    lengthNs: 10 * S,
    loops: [
      loop(1, { seconds: [step(0, 10, { turns: 100, longestNs: 5 * MS, byCause: { file: S, cpu: 8 * S } })] }),
      loop(2, { seconds: [step(0, 10, { turns: 10, longestNs: 2 * S, byCause: { sleep: 2 * S, cpu: 3 * S } })] }),
      loop(9, { seconds: [step(0, 10, { turns: 9 })] }),
    ],
    stalls: [stall({ loop: 1, atNs: S, ns: 2 * S, slices: [slice({ cause: "sleep", ns: 2 * S - 10 * MS }), slice({ cause: "cpu", ns: 10 * MS })] })],
  };
  const rows = liveRows({ loops: [loop(3), loop(1, { stalls: 4 }), { ...loop(2), tid: 7 }, loop(2)] }, page);
  assert.deepEqual(rows.map(({ name }) => name), ["python3[2] asyncio", "python3[1] asyncio", "python3[2/7] asyncio", "python3[3] asyncio"]);
  assert.equal(rows[0].stalledNs, 2 * S);
  assert.deepEqual(rows[0].causes, [["sleep", 2 * S], ["cpu", 10 * MS]]);
  assert.equal(rows[0].longestNs, 2 * S);
  assert.equal(rows[0].lasts, false);
  assert.deepEqual(rows[1].causes, [["file", S]], "it computes, and loses nothing by that");
  assert.equal(rows[1].turns, 100);
  assert.equal(rows[1].stalls, 4);
  assert.deepEqual([rows[3].turns, rows[3].longestNs, rows[3].causes], [0, 0, []]);
});

test("loops: of what reaches out of the window its part counts", () => {
  const page = {
    lengthNs: 10 * S,
    loops: [loop(1, { seconds: [step(-10, 20, { turns: 100, byCause: { socket: 4 * S } }), step(-9, 8, { turns: 7, longestNs: 9 * S })] })],
    stalls: [stall({ loop: 0, atNs: -10 * S, ns: 15 * S, ongoing: true, slices: [slice({ cause: "cpu", ns: 15 * S })] })],
  };
  const [row] = liveRows({ loops: [loop(1)] }, page);
  assert.equal(row.turns, 50);
  assert.equal(row.stalledNs, 5 * S);
  assert.deepEqual(row.causes, [["cpu", 5 * S], ["socket", 2 * S]]);
  assert.equal(row.longestNs, 15 * S);
  assert.equal(row.lasts, true);
});

test("a stall is the same in each of its reports, and another one in another process", () => {
  const page = { loops: [loop(1), loop(2)] };
  assert.equal(stallKey(page, stall({ loop: 0, turn: "1-5", ongoing: true })), stallKey(page, stall({ loop: 0, turn: "1-5", ns: 7 })));
  assert.notEqual(stallKey(page, stall({ loop: 0, turn: "1-5" })), stallKey(page, stall({ loop: 1, turn: "1-5" })));
});

test("whose stall it was", () => {
  const of = (tasks) => whose(stall({ process: "p[1]", tasks }));
  assert.equal(of([]), "p[1]");
  assert.equal(of(["a"]), "p[1], task a");
  assert.equal(of(["a", "b", "c", "d"]), "p[1], tasks a, b, c and others");
});

test("what there was no room for is said, if it was within the hour", () => {
  const page = { originMs: Date.UTC(2026, 0, 1, 12), utcOffsetS: 3600 };
  assert.deepEqual(missingWords({ stalls_ms: 0, blocked_ms: page.originMs - 1, seconds_ms: 0 }, page), []);
  const [words, ...more] = missingWords({ stalls_ms: page.originMs + 65000, blocked_ms: 0, seconds_ms: 0 }, page);
  assert.match(words, /^Stalls: only since 13:01:05/);
  assert.deepEqual(more, []);
});

test("what was not seen is one line", () => {
  const page = { originMs: Date.UTC(2026, 0, 1, 12), utcOffsetS: 0, recordings: [{ blind: [], lost: [] }] };
  const missing = { unseen_ms: page.originMs - 60000 };
  assert.equal(unseenWords(missing, page), "");
  page.recordings[0].blind.push(["whose memory came too late; native frames only", 1], ["that may not be read; native frames only", 3]);
  assert.equal(unseenWords(missing, page), "Not seen since 11:59:00: 1 process whose memory came too late; 3 processes that may not be read");
  page.recordings[0].lost.push(["slices (ring buffer full)", 7200], ["stacks (too many in too short a time)", 5], ["stacks (blocked before)", 2]);
  assert.equal(unseenWords(missing, page), "Not seen since 11:59:00: 1 process whose memory came too late; " +
    "3 processes that may not be read; lost: 7,200 slices, 7 stacks");
});
