// SPDX-License-Identifier: GPL-2.0-or-later
/* turns.js - how long turns took, and what a threshold makes of them: it can be moved. */
import { el, onTheme, onWidth, redraws } from "./dom.js";
import { lowestThreshold, overlap } from "./shown.js";
import { BUCKETS, LEAST_NS, bucketLowerNs, bucketUpperNs, stallsAt, stepOf, thresholdAt, turnsIn } from "./turn_sums.js";
import { count, duration, grouped } from "./words.js";

const STEPS = 500;
const HEIGHT = 220;
const LEFT = 52;
const BOTTOM = 26;
const TOP = 10;
const DECADES = [1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12];
const THRESHOLDS = [1e7, 2e7, 5e7, 1e8, 2e8, 5e8, 1e9, 2e9, 5e9, 1e10];

function stallsInRange(page, state) {
	return page.stalls.map((stall) => ({ stall, ns: overlap(state, stall.atNs, stall.ns) })).filter(({ ns }) => ns > 0);
}

function about(sums, words) {
	return sums.about ? `about ${words}` : words;
}

function loopHours(page) {
	return page.loops.reduce((sum, loop) => sum + loop.wallNs, 0) / 3600e9 || 1;
}

/* In a comparison both sides are by the loop-hour. */
function countsOf(page, turns, isDiff) {
	return isDiff ? turns.counts.map((number) => number / loopHours(page)) : turns.counts;
}

function makeScales(width, longestNs, counts) {
	const high = Math.max(10, ...counts), low = Math.min(1, ...counts.filter((number) => number > 0)) * 0.6;
	const right = width - 10;

	return {
		width, right, high, low,
		x: (ns) => LEFT + stepOf(Math.max(ns, LEAST_NS), 1, longestNs) * (right - LEFT),
		y: (number) => HEIGHT - BOTTOM - Math.max(0, Math.log(number / low) / Math.log(high / low)) * (HEIGHT - BOTTOM - TOP),
	};
}

function axes(scales, longestNs) {
	const marks = [];

	for (const ns of DECADES) {
		const x = scales.x(ns);

		if (ns < LEAST_NS || ns > longestNs * 1.1)
			continue;
		marks.push(el("line", { class: "turn-grid", x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }),
			el("text", { x: Math.min(x, scales.width), y: HEIGHT - 8, "text-anchor": x > scales.right - 20 ? "end" : "middle" }, duration(ns)));
	}
	for (let number = 1; number <= scales.high; number *= 10) {
		const y = scales.y(number);

		marks.push(el("line", { class: "turn-grid", x1: LEFT, x2: scales.right, y1: y, y2: y }),
			el("text", { x: LEFT - 6, y: y + 4, "text-anchor": "end" }, number >= 1e6 ? `${number / 1e6} M` : number >= 1e4 ? `${number / 1e3} k` : grouped(number)));
	}
	return marks;
}

/* What is longer than the threshold stands out. */
function bars(scales, counts, thresholdNs, longestNs) {
	const made = [], limit = scales.x(thresholdNs);

	for (let i = 0; i < BUCKETS; i++) {
		if (!counts[i])
			continue;
		const from = scales.x(bucketLowerNs(i)) + 1, y = scales.y(counts[i]);
		const to = scales.x(Math.max(bucketLowerNs(i), Math.min(bucketUpperNs(i), longestNs * 1.1))) - 1;
		const middle = Math.min(to, Math.max(from, limit)), height = Math.max(1, HEIGHT - BOTTOM - y);

		made.push(el("rect", { class: "turn-short", x: from, y, width: Math.max(0, middle - from), height }),
			el("rect", { class: "turn-long", x: middle, y, width: Math.max(0, to - middle), height }));
	}
	return made;
}

function outline(scales, counts, longestNs) {
	let path = `M${scales.x(LEAST_NS)} ${HEIGHT - BOTTOM}`;

	for (let i = 0; i < BUCKETS && bucketLowerNs(i) < longestNs * 1.1; i++) {
		const y = counts[i] ? scales.y(counts[i]) : HEIGHT - BOTTOM;

		path += `V${y}H${scales.x(Math.min(bucketUpperNs(i), longestNs * 1.1))}`;
	}
	return el("path", { class: "turn-before", d: `${path}V${HEIGHT - BOTTOM}` });
}

function chartWords(turns) {
	const parts = turns.counts.map((number, i) => number &&
		`${grouped(number)} ${i + 1 < BUCKETS ? `under ${duration(bucketUpperNs(i))}` : "longer"}`).filter(Boolean);

	return `Turns by their length: ${parts.join(", ")}.`;
}

