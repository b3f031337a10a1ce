// SPDX-License-Identifier: GPL-2.0-or-later
/* turn_sums.js - how long turns were: as known from stalls to the nanosecond, from buckets below. */

export const BUCKETS = 16; // 2^17 ns, then twice as long each; the last has no end

export function bucketUpperNs(bucket) {
	return bucket + 1 < BUCKETS ? 2 ** (17 + bucket) : Infinity;
}

export function bucketLowerNs(bucket) {
	return bucket ? 2 ** (16 + bucket) : 0;
}

export function bucketOf(ns) {
	let bucket = 0;
	while (bucket + 1 < BUCKETS && ns >= bucketUpperNs(bucket))
		bucket++;
	return bucket;
}

function addHistogram(counts, histogram) {
	for (const [upperNs, count] of histogram || [])
		// in the bucket that ends there
		counts[upperNs > bucketUpperNs(BUCKETS - 2) ? BUCKETS - 1 : bucketOf(upperNs - 1)] += count;
}

/**
 * The turns in a range: how many in each bucket, the longest, and whether they are of the whole
 * time all the same, as no second says how long its turns were. A recording may have stalls and
 * no seconds, or not all.
 */
export function turnsIn(page, fromNs, toNs) {
	const counts = new Array(BUCKETS).fill(0), all = fromNs <= 0 && toNs >= page.lengthNs;
	let longestNs = 0, isWhole = all;
	for (const loop of page.loops) {
		if (!all && loop.seconds.some((second) => second.histogram)) {
			for (const second of loop.seconds) {
				if (second.atNs >= toNs || second.atNs + second.lengthNs <= fromNs)
					continue;
				addHistogram(counts, second.histogram);
				longestNs = Math.max(longestNs, second.longestNs || 0);
			}
		} else {
			isWhole ||= loop.turns > 0;
			addHistogram(counts, loop.histogram);
			longestNs = Math.max(longestNs, loop.longestNs);
		}
	}
	const known = new Array(BUCKETS).fill(0);

	for (const stall of page.stalls) {
		if (stall.atNs >= toNs || stall.atNs + stall.ns <= fromNs)
			continue;
		known[bucketOf(stall.ns)]++;
		longestNs = Math.max(longestNs, stall.ns);
	}
	return { counts: counts.map((number, i) => Math.max(number, known[i])), longestNs, isWhole, isAll: all };
}

/**
 * How many of the turns are longer than this, and their time, taken to be spread evenly in their
 * buckets, whose longest may be the end.
 */
export function turnsOver(turns, thresholdNs) {
	let count = 0, ns = 0;
	for (let i = bucketOf(thresholdNs); i < BUCKETS; i++) {
		const lowerNs = bucketLowerNs(i);
		const upperNs = Math.max(lowerNs, Math.min(bucketUpperNs(i), turns.longestNs));
		const fromNs = Math.max(lowerNs, thresholdNs);
		if (!turns.counts[i] || fromNs > upperNs)
			continue;
		const part = upperNs > lowerNs ? (upperNs - fromNs) / (upperNs - lowerNs) : 1;
		count += turns.counts[i] * part;
		ns += turns.counts[i] * part * (fromNs + upperNs) / 2;
	}
	return { count: Math.round(count), ns };
}

/**
 * Stalls at another threshold: exact where all of those turns are stalls of the page, about where
 * only their buckets are known.
 */
export function stallsAt(page, inRange, turns, thresholdNs) {
	const recordedNs = Math.max(0, ...page.recordings.map((recording) => recording.thresholdNs));
	const leftOut = page.recordings.some((recording) => recording.stallsLeftOut > 0);
	if (thresholdNs >= recordedNs && !leftOut) {
		let count = 0, ns = 0;
		for (const one of inRange) {
			if (one.stall.ns >= thresholdNs) {
				count++;
				ns += one.ns;
			}
		}
		return { count, ns, about: false };
	}
	const over = turnsOver(turns, thresholdNs), known = inRange.filter((one) => one.stall.ns >= thresholdNs);
	return {
		count: Math.max(over.count, known.length),
		ns: Math.max(over.ns, known.reduce((sum, one) => sum + one.ns, 0)),
		about: true,
	};
}

/** So many percent of the turns were no longer than about this; 0: there were none. */
export function percentileNs(counts, longestNs, percent) {
	const rank = counts.reduce((sum, count) => sum + count, 0) * percent / 100;
	let upto = 0;
	for (let i = 0; i < BUCKETS; i++) {
		const lowerNs = bucketLowerNs(i), within = counts[i];
		const upperNs = Math.max(lowerNs, Math.min(bucketUpperNs(i), longestNs));
		if (within && upto + within >= rank)
			return lowerNs + (upperNs - lowerNs) * (rank - upto) / within;
		upto += within;
	}
	return 0;
}

/* Where the scale begins: in the middle of the first bucket, of which no more is known. */
export const LEAST_NS = bucketUpperNs(0) / 2;

/** A threshold on a scale of so many steps, by its logarithm: from the shortest to the longest turn. */
export function thresholdAt(step, steps, longestNs) {
	const ns = LEAST_NS * Math.exp(step / steps * scaleOf(longestNs));
	const digit = 10 ** (Math.floor(Math.log10(ns)) - 1);

	return Math.round(ns / digit) * digit; // two digits are what one can read
}

export function stepOf(ns, steps, longestNs) {
	return Math.min(1, Math.max(0, Math.log(ns / LEAST_NS) / scaleOf(longestNs))) * steps;
}

function scaleOf(longestNs) {
	return Math.log(Math.max(longestNs, 100 * LEAST_NS) * 1.1 / LEAST_NS);
}
