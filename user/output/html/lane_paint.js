// SPDX-License-Identifier: GPL-2.0-or-later
/* lane_paint.js - how lanes look: the axis, a loop's bars and its band, what links them, the range. */
import { causePaint, causeColour, textOn } from "./colours.js";
import { barPart, laneBand, laneBars, timeTicks } from "./lane_sums.js";
import { clock, duration, shorten, zone } from "./words.js";

export const AXIS = 26;
const NAME = 20;
const BARS = 48;
const BAND = 24;
export const LANE = NAME + BARS + BAND + 14;
export const LEAST = 2; /* a bar is at least so wide */

/** Where a lane's bars are, from the top of the first lane. */
export function barsTop(lane) {
	return lane * LANE + NAME;
}

/** The colours of a theme, for a canvas. */
export function laneColours(element) {
	const style = getComputedStyle(element);
	const colour = (name) => style.getPropertyValue(name).trim() || "#888888";

	return {
		ground: colour("--ground"), panel: colour("--panel"), text: colour("--text"), muted: colour("--muted"),
		line: colour("--line"), strong: colour("--strong-line"), accent: colour("--accent"),
	};
}

const font = (size, weight = "") => `${weight} ${size}px system-ui, sans-serif`.trim();

/* As much of a text as there is room for. */
function fitted(context, text, width) {
	let shown = shorten(text, 200);

	if (context.measureText(shown).width <= width)
		return shown;
	while (shown && context.measureText(`${shown}…`).width > width)
		shown = shown.slice(0, Math.min(shown.length - 1, Math.floor(shown.length * 0.9)));
	return `${shown}…`;
}

/* Lines across, where events were lost: there the absence of stalls says nothing. */
function hatch(context, x, y, width, height, colour) {
	context.save();
	context.beginPath();
	context.rect(x, y, width, height);
	context.clip();
	context.strokeStyle = colour;
	context.lineWidth = 1.2;
	context.beginPath();
	for (let from = x - height - (x % 6); from < x + width; from += 6) {
		context.moveTo(from, y + height);
		context.lineTo(from + height, y);
	}
	context.stroke();
	context.restore();
}

function tickDigits(stepNs) {
	return stepNs >= 1e9 ? 0 : stepNs >= 1e6 ? 3 : 6;
}

/* clock() knows milliseconds; below, the fraction is put beside it. */
function tickWords(page, atNs, stepNs) {
	if (tickDigits(stepNs) <= 3)
		return clock(page, atNs + 500, tickDigits(stepNs));
	const words = clock(page, atNs, 3), us = Math.floor((page.originMs % 1) * 1000 + atNs / 1e3) % 1000;

	return words + String(us).padStart(3, "0");
}

function paintAxis(context, scene) {
	const { page, view, width, height, colours } = scene;
	const { stepNs, ticks } = timeTicks(page, view, Math.max(2, Math.floor(width / (tickDigits(1e6) ? 110 : 90))));

	context.font = font(12);
	context.textBaseline = "middle";
	context.fillStyle = colours.muted;
	context.strokeStyle = colours.line;
	context.lineWidth = 1;
	context.beginPath();
	for (const atNs of ticks) {
		const x = Math.round(scene.xOf(atNs)) + 0.5;
		const words = tickWords(page, atNs, stepNs), half = context.measureText(words).width / 2;

		context.moveTo(x, AXIS - 4);
		context.lineTo(x, height);
		if (x - half > 46 && x + half < width)
			context.fillText(words, x - half, AXIS / 2 - 1);
	}
	context.stroke();
	context.fillText(zone(page), 0, AXIS / 2 - 1);
}

function paintBand(context, scene, lane, top) {
	const { view, width, dark, colours } = scene;

	context.fillStyle = colours.panel;
	context.fillRect(0, top, width, BAND);
	for (const column of laneBand(lane.loop.seconds, lane.causes, view, width, 3)) {
		let y = top + BAND;
		const x = Math.max(0, column.x), end = Math.min(width, column.x + column.width);

		for (const { cause, part } of column.parts) {
			const high = Math.min(y - top, part * BAND);

			context.fillStyle = causeColour(cause, dark);
			context.fillRect(x, y - high, Math.max(1, end - x - (end - x > 6 ? 1 : 0)), high);
			y -= high;
		}
		if (column.lost)
			hatch(context, x, top - BARS, end - x, BAND + BARS, colours.muted);
	}
}

function paintBar(context, scene, bar, bottom) {
	const { stall } = bar, { dark, colours } = scene;
	const high = Math.max(4, barPart(stall.ns, scene.shortestNs, scene.longestNs) * (BARS - 2));
	const top = bottom - high, isBright = scene.bright.has(stall.index);

	context.globalAlpha = isBright ? 1 : 0.22;
	context.fillStyle = causePaint(context, stall.cause, dark);
	context.fillRect(bar.x, top, bar.width, high);
	if (stall.ongoing) {
		context.fillStyle = colours.text;
		context.fillRect(bar.x + bar.width - 1.5, top, 1.5, high);
	}
	if (bar.width > 50 && high > 14) {
		const words = duration(stall.ns), from = Math.max(2, bar.x + 5);

		context.font = font(11.5, "600");
		if (context.measureText(words).width < bar.x + bar.width - from - 3) {
			context.fillStyle = causeColour(stall.cause, dark);
			context.fillRect(from - 3, bottom - 15, context.measureText(words).width + 6, 13);
			context.fillStyle = textOn(causeColour(stall.cause, dark));
			context.fillText(words, from, bottom - 8);
		}
	}
	context.globalAlpha = 1;
	if (stall.index === scene.selected || stall === scene.at) {
		context.strokeStyle = stall.index === scene.selected ? colours.accent : colours.text;
		context.lineWidth = 2;
		context.strokeRect(bar.x - 2, top - 2, bar.width + 4, high + 4);
	}
}

