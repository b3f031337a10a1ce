// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * colours.js - which colour and which pattern stands for a cause or a kind of frame,
 * by day and by night. What colour says is said by a pattern, too.
 */

/** In the order of the contract. words: what it means, for a legend. */
export const CAUSES = [
	{ name: "cpu", words: "it ran itself", light: "#e8871e", dark: "#f0a04b", pattern: "solid" },
	{ name: "gc", words: "a garbage collection", light: "#b8860b", dark: "#d6ab3a", pattern: "dots" },
	{ name: "runqueue", words: "ready, but another ran", light: "#9b8cc4", dark: "#a99bd1", pattern: "rising" },
	{ name: "throttled", words: "held back by its cgroup's limits", light: "#b13fa4", dark: "#cf68c3", pattern: "crossed" },
	{ name: "sleep", words: "it slept", light: "#6b86a8", dark: "#8aa4c6", pattern: "level" },
	{ name: "file", words: "files and disks", light: "#3f9b57", dark: "#5cb874", pattern: "falling" },
	{ name: "socket", words: "a peer", light: "#2f6fdb", dark: "#5b92f0", pattern: "solid" },
	{ name: "dns", words: "a name lookup", light: "#0f95a8", dark: "#38b6c8", pattern: "rising" },
	{ name: "pipe", words: "the other end of a pipe", light: "#5aa9d6", dark: "#7cc0e6", pattern: "upright" },
	{ name: "tty", words: "a terminal", light: "#8d8d5a", dark: "#b0b07c", pattern: "dots" },
	{ name: "lock", words: "a lock in memory", light: "#cf3b3b", dark: "#ea6a6a", pattern: "solid" },
	{ name: "gil", words: "Python's global interpreter lock", light: "#8f1f3f", dark: "#d8789a", pattern: "crossed" },
	{ name: "child", words: "the end of a child process", light: "#7c8f2a", dark: "#a2b654", pattern: "falling" },
	{ name: "poll", words: "a nested wait", light: "#4b4fb3", dark: "#7d81dc", pattern: "level" },
	{ name: "fault", words: "a page fault served from disk or swap", light: "#1f6e5c", dark: "#48a48e", pattern: "dots" },
	{ name: "stopped", words: "a signal or a tracer", light: "#555c66", dark: "#8b939e", pattern: "crossed" },
	{ name: "ipc", words: "System V and POSIX queues and semaphores", light: "#d1668f", dark: "#e08bad", pattern: "upright" },
	{ name: "other", words: "another system call", light: "#8b8b8b", dark: "#a3a3a3", pattern: "rising" },
];

/** Of frames: what a reader can change stands out. Light ones carry dark text, by night the other way round. */
export const KINDS = [
	{ name: "user", words: "own code", light: "#ffb45e", dark: "#a65f12" },
	{ name: "library", words: "libraries", light: "#f6e7b4", dark: "#5f5431" },
	{ name: "interpreter", words: "interpreter", light: "#e7e3d8", dark: "#474640" },
	{ name: "kernel", words: "kernel", light: "#c0d9f2", dark: "#2f4d6b" },
	{ name: "cause", words: "cause", light: "#f2b3ba", dark: "#7a3842" },
	{ name: "group", words: "whose it is", light: "#d7e4cf", dark: "#3d5236" },
];

const causeOf = new Map(CAUSES.map((cause) => [cause.name, cause]));
const kindOf = new Map(KINDS.map((kind) => [kind.name, kind]));

function cause(name) {
	return causeOf.get(name) || causeOf.get("other");
}

export function causeColour(name, dark) {
	return dark ? cause(name).dark : cause(name).light;
}

export function causeWords(name) {
	return cause(name).words;
}

export function kindColour(name, dark) {
	const kind = kindOf.get(name) || kindOf.get("library");

	return dark ? kind.dark : kind.light;
}

/** Black or white, whichever is easier to read on it. */
export function textOn(colour) {
	const value = parseInt(colour.slice(1), 16);
	const channel = (shift) => {
		const part = ((value >> shift) & 255) / 255;

		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	};
	const light = 0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0);

	return light > 0.198 ? "#15171a" : "#ffffff";
}

/* Lines of a tile of 8 by 8, as pairs of points; dots are short lines. */
const LINES = {
	solid: [],
	rising: [[-1, 9, 9, -1], [-1, 1, 1, -1], [7, 9, 9, 7]],
	falling: [[-1, -1, 9, 9], [7, -1, 9, 1], [-1, 7, 1, 9]],
	crossed: [[-1, 9, 9, -1], [-1, -1, 9, 9]],
	level: [[0, 4, 8, 4]],
	upright: [[4, 0, 4, 8]],
	dots: [[3, 4, 5, 4]],
};

export const TILE = 8;

/** The lines of a pattern, for whoever draws otherwise than with a canvas. */
export function patternLines(name) {
	return LINES[cause(name).pattern];
}

const paints = new WeakMap(); /* context: Map of what it has made */

/** What a canvas fills a cause's area with: its colour, and its pattern in a darker one. */
export function causePaint(context, name, dark) {
	const key = `${cause(name).name} ${dark}`;
	const lines = patternLines(name);
	let made = paints.get(context);

	if (!lines.length)
		return causeColour(name, dark);
	if (!made)
		paints.set(context, (made = new Map()));
	if (!made.has(key)) {
		const tile = context.canvas.ownerDocument.createElement("canvas");
		const pen = tile.getContext("2d");

		tile.width = tile.height = TILE;
		pen.fillStyle = causeColour(name, dark);
		pen.fillRect(0, 0, TILE, TILE);
		pen.strokeStyle = dark ? "rgba(0,0,0,.38)" : "rgba(255,255,255,.5)";
		pen.lineWidth = 1.6;
		for (const [x0, y0, x1, y1] of lines) {
			pen.beginPath();
			pen.moveTo(x0, y0);
			pen.lineTo(x1, y1);
			pen.stroke();
		}
		made.set(key, context.createPattern(tile, "repeat"));
	}
	return made.get(key);
}
