// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import { BUCKETS, bucketLowerNs, bucketOf, bucketUpperNs, percentileNs, stallsAt, stepOf, thresholdAt, turnsIn, turnsOver } from "../../user/output/html/turn_sums.js";
import { MS, S } from "./model.mjs";
import { smallPage } from "./small_page.mjs";

const UPPER = 2 ** 27; // 134 ms

test("buckets are those of the recording", () => {
	assert.equal(bucketUpperNs(0), 131072);
	assert.equal(bucketUpperNs(BUCKETS - 1), Infinity);
	for (let i = 0; i < BUCKETS; i++) {
		assert.equal(bucketOf(bucketLowerNs(i)), i);
		if (i)
			assert.equal(bucketOf(bucketLowerNs(i) - 1), i - 1);
	}
});

test("the whole time is what the loops say", () => {
	const page = smallPage({ loops: [{ turns: 12, longestNs: S, histogram: [[131072, 10], [2 ** 30, 2]] }, { turns: 1, histogram: [[2 ** 63, 1]] }] });
	const turns = turnsIn(page, 0, page.lengthNs);

	assert.equal(turns.counts[0], 10);
	assert.equal(turns.counts[13], 2);
	assert.equal(turns.counts[BUCKETS - 1], 1);
	assert.equal(turns.longestNs, S);
	assert.ok(turns.isWhole && turns.isAll);
});

test("a range is what its seconds say; without, the whole is shown and said to be that", () => {
	const seconds = [0, 1, 2].map((at) => ({ atNs: at * S, lengthNs: S, longestNs: (at + 1) * MS, histogram: [[131072, at + 1]] }));
	const page = smallPage({ loops: [{ turns: 6, histogram: [[131072, 6]], longestNs: 9 * MS, seconds }] });
	const turns = turnsIn(page, 1.5 * S, 2 * S);

	assert.equal(turns.counts[0], 2);
	assert.equal(turns.longestNs, 2 * MS);
	assert.equal(turns.isWhole, false);
	for (const second of seconds)
		delete second.histogram;
	const whole = turnsIn(page, 1.5 * S, 2 * S);

	assert.equal(whole.counts[0], 6);
	assert.ok(whole.isWhole && !whole.isAll);
});

test("stalls are turns, too, where no histogram has them", () => {
	const page = smallPage({ stalls: [{ ns: 300 * MS }, { atNs: 30 * S, ns: 2 * S }], loops: [{ turns: 5, longestNs: 5 * MS, histogram: [[131072, 5]] }] });
	const turns = turnsIn(page, 0, page.lengthNs);

	assert.deepEqual(turns.counts.filter((number) => number), [5, 1, 1]);
	assert.equal(turns.longestNs, 2 * S);
	assert.equal(turnsIn(page, 0, 10 * S).longestNs, 300 * MS);
	page.loops[0].histogram.push([2 ** 29, 1]);
	assert.equal(turnsIn(page, 0, page.lengthNs).counts[12], 1);
});

test("over a threshold: all of the buckets above, of its own the part above", () => {
	const counts = new Array(BUCKETS).fill(0);

	counts[10] = 100; // 67 to 134 ms
	counts[13] = 4;
	assert.equal(turnsOver({ counts, longestNs: S }, UPPER * 0.75).count, 54);
	assert.equal(turnsOver({ counts, longestNs: S }, UPPER).count, 4);
	assert.equal(turnsOver({ counts, longestNs: S }, 2 * S).count, 0);
});

test("the last bucket ends with the longest turn", () => {
	const counts = new Array(BUCKETS).fill(0);

	counts[BUCKETS - 1] = 2;
	const { count, ns } = turnsOver({ counts, longestNs: 4 * S }, 100 * MS);

	assert.equal(count, 2);
	assert.ok(ns > 2 * 2 * S && ns < 2 * 4 * S);
});

function inRangeOf(page) {
	return page.stalls.map((stall) => ({ stall, ns: stall.ns }));
}

test("at and above the recording's threshold it is known, below about", () => {
	const page = smallPage({ stalls: [{ ns: 100 * MS }, { ns: 300 * MS }], loops: [{ turns: 102, longestNs: 300 * MS, histogram: [[2 ** 26, 100], [UPPER, 1], [2 ** 29, 1]] }] });
	const turns = turnsIn(page, 0, page.lengthNs);

	assert.deepEqual(stallsAt(page, inRangeOf(page), turns, 100 * MS), { count: 2, ns: 400 * MS, about: false });
	assert.deepEqual(stallsAt(page, inRangeOf(page), turns, 200 * MS), { count: 1, ns: 300 * MS, about: false });
	const lower = stallsAt(page, inRangeOf(page), turns, 40 * MS);

	assert.ok(lower.about && lower.count > 50 && lower.count <= 102);
});

test("a page that leaves stalls out knows about only", () => {
	const page = smallPage({ recordings: [{ stallsLeftOut: 5 }], stalls: [{ ns: 300 * MS }], loops: [{ turns: 6, longestNs: 300 * MS, histogram: [[2 ** 29, 6]] }] });
	const { about, count } = stallsAt(page, inRangeOf(page), turnsIn(page, 0, page.lengthNs), 200 * MS);

	assert.ok(about && count > 1);
});

test("percentiles: spread evenly in a bucket that ends with the longest turn", () => {
	const counts = new Array(BUCKETS).fill(0);

	assert.equal(percentileNs(counts, 0, 50), 0);
	counts[0] = 98;
	counts[13] = 2; // 537 ms to 1.07 s
	assert.ok(percentileNs(counts, S, 50) < 131072);
	assert.equal(percentileNs(counts, S, 99), 2 ** 29 + (S - 2 ** 29) / 2);
});

test("a slider's steps are thresholds of two digits, and back", () => {
	for (const step of [0, 123, 250, 400, 500]) {
		const ns = thresholdAt(step, 500, 5 * S);

		assert.ok(Math.abs(stepOf(ns, 500, 5 * S) - step) < 4, `${step}: ${ns}`);
		assert.equal(Number(ns.toPrecision(2)), ns);
	}
	assert.ok(thresholdAt(500, 500, 5 * S) > 5 * S);
	assert.equal(stepOf(1, 500, 5 * S), 0);
});
