// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import { groupsByStall, reasonWords, stallsTogether } from "../../user/output/html/together.js";
import { MS, S } from "./model.mjs";
import { smallPage } from "./small_page.mjs";

const found = (page) => stallsTogether(page).map(({ kind, what, stalls }) => [kind, what, stalls.map((stall) => stall.index)]);

test("one culprit of two loops at the same time", () => {
	const page = smallPage({ loops: [{}, {}], stalls: [
		{ culprit: "pg[1]", atNs: 0 }, { loop: 1, culprit: "pg[1]", atNs: 100 * MS }, { loop: 1, culprit: "pg[1]", atNs: 10 * S } ] });

	assert.deepEqual(found(page), [["culprit", "pg[1]", [0, 1]]]);
	assert.equal(reasonWords(stallsTogether(page)[0]), "waited for pg[1]");
});

test("one after the other is not together, nor are two of one loop", () => {
	assert.deepEqual(found(smallPage({ loops: [{}, {}], stalls: [{ culprit: "x", atNs: 0 }, { loop: 1, culprit: "x", atNs: 200 * MS }] })), []);
	assert.deepEqual(found(smallPage({ stalls: [{ culprit: "x", atNs: 0 }, { culprit: "x", atNs: 100 * MS }] })), []);
});

test("the same target; a stall is in one group only, that of the culprit", () => {
	const page = smallPage({ loops: [{}, {}, {}], stalls: [{ target: "/db", culprit: "x" }, { loop: 1, target: "/db", culprit: "x" }, { loop: 2, target: "/db" }] });

	assert.deepEqual(found(page), [["culprit", "x", [0, 1]]]);
	for (const stall of page.stalls)
		stall.culprit = "";
	assert.deepEqual(found(page), [["target", "/db", [0, 1, 2]]]);
});

test("the same quota, by the container before the unit", () => {
	const loops = [{ unit: "u", container: "c" }, { unit: "u", container: "c" }, { unit: "u" }];
	const page = smallPage({ loops, stalls: [0, 1, 2].map((loop) => ({ loop, cause: "throttled" })) });

	assert.deepEqual(found(page), [["cgroup", "c", [0, 1]]]);
});

test("names of two hosts are not the same", () => {
	const page = smallPage({ recordings: [{}, {}], loops: [{}, { recording: 1 }], stalls: [{ culprit: "x" }, { loop: 1, culprit: "x" }] });

	assert.deepEqual(found(page), []);
	page.recordings[1].host = "h0";
	assert.equal(found(page).length, 1);
});

test("a group has all that hang together, and each knows its group", () => {
	const page = smallPage({ loops: [{}, {}, {}], stalls: [0, 1, 2].map((loop) => ({ loop, culprit: "x", atNs: loop * 150 * MS })) });
	const groups = stallsTogether(page);

	assert.deepEqual(groups[0].stalls.map((stall) => stall.index), [0, 1, 2]);
	assert.equal(groupsByStall(groups).get(2), groups[0]);
	assert.equal(groupsByStall(groups).get(9), undefined);
});
