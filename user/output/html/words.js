// SPDX-License-Identifier: GPL-2.0-or-later
/* words.js - how times, shares and counts are worded: the same as in the text format. */

const US = 1e3;
const MS = 1e6;
const SECOND = 1e9;

/** "404 ms": a time that would be rounded to the next unit is shown in that. */
export function duration(ns) {
	const tenths = Math.round(ns / (MS / 10));
	const seconds = Math.round(ns / SECOND);

	if (!(ns > 0))
		return "0 ms";
	if (ns < US)
		return `${Math.round(ns)} ns`;
	if (Math.round(ns / US) < 1000)
		return `${Math.round(ns / US)} µs`;
	if (tenths < 100 && tenths % 10)
		return `${(tenths / 10).toFixed(1)} ms`;
	if (Math.round(ns / MS) < 1000)
		return `${Math.round(ns / MS)} ms`;
	if (Math.round(ns / (SECOND / 10)) < 600)
		return `${(ns / SECOND).toFixed(1)} s`;
	if (seconds < 3600)
		return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
	return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** "12.3%", "0.04%": small shares keep a digit that says something. */
export function percent(part, whole) {
	const share = whole > 0 ? (100 * part) / whole : 0;

	if (share === 0)
		return "0%";
	if (share < 0.01)
		return "<0.01%";
	if (share < 1)
		return `${share.toFixed(2)}%`;
	if (share < 99.95)
		return `${share.toFixed(1)}%`;
	return share <= 100.05 ? "100%" : `${Math.round(share)}%`;
}

/** "1 stall", "10,000 stalls" */
export function count(number, one, many = `${one}s`) {
	return `${grouped(number)} ${number === 1 ? one : many}`;
}

/** "10,000", whatever the reader's locale. */
export function grouped(number) {
	return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ",");
}

function two(number) {
	return String(number).padStart(2, "0");
}

/* A date whose UTC fields are those of a clock on the wall of the machine that was watched. */
function wall(page, ns) {
	return new Date(page.originMs + ns / MS + (page.utcOffsetS || 0) * 1000);
}

/** "14:03:22.118" of the machine's zone. digits: of the second's fraction. */
export function clock(page, ns, digits = 3) {
	const date = wall(page, ns);
	const fraction = String(date.getUTCMilliseconds()).padStart(3, "0").slice(0, digits);

	return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}` +
		(digits ? `.${fraction}` : "");
}

/** "2026-11-30" of the machine's zone. */
export function day(page, ns) {
	const date = wall(page, ns);

	return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** "+0200", "UTC" */
export function zone(page) {
	const minutes = Math.abs(Math.trunc((page.utcOffsetS || 0) / 60));

	if (!minutes)
		return "UTC";
	return (page.utcOffsetS < 0 ? "-" : "+") + two(Math.floor(minutes / 60)) + two(minutes % 60);
}

/** As much of a long name as is worth showing; the rest is counted. */
export function shorten(text, longest = 300) {
	if (text.length <= longest)
		return text;
	return `${text.slice(0, longest)}… (${grouped(text.length - longest)} more characters)`;
}
