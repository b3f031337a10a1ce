// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import { unpack } from "../../user/output/html/unpack.js";
import { sampleDiff, samplePage } from "./sample.mjs";

function tiny() {
  return {
    packed: 1, version: "1", origin_ms: Date.UTC(2026, 0, 1, 23, 59, 59, 500), length_ns: 5e9, utc_offset_s: 3600,
    causes: ["cpu", "socket"],
    strings: ["", "recvfrom", "db:5432", "t1", "f", "a.py", "f (a.py:1)", "  2.0 s in f (a.py:1): socket", "    recvfrom"],
    frames: [[4, 5, 1, 2, 0, 6]], stacks: [[0]], stack_places: [0],
    recordings: [{ host: "h", kernel: "6", version: "1", scope: "all", threshold_ns: 1e8, start_ns: 0, end_ns: 5e9,
      utc_offset_s: 3600, lost: [["x", 1]], blind: [], discarded: [["y", 2, 3]], notes: ["n"], stalls_left_out: 4,
      stalls_left_out_ns: 5 }],
    loops: [{ recording: 0, name: "p[1] asyncio", process: "p[1]", pid: 1, tid: 2, comm: "p", runtime: "asyncio", unit: "",
      container: "", turns: 10, wall_ns: 5e9, idle_ns: 1e9, ledger: [1, 2, 3, 4, 5], stalls: 1, longest_ns: 2e9, p50_ns: 1,
      p99_ns: 2, histogram: [[131072, 9]], seconds: [[7, 1e9, 3, 4, 5, [1, 6], 0, [0, 2, 9, 1]], [2, 1e9, 0, 0, 1e9, [], 8, []]] }],
    stalls: [[0, "2-17", 1e9, 2e9, 1, 6, 2, [3], 0, 2, 0, 0, 0, [1, 0, 0, 2, 0],
      [[1, 1, 2e9, 2, 1e9, 2, 3, 0, [2], [5, 10, 1, 20]]], 0, [7, 8]]],
    blocked: [[0, 3e9, [[0, 0, 7, 1, 7, 0, 0, -1, [], []]]]],
    diff: null,
  };
}

test("a stall is what its row says", () => {
  const stall = unpack(tiny()).stalls[0];
  assert.equal(stall.place, "f (a.py:1)");
  assert.equal(stall.process, "p[1]");
  assert.equal(stall.cause, "socket");
  assert.deepEqual(stall.tasks, ["t1"]);
  assert.equal(stall.culprit, "");
  assert.equal(stall.ongoing, false);
  assert.equal(stall.beforeAttach, true);
  assert.deepEqual(stall.ledger, { cpu: 1, runqueue: 0, throttled: 0, blocked: 2, unknown: 0 });
  assert.deepEqual(stall.slices[0].intervals, [[5000, 10000], [16000, 20000]]);
  assert.deepEqual(stall.slices[0].chain, ["db:5432"]);
});

test("the text of a stall begins with the time of day where it was", () => {
  assert.equal(unpack(tiny()).stalls[0].text, "01:00:00.500  2.0 s in f (a.py:1): socket\n    recvfrom\n");
});

test("seconds follow each other", () => {
  const [first, second] = unpack(tiny()).loops[0].seconds;
  assert.deepEqual(first, { atNs: 7, lengthNs: 1e9, turns: 3, longestNs: 4, idleNs: 5, byCause: { socket: 6 }, lost: 0,
    histogram: [[2 ** 17, 2], [2 ** 26, 1]] });
  assert.equal(second.atNs, 1e9 + 9);
  assert.equal(second.lost, 8);
});

test("frames, stacks, recordings and blocked time", () => {
  const page = unpack(tiny());
  assert.deepEqual(page.frames[0], { fn: "f", file: "a.py", line: 1, kind: "python", owner: "user", label: "f (a.py:1)" });
  assert.deepEqual(page.stacks, [[0]]);
  assert.deepEqual(page.stackPlaces, [0]);
  assert.equal(page.recordings[0].stallsLeftOutNs, 5);
  assert.deepEqual(page.recordings[0].discarded, [["y", 2, 3]]);
  assert.equal(page.blocked[0].slices[0].ns, 7);
});

test("a comparison has both sides", () => {
  const page = unpack(sampleDiff({ stalls: 5 }));
  assert.equal(page.diff.after, page);
  assert.equal(page.diff.before.stalls.length, 5);
  assert.equal(page.diff.places[0].kind, "new");
  assert.equal(page.diff.limits, "their thresholds differ");
});

test("the made-up page unpacks, its parts refer to each other", () => {
  const page = unpack(samplePage({ stalls: 500 }));
  assert.equal(page.stalls.length, 500);
  for (const stall of page.stalls) {
    assert.ok(page.loops[stall.loop]);
    assert.ok(stall.text.includes(stall.place));
    for (const slice of stall.slices) for (const frame of page.stacks[slice.stack]) assert.ok(page.frames[frame].label);
  }
});
