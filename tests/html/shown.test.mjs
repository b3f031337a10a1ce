// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import {
	initialState, isWholeRange, makeShown, matches, placeOf, searchPattern, slicesIn, sliceNs, stallsIn,
} from "../../user/output/html/shown.js";
import { MS, S, SOCKET, frame, samplePage, slice, stall } from "./model.mjs";

const state = (page, part = {}) => ({ ...initialState(page), ...part });
const found = (page, part) => stallsIn(page, state(page, part)).map(({ stall: one, ns }) => [one.index, ns / MS]);

function total(page, part) {
	let sum = 0;

	slicesIn(page, state(page, part), (one, ns) => {
		sum += ns;
	});
	return Math.round(sum / MS);
}

test("all stalls are shown at first, each with all of its time", () => {
	assert.deepEqual(found(samplePage(), {}), [[0, 404], [1, 254], [2, 300], [3, 500], [4, 200], [5, 150], [6, 120]]);
});

test("of a stall that the range cuts, only the part within it counts", () => {
	assert.deepEqual(found(samplePage(), { fromNs: 1.3 * S, toNs: 3.1 * S }), [[0, 104], [1, 100], [3, 300]]);
});

test("what only touches the range is not in it", () => {
	assert.deepEqual(found(samplePage(), { fromNs: 5.3 * S, toNs: 6 * S }), []);
});

test("a higher threshold leaves the longer stalls", () => {
	assert.deepEqual(found(samplePage(), { thresholdNs: 300 * MS }), [[0, 404], [2, 300], [3, 500]]);
});

test("a stall without what is taken out is shorter, or none", () => {
	const page = samplePage();

	assert.deepEqual(found(page, { without: new Set(["cause:socket"]) }), [[2, 300], [3, 500], [4, 200], [5, 150], [6, 120]]);
	assert.deepEqual(found(page, { without: new Set(["cause:runqueue"]) }).slice(3, 5), [[3, 490], [4, 190]]);
	assert.deepEqual(found(page, { without: new Set(["target:127.0.0.1:5432"]) }).length, 5);
	assert.deepEqual(found(page, { without: new Set(["place:load_config (config.py:23)"]) }).map(([at]) => at), [0, 1, 3, 4, 5]);
});

test("a selected place leaves its stalls, and none of the time of small turns", () => {
	const page = samplePage();

	assert.deepEqual(found(page, { only: "place:walk (tree.py:5)" }), [[5, 150]]);
	assert.equal(total(page, { only: "place:walk (tree.py:5)" }), 150);
	assert.equal(total(page, {}), 1928 + 40);
});

test("small turns count in proportion to the ten seconds that they were in", () => {
	const page = samplePage();

	page.stalls = [];
	assert.equal(total(page, {}), 40);
	assert.equal(total(page, { fromNs: 5 * S }), 20);

	const longer = { ...page, lengthNs: 15 * S };

	longer.blocked = [...page.blocked, { loop: 0, atNs: 12 * S, slices: [slice({ ns: 8 * MS })] }];
	assert.equal(total(longer, { fromNs: 11 * S, toNs: 12 * S }), 4);
});

test("intervals lie where they were, and what has none is spread over the turn", () => {
	const one = slice({ ns: 60, intervals: [[0, 10], [90, 20]] });

	assert.equal(sliceNs({ fromNs: 0, toNs: 200 }, 0, 120, one), 60);
	assert.equal(sliceNs({ fromNs: 0, toNs: 60 }, 0, 120, one), 10 + 15);
	assert.equal(sliceNs({ fromNs: 100, toNs: 200 }, 0, 120, one), 10 + 5);
	assert.equal(sliceNs({ fromNs: 130, toNs: 200 }, 0, 120, one), 0);
});

test("a slice's place is own code before libraries, and managed code before native code", () => {
	const page = samplePage();

	assert.equal(placeOf(page, page.stalls[0].slices[0]), "fetch_rates (rates.py:88)");
	assert.equal(placeOf(page, slice({})), "(no stack)");

	const native = samplePage();

	native.frames.push(frame(["mine", "prog", 0, "native", "user"]));
	native.stacks.push([1, native.frames.length - 1]);
	assert.equal(placeOf(native, slice({ stack: native.stacks.length - 1 })), "mine (prog)");

	const told = { ...samplePage(), stackPlaces: [4, -1, -1, -1] };

	assert.equal(placeOf(told, slice({ stack: SOCKET })), "serve (main.py:12)");
	assert.equal(placeOf(told, slice({ stack: 1 })), "(no stack)");
});

test("a search finds what any part of a stall is called", () => {
	const page = samplePage();
	const hits = (text) => page.stalls.filter((one) => matches(page, { search: searchPattern(text) }, one)).map((one) => one.index);

	assert.deepEqual(hits("FETCH_RATES"), [0, 1]);
	assert.deepEqual(hits("^rates-2$"), [1]);
	assert.deepEqual(hits("pg_wal"), [0, 1]);
	assert.deepEqual(hits("libcrypto"), [0, 1, 3, 4]);
	assert.deepEqual(hits("/app/tree\\.py"), [5]);
	assert.deepEqual(hits("no such thing"), []);
	assert.deepEqual(hits("").length, page.stalls.length);
});

test("an expression that is none is no search", () => {
	assert.equal(searchPattern("("), null);
	assert.equal(searchPattern(""), null);
});

test("the store keeps the range within the page, and its other subscribers from one that fails", (t) => {
	const page = samplePage();
	const shown = makeShown(page);
	const told = [];

	t.mock.method(console, "error", () => {});
	shown.subscribe(() => {
		throw new Error("one view");
	});
	const end = shown.subscribe((now, before) => told.push([before.toNs, now.toNs]));

	shown.set({ fromNs: -5, toNs: 99 * S });
	assert.ok(isWholeRange(page, shown.get()));
	shown.set({ fromNs: 8 * S, toNs: 2 * S });
	assert.deepEqual([shown.get().fromNs, shown.get().toNs], [8 * S, 8 * S]);
	end();
	shown.set({ toNs: 9 * S });
	assert.deepEqual(told, [[10 * S, 10 * S], [10 * S, 8 * S]]);
});

test("a stall of no slices at all is one", () => {
	const page = samplePage();

	page.stalls = [stall({ ns: 200 * MS })];
	assert.deepEqual(found(page, { without: new Set(["cause:cpu"]) }), [[0, 200]]);
});
