// SPDX-License-Identifier: GPL-2.0-or-later
/* head.js - what was watched, where and when, how much of it was lost, and what was not seen. */
import { clear, el, redraws } from "./dom.js";
import { isAll, isWholeRange, leftOut, overlap, stallsIn } from "./shown.js";
import { clock, count, day, duration, percent, shorten, zone } from "./words.js";

/**
 * Lost time of the range: stalls, their sum and the longest, and the loops that had any.
 * Of the whole, with the stalls that the page has only as a sum.
 */
export function sums(page, state) {
	const stalls = stallsIn(page, state);
	const others = isAll(page, state) ? leftOut(page) : { stalls: 0, ns: 0 };
	const doubtful = stalls.filter(({ stall }) => stall.doubt).length;
	let lostNs = others.ns, longestNs = 0;

	for (const { stall, ns } of stalls) {
		lostNs += ns;
		longestNs = Math.max(longestNs, stall.ns);
	}
	return {
		stalls: stalls.length + others.stalls, doubtful, lostNs, longestNs,
		loops: new Set(stalls.map(({ stall }) => stall.loop)).size,
	};
}

/* When a loop was there: from its first second to its last. */
function presence(page, loop) {
	const { seconds } = loop;
	const last = seconds[seconds.length - 1];
	const { startNs, endNs } = page.recordings[loop.recording];

	return last ? [seconds[0].atNs, last.atNs + last.lengthNs] : [startNs, endNs];
}

/** Time that loops were watched in the range: what a share of lost time is of. */
export function watchedNs(page, state) {
	let ns = 0;

	for (const loop of page.loops) {
		const [fromNs, toNs] = presence(page, loop);

		ns += toNs > fromNs ? (loop.wallNs * overlap(state, fromNs, toNs - fromNs)) / (toNs - fromNs) : 0;
	}
	return ns;
}

function when(page, fromNs, toNs) {
	const first = day(page, fromNs), last = day(page, toNs);

	return `${first} ${clock(page, fromNs, 0)} – ${last === first ? "" : `${last} `}` +
		`${clock(page, toNs, 0)} ${zone(page)}`;
}

/** Sentences on what a recording does not have. */
export function gaps(recording) {
	return [
		...(recording.lost || []).map(([name, number]) => `${count(number, "record")} lost: ${name}`),
		...(recording.blind || []).map(([reason, number]) => `${count(number, "blind spot")}: ${reason}`),
		...(recording.discarded || []).map(([reason, number, longestNs]) =>
			`${count(number, "turn")} discarded: ${reason}` +
			(longestNs ? `, the longest ${duration(longestNs)}` : "")),
		...(recording.stallsLeftOut
			? [`${count(recording.stallsLeftOut, "shorter stall")} left out of this page, ` +
			   `${duration(recording.stallsLeftOutNs)} in all`] : []),
		...(recording.notes || []),
	];
}

function figure(value, words) {
	return el("div", { class: "figure" }, el("dd", {}, value), el("dt", {}, words));
}

function describe(page, recording, several) {
	const loops = page.loops.filter((loop) => page.recordings[loop.recording] === recording);
	const missing = gaps(recording);

	return el("div", { class: "recording" },
		el("p", {}, el("strong", {}, shorten(recording.host, 100)),
			recording.kernel ? `, Linux ${shorten(recording.kernel, 100)}` : "",
			several ? el("span", { class: "muted" }, ` · ${when(page, recording.startNs, recording.endNs)}`) : ""),
		el("p", {}, `${recording.scope ? `${shorten(recording.scope)} · ` : ""}${count(loops.length, "loop")} · turns over ` +
			`${duration(recording.thresholdNs)} are stalls`),
		missing.length ? el("details", { class: "gaps", open: missing.length < 4 },
			el("summary", {}, `Not seen or not counted (${missing.length})`),
			el("ul", {}, missing.map((words) => el("li", {}, shorten(words))))) : "");
}

export function makeHead(element, page, shown) {
	clear(element);

	const figures = el("dl", { class: "figures", "aria-live": "off" });
	const title = el("h1", {});
	const recordings = el("div", { class: "recordings" },
		page.recordings.map((recording) => describe(page, recording, page.recordings.length > 1)));

	element.append(title, figures, recordings);
	addEventListener("beforeprint", () => recordings.querySelectorAll("details").forEach((one) => {
		one.open = true;
	}));
	redraws(shown, (state) => {
		const all = sums(page, state);
		const watched = watchedNs(page, state);
		const range = isWholeRange(page, state) ? "" : " in this range";

		clear(title).append(all.stalls
			? `${duration(all.lostNs)} lost in ${count(all.stalls, "stall")}${range}`
			: `No stalls${range}`);
		clear(figures).append(
			figure(when(page, state.fromNs, state.toNs), `watched, ${duration(state.toNs - state.fromNs)}`),
			...(all.stalls ? [
				figure(percent(all.lostNs, watched), "of the loops' time lost"),
				figure(duration(all.longestNs), "the longest stall"),
				figure(`${all.loops} of ${page.loops.length}`, "loops that stood still"),
			] : []),
			...(all.doubtful ? [figure(String(all.doubtful), all.doubtful === 1 ? "of the stalls is doubtful" : "of the stalls are doubtful")] : []));
	});
}
