// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { changeRows, countsOf, sides } from "../../user/output/html/changes.js";
import { searchPattern } from "../../user/output/html/shown.js";
import { MS, S, samplePage } from "./model.mjs";

const place = (name, kind, beforeNsPerHour, afterNsPerHour) =>
	({ name, kind, cause: "dns", chance: false, beforeNsPerHour, afterNsPerHour, beforeStalls: 1, afterStalls: 1 });

test("what got worse comes before what got better, and the larger change first", () => {
	const places = [
		place("same", "same", 5, 5), place("better", "better", 9, 1), place("short", "too_short", 9, 1), place("gone", "gone", 3, 0),
		place("worse", "worse", 1, 2), place("much worse", "worse", 1, 20), place("new", "new", 0, 1),
	];

	assert.deepEqual(changeRows(places, null).map(({ name }) => name),
		["new", "much worse", "worse", "gone", "better", "same", "short"]);
	assert.deepEqual(changeRows(places, searchPattern("^worse|gone")).map(({ name }) => name), ["worse", "gone"]);
	assert.equal(places[0].name, "same");
	assert.equal(countsOf(places), "1 new, 2 worse, 1 gone, 1 better, 1 as it was, 1 in both");
	assert.equal(countsOf([]), "");
});

test("whatever the program calls a change has its words", () => {
	const source = readFileSync(new URL("../../user/model/diff.c", import.meta.url), "utf8");
	const known = [...source.matchAll(/\[DIFF_[A-Z_]+\] = "(\w+)"/g)].map((match) => match[1]);

	assert.ok(known.length > 4);
	for (const kind of known)
		assert.match(countsOf([place("one", kind, 1, 1)]), /^1 /, kind);
});

test("recordings of different lengths are compared by the hour of a loop", () => {
	const before = samplePage(), after = samplePage();

	after.lengthNs = 20 * S;
	after.recordings[0].endNs = 20 * S;
	after.stalls = after.stalls.slice(3, 4);
	after.loops.forEach((loop) => Object.assign(loop, { wallNs: 20 * S, seconds: [] }));
	assert.deepEqual(sides(before, after), [
		["Loops watched, together", "20.0 s", "40.0 s"],
		["Lost in an hour of a loop", "5 min 47 s", "45.0 s"],
		["Part of their time", "9.6%", "1.3%"],
		["Stalls in an hour of a loop", "1,260", "90.0"],
		["Longest stall", "500 ms", "500 ms"],
	]);
	assert.equal(after.stalls[0].ns, 500 * MS);
});
