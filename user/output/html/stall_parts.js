// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stall_parts.js - a stall taken apart: its ledger, its intervals in order, its stack folded, its
 * neighbours, its name in a link.
 */

const LEDGER = [["blocked", "blocked"], ["cpu", "cpu"], ["runqueue", "run queue"], ["throttled", "throttled"], ["unknown", "unknown"]];

/** The stall's time by cause, then what of its ledger no slice has: [{cause, ns}], most first. */
export function stallLedger(stall) {
	const sums = new Map();
	let left = stall.ns;
	for (const slice of stall.slices) {
		const ns = Math.min(slice.ns, left);
		left -= ns;
		sums.set(slice.cause, (sums.get(slice.cause) || 0) + ns);
	}
	const parts = [...sums].map(([cause, ns]) => ({ cause, ns })).filter((part) => part.ns > 0);
	parts.sort((a, b) => b.ns - a.ns);
	if (left > 0)
		parts.push({ cause: "", ns: left });
	return parts;
}

/** The words of the ledger's own parts, those above 0. */
export function ledgerParts(stall) {
	return LEDGER.filter(([key]) => stall.ledger[key] > 0)
		.map(([key, words]) => ({ words, ns: stall.ledger[key] }))
		.sort((a, b) => b.ns - a.ns);
}

/**
 * What was when: a row a slice that has intervals, in the order of their first; and the time of
 * the others, of which the order is not known.
 */
export function stallRows(stall, most) {
	const rows = [];
	let restNs = 0, restSlices = 0;
	stall.slices.forEach((slice, number) => {
		if (slice.intervals && slice.intervals.length)
			rows.push({ slice, number, fromNs: Math.min(...slice.intervals.map(([atNs]) => atNs)) });
		else {
			restNs += slice.ns;
			restSlices++;
		}
	});
	// the largest are kept, and shown in the order of time
	const kept = rows.slice().sort((a, b) => b.slice.ns - a.slice.ns).slice(0, most);
	for (const row of rows)
		if (!kept.includes(row)) {
			restNs += row.slice.ns;
			restSlices++;
		}
	kept.sort((a, b) => a.fromNs - b.fromNs || a.number - b.number);
	return { rows: kept, restNs, restSlices };
}

/**
 * Frames outermost first. If so wished those of libraries in a row are one {folded: [frame], words},
 * but the innermost, which is what blocked, whosever it is; and so are those of the kernel.
 */
export function stackLines(page, stack, isFolded) {
	const frames = (page.stacks[stack] || []).map((index) => page.frames[index]).reverse(), lines = [];
	const innermost = frames.filter((frame) => frame.kind !== "kernel").pop();

	for (const frame of frames) {
		const words = frame.kind === "kernel" ? "kernel frame" : "library frame", last = lines[lines.length - 1];

		if (!isFolded || frame === innermost || (frame.owner === "user" && frame.kind !== "kernel"))
			lines.push({ frame });
		else if (last && last.words === words)
			last.folded.push(frame);
		else
			lines.push({ folded: [frame], words });
	}
	return lines;
}

/** The stall so many further in the order of time; from none it is the first or the last. */
export function stallBeside(stalls, index, by) {
	const order = stalls.slice().sort((a, b) => a.atNs - b.atNs || a.index - b.index);
	const at = order.findIndex((stall) => stall.index === index);
	if (!order.length)
		return null;
	if (at < 0)
		return by > 0 ? order[0] : order[order.length - 1];
	return order[Math.min(order.length - 1, Math.max(0, at + by))];
}

const TURN = /^[\w.-]{1,64}$/; /* as blockprof names them; others have no link */

/** "#stall=TURN", with the recording's number where there are several; "" for a name that is none. */
export function stallFragment(page, stall) {
	const { recording } = page.loops[stall.loop];

	return TURN.test(stall.turn) ? `#stall=${stall.turn}${recording ? `@${recording}` : ""}` : "";
}

export function stallOfFragment(page, fragment) {
	const found = /^#stall=([\w.-]{1,64})(?:@(\d{1,9}))?$/.exec(fragment);

	if (!found)
		return null;
	const ofTurn = page.stalls.filter((stall) => stall.turn === found[1]);

	if (found[2] === undefined)
		return ofTurn[0] || null;
	return ofTurn.find((stall) => page.loops[stall.loop].recording === Number(found[2])) || null;
}