function thresholdTable(page, inRange, turns, recordedNs) {
	const rows = [...new Set([...THRESHOLDS, recordedNs])].sort((a, b) => a - b).filter((ns) => ns <= turns.longestNs);

	return el("table", { class: "turn-table" },
		el("thead", {}, el("tr", {}, ["Turns of at least", "How many", "Their time"].map((words) => el("th", { scope: "col" }, words)))),
		el("tbody", {}, rows.map((ns) => {
			const sums = stallsAt(page, inRange, turns, ns);

			return el("tr", { class: ns === recordedNs ? "turn-recorded" : null }, el("th", { scope: "row" }, duration(ns)),
				el("td", {}, about(sums, grouped(sums.count))), el("td", {}, about(sums, duration(sums.ns))));
		})));
}

function knownWords(turns, recordedNs) {
	const words = [`Turns shorter than ${duration(recordedNs)} are known by ranges of length only (each twice the one before): what is said of them is about right.`];

	if (turns.isWhole && !turns.isAll)
		words.push("How long turns were is known for the whole time only, not for the range.");
	return words.join(" ");
}

/** The slider and the line in the picture are one threshold. */
export function makeTurns(view, page, shown) {
	const recordedNs = lowestThreshold(page);
	const chart = el("svg", { class: "turn-chart", role: "img", height: HEIGHT });
	const slider = el("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": "Threshold", class: "turn-slider" });
	const said = el("output", { class: "turn-said", "aria-live": "polite" });
	const back = el("button", { type: "button", onclick: () => shown.set({ thresholdNs: recordedNs }) }, `As recorded: ${duration(recordedNs)}`);
	const table = el("div", { class: "turn-thresholds" }), known = el("p", { class: "muted small" });
	let longestNs = 1e9, scales = null, sums = null, sumsOf = "";

	const setStep = (step) => shown.set({ thresholdNs: thresholdAt(Math.max(0, Math.min(STEPS, step)), STEPS, longestNs) });
	const setAt = (event) => {
		const x = event.clientX - chart.getBoundingClientRect().left;

		setStep((x - LEFT) / (scales.right - LEFT) * STEPS);
	};

	/* Sums are of the range; a threshold that moves changes none of them. */
	const sumsFor = (state) => {
		const key = `${state.fromNs} ${state.toNs}`;

		if (key === sumsOf)
			return sums;
		sumsOf = key;
		const turns = turnsIn(page, state.fromNs, state.toNs), inRange = stallsInRange(page, state);

		sums = { turns, inRange, before: page.diff && turnsIn(page.diff.before, 0, page.diff.before.lengthNs) };
		table.replaceChildren(thresholdTable(page, inRange, turns, recordedNs));
		known.textContent = knownWords(turns, recordedNs);
		chart.setAttribute("aria-label", chartWords(turns));
		return sums;
	};

	const draw = (state) => {
		const { turns, inRange, before } = sumsFor(state), width = Math.max(240, view.clientWidth);
		const counts = countsOf(page, turns, page.diff), beforeCounts = before ? countsOf(page.diff.before, before, true) : [];
		const at = stallsAt(page, inRange, turns, state.thresholdNs);

		longestNs = Math.max(turns.longestNs, before ? before.longestNs : 0, recordedNs * 2, 1e7);
		scales = makeScales(width, longestNs, [...counts, ...beforeCounts]);
		chart.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
		chart.setAttribute("width", width);
		const x = scales.x(state.thresholdNs);

		chart.replaceChildren(...axes(scales, longestNs), ...bars(scales, counts, state.thresholdNs, longestNs),
			...(before ? [outline(scales, beforeCounts, longestNs)] : []),
			el("line", { class: "turn-threshold", x1: x, x2: x, y1: 0, y2: HEIGHT - BOTTOM }),
			el("circle", { class: "turn-grip", cx: x, cy: TOP, r: 6 }));
		slider.value = Math.round(stepOf(state.thresholdNs, STEPS, longestNs));
		slider.setAttribute("aria-valuetext", duration(state.thresholdNs));
		back.hidden = state.thresholdNs === recordedNs;
		said.replaceChildren("With a threshold of ", el("strong", {}, duration(state.thresholdNs)), ": ",
			el("strong", {}, about(at, count(at.count, "stall"))), `, ${about(at, duration(at.ns))} in them`);
	};

	slider.addEventListener("input", () => setStep(Number(slider.value)));
	chart.addEventListener("pointerdown", (event) => {
		if (event.button === 0) {
			chart.setPointerCapture(event.pointerId);
			setAt(event);
		}
	});
	chart.addEventListener("pointermove", (event) => chart.hasPointerCapture(event.pointerId) && setAt(event));
	view.append(el("p", { class: "turn-line" }, said, back), chart, slider,
		page.diff ? el("p", { class: "muted small" }, "Turns by the loop-hour; the outline is the time before.") : "",
		el("div", { class: "turn-below" }, table, known));
	const ask = redraws(shown, draw);

	onWidth(view, ask);
	onTheme(ask);
}
