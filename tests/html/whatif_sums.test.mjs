// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import { initialState } from "../../user/output/html/shown.js";
import { shorterTurns, whatCanGo, whatIf } from "../../user/output/html/whatif_sums.js";
import { MS, S, slice } from "./model.mjs";
import { smallPage } from "./small_page.mjs";

const FETCH = "place:fetch (rates.py:88)";

function twoStalls() {
	return smallPage({
		stalls: [
			{ ns: 300 * MS, slices: [{ ns: 250 * MS, stack: 0, target: "db" }, { ns: 50 * MS, cause: "cpu", stack: 1 }] },
			{ atNs: 10 * S, ns: 500 * MS, slices: [{ ns: 300 * MS, cause: "file", stack: 1 }, { ns: 200 * MS, stack: 0, target: "db" }] },
		],
		loops: [{ turns: 1000, longestNs: 500 * MS, histogram: [[131072, 985], [2 ** 26, 3], [2 ** 29, 12]] }],
	});
}

function without(page, ...keys) {
	return { ...initialState(page), without: new Set(keys) };
}

test("nothing ticked is as it was", () => {
	const page = twoStalls(), { today, then } = whatIf(page, without(page));

	assert.deepEqual(today, then);
	assert.equal(today.stalls, 2);
	assert.equal(today.ns, 800 * MS);
	assert.equal(today.longestNs, 500 * MS);
});

test("a place's time goes; what is shorter than the threshold is no stall any more", () => {
	const page = twoStalls(), { today, then } = whatIf(page, without(page, FETCH));

	assert.equal(today.stalls, 2);
	assert.equal(then.stalls, 1);
	assert.equal(then.ns, 300 * MS);
	assert.equal(then.longestNs, 300 * MS);
});

test("a cause, a target; of both a slice's time goes once", () => {
	const page = twoStalls();

	assert.equal(whatIf(page, without(page, "cause:file")).then.ns, 500 * MS);
	assert.equal(whatIf(page, without(page, "target:db")).then.ns, 300 * MS);
	assert.equal(whatIf(page, without(page, "target:db", "cause:socket", FETCH)).then.ns, 300 * MS);
});

test("the longest is not shorter than a turn that was no stall", () => {
	const page = twoStalls(), { then } = whatIf(page, without(page, "cause:socket", "cause:file", "cause:cpu"));

	assert.equal(then.stalls, 0);
	assert.equal(then.longestNs, 2 ** 25); // three turns were between 34 and 67 ms
});

test("percentiles move where turns change their bucket, never up", () => {
	const page = twoStalls();

	page.loops[0].histogram = [[131072, 98], [2 ** 29, 2]];
	const { today, then } = whatIf(page, without(page, "cause:socket", "cause:file", "cause:cpu"));

	assert.ok(today.p99 > 200 * MS);
	assert.ok(then.p99 < 131072);
	assert.equal(then.p50 <= today.p50, true);
});

test("of one loop the summary's percentiles are nearer, but of a range", () => {
	const page = twoStalls();

	Object.assign(page.loops[0], { p50Ns: 78e3, p99Ns: 290 * MS, seconds: [{ atNs: 0, lengthNs: S, longestNs: MS, histogram: [[131072, 9]] }] });
	const { today, then } = whatIf(page, without(page, "cause:socket", "cause:file", "cause:cpu"));

	assert.deepEqual([today.p50, today.p99, then.p50], [78e3, 290 * MS, 78e3]);
	assert.ok(then.p99 < today.p99);
	assert.notEqual(whatIf(page, { ...without(page), toNs: S }).today.p50, 78e3);
});

test("what the page leaves out stays as it was", () => {
	const page = twoStalls();

	page.loops[0].longestNs = 9 * S;
	assert.equal(whatIf(page, without(page, FETCH)).then.longestNs, 9 * S);
});

test("only stalls of the range", () => {
	const page = twoStalls(), state = { ...without(page, FETCH), fromNs: 5 * S };

	assert.equal(whatIf(page, state).today.stalls, 1);
	assert.deepEqual(whatCanGo(page, state).causes.map(({ name, ns }) => [name, ns]), [["file", 300 * MS], ["socket", 200 * MS]]);
});

test("what can go, most first; a stall counts once for what it has twice", () => {
	const page = twoStalls();

	page.stalls[0].slices.push(slice({ cause: "socket", ns: MS, stack: 0, target: "db" }));
	const { places, causes, targets } = whatCanGo(page, without(page));

	assert.deepEqual(places.map(({ key, stalls }) => [key, stalls]), [[FETCH, 2], ["place:save (orders.py:12)", 2]]);
	assert.deepEqual(causes.map(({ name }) => name), ["socket", "file", "cpu"]);
	assert.deepEqual(targets.map(({ name, ns }) => [name, ns]), [["db", 451 * MS]]);
});

test("of shorter turns it is said how much there is", () => {
	const page = smallPage({ blocked: [{ loop: 0, atNs: S, slices: [slice({ cause: "socket", ns: 40 * MS, stack: 0 }), slice({ cause: "file", ns: 5 * MS })] }] });

	assert.deepEqual(shorterTurns(page, without(page, FETCH)), { ns: 45 * MS, withoutNs: 40 * MS });
	assert.deepEqual(shorterTurns(page, { ...without(page), fromNs: 2 * S }), { ns: 0, withoutNs: 0 });
});
