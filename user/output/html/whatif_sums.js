// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif_sums.js - what is left of stalls without the time of some places, causes or targets:
 * as `report --without` has it.
 */
import { causeKey, isWithout, overlap, placeKey, placeOf, remainingNs, targetKey } from "./shown.js";
import { BUCKETS, bucketOf, bucketUpperNs, percentileNs, turnsIn } from "./turn_sums.js";

/**
 * Of all stalls in the range: today's figures, and those without. p50 and p99 are of all turns,
 * of those that are no stalls by their buckets; whole lengths of turns, as they end or begin in it.
 */
export function whatIf(page, state) {
	const turns = turnsIn(page, state.fromNs, state.toNs), moved = turns.counts.slice();
	const today = { stalls: 0, ns: 0, longestNs: 0 };
	const then = { stalls: 0, ns: 0, longestNs: shorterNs(turns, state.thresholdNs) };
	let knownNs = 0;

	for (const stall of page.stalls) {
		if (overlap(state, stall.atNs, stall.ns) <= 0)
			continue;
		const leftNs = remainingNs(page, state, stall);

		if (stall.ns >= state.thresholdNs)
			addStall(today, stall.ns);
		if (leftNs >= state.thresholdNs)
			addStall(then, leftNs);
		then.longestNs = Math.max(then.longestNs, leftNs);
		knownNs = Math.max(knownNs, stall.ns);
		moved[bucketOf(stall.ns)]--;
		moved[bucketOf(leftNs)]++;
	}
	today.longestNs = Math.max(today.longestNs, turns.longestNs);
	// of a stall that the page leaves out nothing can be taken
	if (!state.without.size || turns.longestNs > knownNs)
		then.longestNs = today.longestNs;
	for (let i = 0; i < BUCKETS; i++)
		moved[i] = Math.max(0, moved[i]);
	for (const percent of [50, 99]) {
		const before = percentileNs(turns.counts, turns.longestNs, percent);
		const after = percentileNs(moved, turns.longestNs, percent);
		const known = knownPercentile(page, turns, percent) || before;

		today[`p${percent}`] = known;
		// within one bucket it cannot be said
		then[`p${percent}`] = Math.min(bucketOf(after) < bucketOf(before) ? Math.min(after, known) : known, then.longestNs || known);
	}
	return { today, then, turns };
}

/* Of one loop in the whole time its summary is nearer than buckets are; 0: there is none. */
function knownPercentile(page, turns, percent) {
	const loops = page.loops.filter((loop) => loop.turns > 0);

	return turns.isAll && loops.length === 1 ? loops[0][`p${percent}Ns`] : 0;
}

function addStall(sum, ns) {
	sum.stalls++;
	sum.ns += ns;
	sum.longestNs = Math.max(sum.longestNs, ns);
}

/* The longest turn that is no stall is at least so long. */
function shorterNs(turns, thresholdNs) {
	for (let i = BUCKETS - 2; i > 0; i--)
		if (turns.counts[i] && bucketUpperNs(i) <= thresholdNs)
			return bucketUpperNs(i - 1);
	return 0;
}

/**
 * What can be ticked off, with its time in the stalls of the range, most first:
 * {places, causes, targets: [{key, name, ns, stalls}]}.
 */
export function whatCanGo(page, state) {
	const places = new Map(), causes = new Map(), targets = new Map();

	for (const stall of page.stalls) {
		if (overlap(state, stall.atNs, stall.ns) <= 0 || stall.ns < state.thresholdNs)
			continue;
		const seen = new Set();

		for (const slice of stall.slices) {
			add(causes, causeKey(slice.cause), slice.cause, slice.ns, seen);
			add(targets, targetKey(slice.target), slice.target, slice.ns, seen);
			if (slice.stack >= 0) {
				const place = placeOf(page, slice);

				add(places, placeKey(place), place, slice.ns, seen);
			}
		}
	}
	return { places: mostFirst(places), causes: mostFirst(causes), targets: mostFirst(targets) };
}

function mostFirst(sums) {
	return [...sums.values()].sort((a, b) => b.ns - a.ns || (a.name < b.name ? -1 : 1));
}

function add(sums, key, name, ns, seen) {
	let sum = sums.get(key);

	if (!name)
		return;
	if (!sum)
		sums.set(key, (sum = { key, name, ns: 0, stalls: 0 }));
	sum.ns += ns;
	if (!seen.has(key)) {
		seen.add(key);
		sum.stalls++;
	}
}

/** The time of turns below the threshold that is of what is taken out, and their time in all. */
export function shorterTurns(page, state) {
	let ns = 0, withoutNs = 0;

	for (const blocked of page.blocked) {
		if (blocked.atNs < state.fromNs || blocked.atNs > state.toNs)
			continue;
		for (const slice of blocked.slices) {
			ns += slice.ns;
			if (isWithout(page, state, slice))
				withoutNs += slice.ns;
		}
	}
	return { ns, withoutNs };
}