function paintLane(context, scene, lane, top) {
	const { width, colours } = scene, bottom = top + NAME + BARS;
	const side = `${lane.stalls.length === 1 ? "1 stall" : `${lane.stalls.length} stalls`}, ${duration(lane.lostNs)}`;

	context.font = font(12);
	context.textBaseline = "middle";
	const sideWidth = context.measureText(side).width;

	context.fillStyle = colours.muted;
	context.fillText(side, width - sideWidth, top + NAME / 2);
	context.font = font(13, "600");
	context.fillStyle = colours.text;
	context.fillText(fitted(context, lane.loop.name, width - sideWidth - 16), 0, top + NAME / 2);
	paintBand(context, scene, lane, bottom + 3);
	context.strokeStyle = colours.strong;
	context.lineWidth = 1;
	context.beginPath();
	context.moveTo(0, bottom + 0.5);
	context.lineTo(width, bottom + 0.5);
	context.stroke();
	lane.bars = laneBars(lane.stalls, scene.view, width, LEAST);
	for (const bar of lane.bars)
		paintBar(context, scene, bar, bottom);
}

/* From a stall to the next lane's of its group, at a moment that both have. */
function paintLinks(context, scene) {
	const { colours, view } = scene, drawn = new Set();

	for (const group of scene.groups) {
		const isChosen = group === scene.group;
		const stalls = group.stalls.slice().sort((a, b) => scene.laneOf(a) - scene.laneOf(b) || a.atNs - b.atNs);

		for (let i = 1; i < stalls.length; i++) {
			const upper = stalls[i - 1], lower = stalls[i];
			const from = scene.laneOf(upper), to = scene.laneOf(lower);
			const fromNs = Math.max(upper.atNs, lower.atNs), toNs = Math.min(upper.atNs + upper.ns, lower.atNs + lower.ns);

			if (from === to || toNs < fromNs || toNs < view.fromNs || fromNs > view.toNs)
				continue;
			const x = Math.round(scene.xOf((Math.max(fromNs, view.fromNs) + Math.min(toNs, view.toNs)) / 2)) + 0.5;
			const key = `${x >> 2} ${from} ${to}`;

			if (drawn.has(key) && !isChosen)
				continue;
			drawn.add(key);
			paintLink(context, scene, x, AXIS + barsTop(from) + BARS - 4 - scene.scroll,
				AXIS + barsTop(to) + BARS - 4 - scene.scroll, isChosen ? colours.accent : colours.muted, isChosen);
		}
	}
}

function paintLink(context, scene, x, fromY, toY, colour, isChosen) {
	if (toY < AXIS || fromY > scene.height)
		return;
	context.globalAlpha = isChosen ? 1 : 0.65;
	context.strokeStyle = colour;
	context.fillStyle = colour;
	context.lineWidth = isChosen ? 2 : 1.2;
	context.setLineDash(isChosen ? [] : [3, 3]);
	context.beginPath();
	context.moveTo(x, fromY);
	context.lineTo(x, toY);
	context.stroke();
	context.setLineDash([]);
	for (const y of [fromY, toY]) {
		context.beginPath();
		context.arc(x, y, isChosen ? 3.5 : 2.5, 0, 2 * Math.PI);
		context.fill();
	}
	context.globalAlpha = 1;
}

/* What is outside of the range stands back. */
function paintRange(context, scene) {
	const { width, height, colours, range } = scene;

	if (!range)
		return;
	const from = Math.max(0, Math.min(width, scene.xOf(range.fromNs)));
	const to = Math.max(0, Math.min(width, scene.xOf(range.toNs)));

	context.globalAlpha = 0.62;
	context.fillStyle = colours.ground;
	context.fillRect(0, AXIS, from, height);
	context.fillRect(to, AXIS, width - to, height);
	context.globalAlpha = 1;
	context.strokeStyle = colours.accent;
	context.lineWidth = 2;
	context.strokeRect(from, AXIS, to - from, height - AXIS - 1);
	context.globalAlpha = 0.12;
	context.fillStyle = colours.accent;
	context.fillRect(from, 0, to - from, AXIS);
	context.globalAlpha = 1;
}

/** scene: what lanes.js puts together. Leaves in each lane the bars that it has drawn. */
export function paintLanes(context, scene) {
	const { width, height, colours } = scene;

	context.clearRect(0, 0, width, height);
	paintAxis(context, scene);
	context.save();
	context.beginPath();
	context.rect(0, AXIS, width, height - AXIS);
	context.clip();
	scene.lanes.forEach((lane, at) => {
		const top = AXIS + at * LANE - scene.scroll;

		lane.bars = [];
		if (top + LANE >= AXIS && top <= height)
			paintLane(context, scene, lane, top);
	});
	paintLinks(context, scene);
	context.restore();
	paintRange(context, scene);
	context.strokeStyle = colours.strong;
	context.lineWidth = 1;
	context.strokeRect(-1, AXIS - 0.5, width + 2, 0);
}
