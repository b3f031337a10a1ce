// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import { barAt, barPart, causesOf, laneBand, laneBars, laneOrder, movedView, timeTicks, viewWith, wholeView, zoomedView } from "../../user/output/html/lane_sums.js";
import { MS, S } from "./model.mjs";
import { smallPage } from "./small_page.mjs";

const WHOLE = { fromNs: 0, toNs: 60 * S };

test("lanes: who lost most is first, who lost nothing is apart", () => {
	const page = smallPage({ loops: [{}, {}, {}], stalls: [{ loop: 1, ns: 300 * MS }, { loop: 2, ns: 200 * MS }, { loop: 2, atNs: S, ns: 200 * MS }] });
	const { lanes, quiet } = laneOrder(page);

	assert.deepEqual(lanes.map((lane) => [lane.loop.index, lane.lostNs]), [[2, 400 * MS], [1, 300 * MS]]);
	assert.deepEqual(quiet.map((loop) => loop.index), [0]);
});

test("lanes: stalls are in their order of time, whatever theirs in the page is", () => {
	const { lanes } = laneOrder(smallPage({ stalls: [{ atNs: 5 * S }, { atNs: S }, { atNs: 3 * S }] }));

	assert.deepEqual(lanes[0].stalls.map((stall) => stall.index), [1, 2, 0]);
});

test("zoom: what is under the pointer stays there, and the whole is the end", () => {
	const near = zoomedView(WHOLE, WHOLE, 0.5, 30 * S);

	assert.deepEqual(near, { fromNs: 15 * S, toNs: 45 * S });
	assert.deepEqual(zoomedView(near, WHOLE, 0.5, 15 * S), { fromNs: 15 * S, toNs: 30 * S });
	assert.deepEqual(zoomedView(near, WHOLE, 100, 20 * S), WHOLE);
	assert.equal(zoomedView(near, WHOLE, 1e-12, 20 * S).toNs - zoomedView(near, WHOLE, 1e-12, 20 * S).fromNs, MS);
});

test("pan: not beyond the ends", () => {
	assert.deepEqual(movedView({ fromNs: 10, toNs: 30 }, WHOLE, -20), { fromNs: 0, toNs: 20 });
	assert.deepEqual(movedView({ fromNs: 0, toNs: S }, WHOLE, 100 * S), { fromNs: 59 * S, toNs: 60 * S });
});

test("a stall comes into view; a view that has it stays", () => {
	const view = { fromNs: 0, toNs: 10 * S };

	assert.equal(viewWith(view, WHOLE, S, 2 * S), view);
	assert.deepEqual(viewWith(view, WHOLE, 30 * S, 32 * S), { fromNs: 26 * S, toNs: 36 * S });
	const wide = viewWith(view, WHOLE, 20 * S, 40 * S);

	assert.ok(wide.fromNs < 20 * S && wide.toNs > 40 * S);
});

test("an empty recording has a view that can be divided by", () => {
	assert.ok(wholeView(smallPage({ lengthNs: 0 })).toNs > 0);
});

test("bars: true place and length, none too narrow, none outside", () => {
	const { stalls } = smallPage({ stalls: [{ atNs: 0, ns: MS }, { atNs: 30 * S, ns: 6 * S }, { atNs: 59 * S, ns: S }] });

	assert.deepEqual(laneBars(stalls, WHOLE, 600, 2).map(({ x, width }) => [x, width]), [[0, 2], [300, 60], [590, 10]]);
	assert.deepEqual(laneBars(stalls, { fromNs: 31 * S, toNs: 33 * S }, 200, 2).map(({ stall }) => stall.index), [1]);
});

test("bars: one that reaches far out of the view is cut, not drawn for kilometres", () => {
	const [bar] = laneBars(smallPage({ stalls: [{ atNs: 0, ns: 60 * S }] }).stalls, { fromNs: 30 * S, toNs: 30 * S + MS }, 1000, 2);

	assert.ok(bar.x >= -2 && bar.x + bar.width <= 1004);
});

test("bars: height by the logarithm of the length", () => {
	assert.equal(barPart(100 * MS, 100 * MS, 10 * S), 0.34);
	assert.equal(barPart(10 * S, 100 * MS, 10 * S), 1);
	assert.ok(Math.abs(barPart(S, 100 * MS, 10 * S) - 0.67) < 1e-9);
	assert.equal(barPart(100 * MS, 100 * MS, 100 * MS), 1);
});

test("pointer: the nearest bar within reach; of several the longer", () => {
	const { stalls } = smallPage({ stalls: [{ atNs: 0, ns: MS }, { atNs: 10 * S, ns: MS }, { atNs: 10 * S, ns: 2 * MS }] });
	const bars = laneBars(stalls, WHOLE, 600, 2);

	assert.equal(barAt(bars, 4, 4).index, 0);
	assert.equal(barAt(bars, 101, 4).index, 2);
	assert.equal(barAt(bars, 50, 4), null);
});

const SECONDS = [
	{ atNs: 0, lengthNs: S, byCause: { cpu: 250 * MS, socket: 500 * MS }, lost: 0 },
	{ atNs: S, lengthNs: S, byCause: { cpu: S }, lost: 3 },
	{ atNs: 5 * S, lengthNs: 10 * S, byCause: {}, lost: 0 },
];

test("band: a column a second, its parts of that second, idle is nothing", () => {
	const band = laneBand(SECONDS, ["cpu", "socket"], WHOLE, 600, 3);

	assert.deepEqual(band.map(({ x, width, lost }) => [x, width, lost]), [[0, 10, 0], [10, 10, 3], [50, 100, 0]]);
	assert.deepEqual(band[0].parts, [{ cause: "cpu", part: 0.25 }, { cause: "socket", part: 0.5 }]);
	assert.deepEqual(band[2].parts, []);
});

test("band: seconds narrower than a column are summed, with what they lost", () => {
	const [column, other] = laneBand(SECONDS, ["cpu", "socket"], WHOLE, 60, 3);

	assert.deepEqual(column.parts, [{ cause: "cpu", part: 0.625 }, { cause: "socket", part: 0.25 }]);
	assert.equal(column.lost, 3);
	assert.equal(other.x, 5);
});

test("band: only what is in view", () => {
	assert.deepEqual(laneBand(SECONDS, ["cpu"], { fromNs: 1.5 * S, toNs: 3 * S }, 150, 3).map(({ x }) => x), [-50]);
});

test("a loop's causes, the largest first", () => {
	assert.deepEqual(causesOf({ seconds: SECONDS }), ["cpu", "socket"]);
});

test("ticks are round by the host's clock", () => {
	const page = smallPage(), { ticks, stepNs } = timeTicks(page, WHOLE, 6);

	assert.equal(stepNs, 10 * S);
	assert.equal(ticks[0], 8 * S); // 14:03:30
	assert.equal(ticks.length, 6);
});

test("ticks of a zone that is no whole hour, and of a day", () => {
	const page = { ...smallPage(), utcOffsetS: 20700, lengthNs: 86400 * S };
	const { ticks, stepNs } = timeTicks(page, { fromNs: 0, toNs: 86400 * S }, 8);

	assert.equal(stepNs, 10800 * S);
	const first = new Date(page.originMs + page.utcOffsetS * 1000 + ticks[0] / MS);

	assert.equal(first.toISOString().slice(11, 19), "18:00:00"); // from 17:48:22 on
});
