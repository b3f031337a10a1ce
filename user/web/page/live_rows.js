// SPDX-License-Identifier: GPL-2.0-or-later
/* live_rows.js - the loops as they are now, a row each, the worst first: as `blockprof top` has them. */

/* Lost in stalls only: an own turn that computes is no loss. */
const IN_STALLS = new Set(["cpu", "runqueue", "throttled"]);

const keyOf = ({ pid, tid }) => `${pid}/${tid}`;

function overlap(fromNs, toNs, atNs, ns) {
	return Math.max(0, Math.min(atNs + ns, toNs) - Math.max(atNs, fromNs));
}

function add(causes, cause, ns) {
	causes.set(cause, (causes.get(cause) || 0) + ns);
}

/* What its steps say, as far as they lie in the window. */
function addSteps(row, page, loop) {
	for (const step of loop.seconds) {
		const share = overlap(0, page.lengthNs, step.atNs, step.lengthNs) / Math.max(1, step.lengthNs);

		row.turns += step.turns * share;
		if (share > 0)
			row.longestNs = Math.max(row.longestNs, step.longestNs);
		for (const [cause, ns] of Object.entries(step.byCause))
			if (!IN_STALLS.has(cause))
				add(row.causes, cause, ns * share);
	}
}

function addStall(row, page, stall) {
	const ns = overlap(0, page.lengthNs, stall.atNs, stall.ns);

	row.stalledNs += ns;
	row.lasts ||= stall.ongoing;
	row.longestNs = Math.max(row.longestNs, stall.ns);
	for (const slice of stall.slices)
		if (IN_STALLS.has(slice.cause) && stall.ns)
			add(row.causes, slice.cause, (slice.ns * ns) / stall.ns);
}

/**
 * Of all loops that are there (the record of /loops), and what the last moments (a page of
 * /last, as unpack() gives it) say of them. causes: [cause, ns], the largest first.
 */
export function liveRows(summary, page) {
	const rows = new Map();

	for (const loop of summary.loops)
		rows.set(keyOf(loop), {
			name: `${loop.comm}[${loop.pid === loop.tid ? loop.pid : keyOf(loop)}] ${loop.runtime || ""}`.trim(),
			spanNs: Math.max(1, page.lengthNs), stalledNs: 0, turns: 0, longestNs: 0, lasts: false, causes: new Map(),
			stalls: loop.stalls,
		});
	for (const loop of page.loops) {
		const row = rows.get(keyOf(loop));

		if (row)
			addSteps(row, page, loop);
	}
	for (const stall of page.stalls) {
		const row = rows.get(keyOf(page.loops[stall.loop]));

		if (row)
			addStall(row, page, stall);
	}
	return [...rows.values()].map((row) => ({
		...row,
		causes: [...row.causes].filter(([, ns]) => ns > 0).sort((a, b) => b[1] - a[1]),
	})).sort(byWorst);
}

function byWorst(a, b) {
	const lost = (row) => row.causes.reduce((sum, [, ns]) => sum + ns, 0) / row.spanNs;

	return b.stalledNs / b.spanNs - a.stalledNs / a.spanNs || lost(b) - lost(a) || b.longestNs - a.longestNs ||
		(a.name < b.name ? -1 : 1);
}
