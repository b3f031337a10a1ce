// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import { ledgerParts, stackLines, stallBeside, stallFragment, stallLedger, stallOfFragment, stallRows } from "../../user/output/html/stall_parts.js";
import { MS, S } from "./model.mjs";
import { smallPage } from "./small_page.mjs";

test("the ledger is the stall's length, whatever slices say", () => {
	const [stall, over] = smallPage({ stalls: [
		{ ns: 300 * MS, slices: [{ ns: 200 * MS }, { ns: 60 * MS, cause: "cpu" }, { ns: 20 * MS }] },
		{ ns: 100 * MS, slices: [{ ns: 90 * MS }, { ns: 90 * MS, cause: "cpu" }] },
	] }).stalls;

	assert.deepEqual(stallLedger(stall), [{ cause: "socket", ns: 220 * MS }, { cause: "cpu", ns: 60 * MS }, { cause: "", ns: 20 * MS }]);
	assert.deepEqual(stallLedger(over), [{ cause: "socket", ns: 90 * MS }, { cause: "cpu", ns: 10 * MS }]);
});

test("the turn's own parts, the largest first, none of nothing", () => {
	const [stall] = smallPage({ stalls: [{ ledger: { cpu: 5, runqueue: 0, throttled: 1, blocked: 9, unknown: 0 } }] }).stalls;

	assert.deepEqual(ledgerParts(stall), [{ words: "blocked", ns: 9 }, { words: "cpu", ns: 5 }, { words: "throttled", ns: 1 }]);
});

test("rows are in the order of time; what has no time is counted", () => {
	const [stall] = smallPage({ stalls: [{ slices: [
		{ ns: 100 * MS, intervals: [[90 * MS, 50 * MS], [20 * MS, 50 * MS]] }, { ns: 20 * MS, cause: "cpu", intervals: [[0, 20 * MS]] }, { ns: 3 * MS }, { ns: MS, intervals: [[5, MS]] } ] }] }).stalls;

	assert.deepEqual(stallRows(stall, 10).rows.map(({ number }) => number), [1, 3, 0]);
	assert.deepEqual([stallRows(stall, 10).restNs, stallRows(stall, 10).restSlices], [3 * MS, 1]);
	assert.deepEqual(stallRows(stall, 2).rows.map(({ number }) => number), [1, 0]);
	assert.deepEqual([stallRows(stall, 2).restNs, stallRows(stall, 2).restSlices], [4 * MS, 2]);
});

test("a stack is outermost first; library frames are folded, but the innermost", () => {
	const page = smallPage(), words = (lines) => lines.map((line) => line.frame ? line.frame.fn : `+${line.folded.length}`);

	assert.deepEqual(words(stackLines(page, 0, false)), ["run_forever", "fetch", "request", "recv"]);
	assert.deepEqual(words(stackLines(page, 0, true)), ["+1", "fetch", "+1", "recv"]);
	assert.deepEqual(words(stackLines(page, 1, true)), ["+1", "save"]);
	assert.deepEqual(stackLines(page, -1, true), []);
	page.frames.push({ ...page.frames[0], fn: "tcp_recvmsg", kind: "kernel", owner: "kernel" });
	page.stacks.push([0], [5, 5, 0, 2], [5]);
	assert.deepEqual(words(stackLines(page, 2, true)), ["recv"]);
	assert.deepEqual(words(stackLines(page, 3, true)), ["fetch", "recv", "+2"]);
	assert.equal(stackLines(page, 3, true)[2].words, "kernel frame");
	assert.deepEqual(words(stackLines(page, 4, true)), ["+1"]);
});

test("the stall before and after, in the order of time", () => {
	const { stalls } = smallPage({ stalls: [{ atNs: 5 * S }, { atNs: S }, { atNs: 3 * S }] });

	assert.equal(stallBeside(stalls, 1, 1).index, 2);
	assert.equal(stallBeside(stalls, 0, 1).index, 0);
	assert.equal(stallBeside(stalls, 1, -1).index, 1);
	assert.equal(stallBeside(stalls, null, 1).index, 1);
	assert.equal(stallBeside(stalls, null, -1).index, 0);
	assert.equal(stallBeside([], null, 1), null);
});

test("a link finds its stall, also of the second recording, and nothing else", () => {
	const page = smallPage({ recordings: [{}, {}], loops: [{}, { recording: 1 }], stalls: [{ turn: "7-1" }, { turn: "7-1", loop: 1 }, { turn: "9-1", loop: 1 }] });

	for (const stall of page.stalls)
		assert.equal(stallOfFragment(page, stallFragment(page, stall)), stall);
	assert.equal(stallFragment(page, page.stalls[0]), "#stall=7-1");
	assert.equal(stallOfFragment(page, "#stall=9-1"), page.stalls[2]);
	page.stalls[0].turn = "\ud800";
	assert.equal(stallFragment(page, page.stalls[0]), "");
	for (const wrong of ["", "#stall=", "#stall=8-1", "#stall=%", "#stall=7-1@x", "#stall=7-1@9", "#other"])
		assert.equal(stallOfFragment(page, wrong), null, wrong);
});
