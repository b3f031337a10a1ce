// SPDX-License-Identifier: GPL-2.0-or-later
/* together.js - which stalls of several loops were at the same time for the same reason. */

const LONGEST_GROUP = 1000;
const KINDS = ["culprit", "cgroup", "target"]; /* the most telling first */

/* What a stall may have in common with others: [kind, what]. */
function reasons(page, stall) {
	const loop = page.loops[stall.loop], found = [];
	if (stall.culprit)
		found.push(["culprit", stall.culprit]);
	if (stall.cause === "throttled") {
		const group = loop.container || loop.unit;
		if (group)
			found.push(["cgroup", group]);
	} else if (stall.target) {
		found.push(["target", stall.target]);
	}
	return found;
}

/**
 * Groups of stalls that overlap in time, are of at least two loops of one host, and have a culprit,
 * a target or a control group in common: [{kind, what, stalls}], in their order of time. A stall
 * is in one group only: that of the most telling reason.
 */
export function stallsTogether(page) {
	const byReason = new Map(KINDS.map((kind) => [kind, new Map()])), groups = [], taken = new Set();

	for (const stall of page.stalls) {
		const loop = page.loops[stall.loop];

		for (const [kind, what] of loop ? reasons(page, stall) : []) {
			/* names may be long: they are never joined to keys */
			const ofHost = inner(byReason.get(kind), page.recordings[loop.recording]?.host);

			if (!ofHost.has(what))
				ofHost.set(what, []);
			ofHost.get(what).push(stall);
		}
	}
	for (const kind of KINDS)
		for (const ofHost of byReason.get(kind).values())
			for (const [what, stalls] of ofHost)
				addClusters(groups, taken, kind, what, stalls.filter((stall) => !taken.has(stall.index)));
	return groups.sort((a, b) => a.stalls[0].atNs - b.stalls[0].atNs);
}

function inner(map, key) {
	if (!map.has(key))
		map.set(key, new Map());
	return map.get(key);
}

function addClusters(groups, taken, kind, what, stalls) {
	stalls.sort((a, b) => a.atNs - b.atNs);
	for (let from = 0; from < stalls.length;) {
		let to = from + 1, endNs = stalls[from].atNs + stalls[from].ns;
		while (to < stalls.length && stalls[to].atNs < endNs && to - from < LONGEST_GROUP) {
			endNs = Math.max(endNs, stalls[to].atNs + stalls[to].ns);
			to++;
		}
		const cluster = stalls.slice(from, to);
		if (new Set(cluster.map((stall) => stall.loop)).size > 1) {
			groups.push({ kind, what, stalls: cluster });
			for (const stall of cluster)
				taken.add(stall.index);
		}
		from = to;
	}
}

/** The group of each stall by its index; undefined where it has none. */
export function groupsByStall(groups) {
	const byStall = new Map();
	for (const group of groups)
		for (const stall of group.stalls)
			byStall.set(stall.index, group);
	return byStall;
}

export function reasonWords(group) {
	if (group.kind === "cgroup")
		return `quota of ${group.what}`;
	return group.kind === "culprit" ? `waited for ${group.what}` : group.what;
}
