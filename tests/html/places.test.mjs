// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import { gaps, sums, watchedNs } from "../../user/output/html/head.js";
import { placeRows, sortRows } from "../../user/output/html/places.js";
import { narrowed } from "../../user/output/html/filters.js";
import { initialState, searchPattern } from "../../user/output/html/shown.js";
import { MS, S, samplePage } from "./model.mjs";

const rows = (part = {}) => {
	const page = samplePage();

	return placeRows(page, { ...initialState(page), ...part });
};

test("places are sorted by time, a stall in one row, with all of its time", () => {
	assert.deepEqual(rows().map((row) => [row.place, row.cause, row.ns / MS, row.stalls, row.doubtful, row.longest.index]), [
		["check_password (login.py:36)", "cpu", 700, 2, 0, 3],
		["fetch_rates (rates.py:88)", "socket", 658, 2, 0, 0],
		["load_config (config.py:23)", "sleep", 420, 2, 1, 2],
		["walk (tree.py:5)", "cpu", 150, 1, 0, 5],
	]);
});

test("tasks and targets of a place are added up, largest first", () => {
	const [, rates] = rows();

	assert.deepEqual(rates.tasks.map(({ name, ns, stalls }) => [name, ns / MS, stalls]), [["rates", 404, 1], ["rates-2", 254, 1]]);
	assert.deepEqual(rates.targets.map(({ name, ns, stalls }) => [name, ns / MS, stalls]), [["recvfrom 127.0.0.1:5432", 658, 2]]);
	assert.deepEqual(rates.culprits.map(({ name, stalls }) => [name, stalls]), [["postgres[812]", 2]]);
	assert.match(rates.advice, /asyncpg/);
});

test("processes that only their number tells apart are one, and who was waited for is not said twice", () => {
	const page = samplePage();

	Object.assign(page.stalls[0], { target: "sleep[12]", culprit: "sleep[12]" });
	Object.assign(page.stalls[1], { target: "sleep[13]", culprit: "sh[7/8] in main (a.c:1)" });

	const [, rates] = placeRows(page, initialState(page));

	assert.deepEqual(rates.targets.map(({ name, ns, stalls }) => [name, ns / MS, stalls]), [["sleep[…]", 658, 2]]);
	assert.deepEqual(rates.culprits.map(({ name }) => name), ["sh[7/8] in main (a.c:1)"]);
});

test("one place that blocks for two reasons is two rows", () => {
	const page = samplePage();

	page.stalls[1].cause = "dns";
	assert.deepEqual(placeRows(page, initialState(page)).map((row) => row.cause), ["cpu", "sleep", "socket", "dns", "cpu"]);
});

test("the rows follow range, search and what-if", () => {
	assert.deepEqual(rows({ fromNs: 5 * S }).map((row) => row.ns / MS), [420, 200, 150]);
	assert.deepEqual(rows({ search: searchPattern("config") }).map((row) => row.ns / MS), [420]);
	assert.deepEqual(rows({ without: new Set(["cause:cpu"]) }).map((row) => row.ns / MS), [650, 420]);
});

test("numbers are sorted with the largest first, names with the first, and both the other way", () => {
	const of = (id, backwards) => sortRows(rows(), id, backwards).map((row) => row.place[0]).join("");

	assert.equal(of("longest", false), "cflw");
	assert.equal(of("ns", true), "wlfc");
	assert.equal(of("place", false), "cflw");
	assert.equal(of("place", true), "wlfc");
	assert.equal(of("stalls", false), "cflw");
	assert.equal(of("cause", false), "cwlf");
});

test("the head adds up what is in the range", () => {
	const page = samplePage();
	const all = initialState(page);

	assert.deepEqual(sums(page, all), { stalls: 7, doubtful: 1, lostNs: 1928 * MS, longestNs: 500 * MS, loops: 2 });
	assert.equal(watchedNs(page, all), 20 * S);
	Object.assign(page.recordings[0], { stallsLeftOut: 3, stallsLeftOutNs: 72 * MS });
	assert.deepEqual([sums(page, all).stalls, sums(page, all).lostNs], [10, 2000 * MS]);
	assert.equal(sums(page, { ...all, only: "place:walk (tree.py:5)" }).stalls, 1);
	assert.equal(watchedNs(page, { ...all, fromNs: 9 * S }), 2 * S);
	/* one that came late, and one of a recording that says nothing by the second */
	Object.assign(page.loops[0], { wallNs: 2 * S, seconds: page.loops[0].seconds.slice(8) });
	page.loops[1].seconds = [];
	assert.equal(watchedNs(page, all), 12 * S);
	assert.equal(watchedNs(page, { ...all, toNs: 8 * S }), 8 * S);
});

test("what was not seen is said", () => {
	assert.deepEqual(gaps({
		lost: [["ring buffer full", 3]], blind: [["no names", 1]], discarded: [["a nested loop", 2, 140 * MS]],
		notes: ["a note"], stallsLeftOut: 1200, stallsLeftOutNs: 3 * S,
	}), [
		"3 records lost: ring buffer full", "1 blind spot: no names", "2 turns discarded: a nested loop, the longest 140 ms",
		"1,200 shorter stalls left out of this page, 3.0 s in all", "a note",
	]);
});

test("each part that leaves something out can be taken back", () => {
	const page = samplePage();
	const start = initialState(page);

	assert.deepEqual(narrowed(page, start), []);

	const parts = narrowed(page, {
		...start, fromNs: S, toNs: 2 * S, only: "place:walk", thresholdNs: 200 * MS, without: new Set(["cause:cpu", "target:a:b"]),
	});

	assert.deepEqual(parts.map(([words]) => words),
		["14:03:21.0 – 14:03:22.0 (1.0 s)", "walk", "over 200 ms", "without cpu", "without a:b"]);
	assert.deepEqual([...parts[3][1].without], ["target:a:b"]);
	assert.deepEqual(parts[2][1], { thresholdNs: 100 * MS });
});
