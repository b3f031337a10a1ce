// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import { clock, count, day, duration, grouped, percent, shorten, zone } from "../../user/output/html/words.js";

test("durations are those of the text format, and go over to the next unit when they are rounded to it", () => {
	const cases = [
		[0, "0 ms"], [999, "999 ns"], [1000, "1 µs"], [999499, "999 µs"], [999500, "1 ms"], [1.06e6, "1.1 ms"],
		[9.95e6, "10 ms"], [404e6, "404 ms"], [999.4e6, "999 ms"], [999.5e6, "1.0 s"], [59.94e9, "59.9 s"],
		[59.96e9, "1 min 0 s"], [3599.4e9, "59 min 59 s"], [3600e9, "1 h 0 min"], [90061e9, "25 h 1 min"],
	];

	for (const [ns, words] of cases)
		assert.equal(duration(ns), words, String(ns));
});

test("small shares keep a digit, and whole ones are whole", () => {
	assert.deepEqual([[0, 5], [1, 1e6], [1, 1000], [1, 8], [999, 1000], [9999, 10000], [8, 8], [1, 0]].map(([a, b]) => percent(a, b)),
		["0%", "<0.01%", "0.10%", "12.5%", "99.9%", "100%", "100%", "0%"]);
});

test("counts are in groups of three, and of one there is one", () => {
	assert.equal(count(1, "stall"), "1 stall");
	assert.equal(count(10000, "stall"), "10,000 stalls");
	assert.equal(count(0, "box", "boxes"), "0 boxes");
	assert.equal(grouped(1234567), "1,234,567");
	assert.equal(grouped(100), "100");
});

test("times are of the zone of the machine that was watched, not of the reader", () => {
	const page = { originMs: Date.UTC(2026, 10, 30, 23, 30, 0), utcOffsetS: 5400 };

	assert.equal(clock(page, 1.5e9), "01:00:01.500");
	assert.equal(clock(page, 1.005e9), "01:00:01.005");
	assert.equal(clock(page, 1.5e9, 1), "01:00:01.5");
	assert.equal(clock(page, 1.5e9, 0), "01:00:01");
	assert.equal(day(page, 0), "2026-12-01");
	assert.equal(zone(page), "+0130");
	assert.equal(zone({ utcOffsetS: -12600 }), "-0330");
	assert.equal(zone({ utcOffsetS: 0 }), "UTC");
});

test("a name without end is cut, and what is missing is counted", () => {
	assert.equal(shorten("x".repeat(10), 10), "x".repeat(10));
	assert.equal(shorten("x".repeat(1010), 10), `${"x".repeat(10)}… (1,000 more characters)`);
});
