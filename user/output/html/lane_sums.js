// SPDX-License-Identifier: GPL-2.0-or-later
/* lane_sums.js - what is where in the lanes of loops over time: pure sums, nothing of a screen. */

/**
 * Loops that had stalls, those that lost most first, each with its stalls in their order of
 * time; and those that had none.
 */
export function laneOrder(page) {
	const lanes = page.loops.map((loop) => ({ loop, stalls: [], lostNs: 0 }));
	for (const stall of page.stalls) {
		const lane = lanes[stall.loop];
		if (!lane)
			continue;
		lane.stalls.push(stall);
		lane.lostNs += stall.ns;
	}
	for (const lane of lanes)
		lane.stalls.sort((a, b) => a.atNs - b.atNs || a.index - b.index);
	return {
		lanes: lanes.filter((lane) => lane.stalls.length)
			.sort((a, b) => b.lostNs - a.lostNs || a.loop.index - b.loop.index),
		quiet: lanes.filter((lane) => !lane.stalls.length).map((lane) => lane.loop),
	};
}

/** From what to what the recordings were, and a little more than nothing. */
export function wholeView(page) {
	return { fromNs: 0, toNs: Math.max(page.lengthNs, 1e6) };
}

/** The view so many times as long, with the moment at atNs where it was; within the whole. */
export function zoomedView(view, whole, factor, atNs) {
	const wholeNs = whole.toNs - whole.fromNs, wasNs = view.toNs - view.fromNs;
	const ns = Math.min(Math.max(wasNs * factor, Math.min(1e6, wholeNs)), wholeNs);
	const fromNs = atNs - (atNs - view.fromNs) / wasNs * ns;
	return withinWhole({ fromNs, toNs: fromNs + ns }, whole);
}

export function movedView(view, whole, byNs) {
	return withinWhole({ fromNs: view.fromNs + byNs, toNs: view.toNs + byNs }, whole);
}

function withinWhole(view, whole) {
	const ns = view.toNs - view.fromNs;
	const fromNs = Math.max(whole.fromNs, Math.min(view.fromNs, whole.toNs - ns));
	return { fromNs, toNs: fromNs + ns };
}

/** A view in which [fromNs, toNs] is to be seen: the same if it is already. */
export function viewWith(view, whole, fromNs, toNs) {
	const ns = view.toNs - view.fromNs;
	if (fromNs >= view.fromNs && toNs <= view.toNs)
		return view;
	if (toNs - fromNs > ns)
		return withinWhole({ fromNs: fromNs - (toNs - fromNs) / 8, toNs: toNs + (toNs - fromNs) / 8 }, whole);
	return withinWhole({ fromNs: (fromNs + toNs - ns) / 2, toNs: (fromNs + toNs + ns) / 2 }, whole);
}

const LOWEST = 0.34;

/**
 * How high a stall's bar is, as a part of the lane: by the logarithm of its length, from that
 * of the shortest (a third) to that of the longest.
 */
export function barPart(ns, shortestNs, longestNs) {
	if (!(longestNs > shortestNs))
		return 1;
	const part = Math.log(ns / shortestNs) / Math.log(longestNs / shortestNs);
	return LOWEST + (1 - LOWEST) * Math.min(1, Math.max(0, part));
}

/**
 * Where the stalls of a lane are drawn in a width of so many pixels: those in the view only,
 * none narrower than least.
 */
export function laneBars(stalls, view, width, least) {
	const perNs = width / (view.toNs - view.fromNs), bars = [];
	for (const stall of stalls) {
		if (stall.atNs > view.toNs)
			break;
		if (stall.atNs + stall.ns < view.fromNs)
			continue;
		const from = Math.max((stall.atNs - view.fromNs) * perNs, -least);
		const to = Math.min((stall.atNs + stall.ns - view.fromNs) * perNs, width + least);
		bars.push({ stall, x: from, width: Math.max(least, to - from) });
	}
	return bars;
}

/** The stall at a pixel: of several the one whose bar is nearest, the longer of those as near. */
export function barAt(bars, x, slack) {
	let best = null, bestAway = slack;
	for (const bar of bars) {
		const away = Math.max(0, bar.x - x, x - bar.x - bar.width);
		if (away < bestAway || (away <= bestAway && (!best || bar.stall.ns > best.stall.ns))) {
			best = bar;
			bestAway = away;
		}
	}
	return best ? best.stall : null;
}

/**
 * Where a loop's time went, in columns of least pixels or of a second, whatever is wider:
 * parts are {cause, part of the column}, the largest cause of all first so that it is always lowest.
 */
export function laneBand(seconds, causes, view, width, least) {
	const perNs = width / (view.toNs - view.fromNs), columns = [];
	let column = null;
	for (let i = firstSecond(seconds, view.fromNs); i < seconds.length; i++) {
		const second = seconds[i];
		if (second.atNs > view.toNs)
			break;
		const x = (second.atNs - view.fromNs) * perNs, endX = x + second.lengthNs * perNs;
		if (!column || x >= column.x + least) {
			column = { x, endX, ns: 0, lost: 0, sums: new Map() };
			columns.push(column);
		}
		column.endX = Math.max(column.endX, endX);
		column.ns += second.lengthNs;
		column.lost += second.lost || 0;
		for (const cause in second.byCause)
			column.sums.set(cause, (column.sums.get(cause) || 0) + second.byCause[cause]);
	}
	return columns.map((one) => ({
		x: one.x,
		width: Math.max(1, one.endX - one.x),
		lost: one.lost,
		parts: causes.filter((cause) => one.sums.get(cause) > 0)
			.map((cause) => ({ cause, part: Math.min(1, one.sums.get(cause) / one.ns) })),
	}));
}

function firstSecond(seconds, fromNs) {
	let low = 0, high = seconds.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (seconds[middle].atNs + seconds[middle].lengthNs <= fromNs)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/** A loop's causes, those that took most time first. */
export function causesOf(loop) {
	const sums = new Map();
	for (const second of loop.seconds)
		for (const cause in second.byCause)
			sums.set(cause, (sums.get(cause) || 0) + second.byCause[cause]);
	return [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
}

const TICKS_NS = [
	1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7, 1e8, 2e8, 5e8,
	1e9, 2e9, 5e9, 10e9, 15e9, 30e9, 60e9, 120e9, 300e9, 600e9, 900e9, 1800e9, 3600e9,
	7200e9, 10800e9, 21600e9, 43200e9, 86400e9, 172800e9, 604800e9,
];

/** Round moments of the host's clock in a view, at most so many: {atNs} and how far apart. */
export function timeTicks(page, view, most) {
	const spanNs = view.toNs - view.fromNs;
	const stepNs = TICKS_NS.find((ns) => spanNs / ns <= most) || spanNs;
	// the clock's zero: nanoseconds of a day are exact enough in a double
	const zeroNs = ((page.originMs + page.utcOffsetS * 1000) % 604800e3) * 1e6;
	const ticks = [];
	for (let n = Math.ceil((view.fromNs + zeroNs) / stepNs); ; n++) {
		const atNs = n * stepNs - zeroNs;
		if (atNs > view.toNs || ticks.length > 2 * most)
			break;
		if (atNs >= view.fromNs)
			ticks.push(atNs);
	}
	return { stepNs, ticks };
}
