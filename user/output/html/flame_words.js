// SPDX-License-Identifier: GPL-2.0-or-later
/* flame_words.js - what is said of a box of the flame graph: in the tooltip, aloud, and in a table. */
import { el } from "./dom.js";
import { largestFrames } from "./flame_tree.js";
import { causeName } from "./swatch.js";
import { duration, percent, shorten } from "./words.js";

const TABLE_ROWS = 50;

export const KIND_WORDS = {
	all: "all of it", group: "", user: "own code", library: "a library", interpreter: "the interpreter",
	kernel: "the kernel", cause: "the cause",
};

/** [[cause, ns]], largest first. */
export function causesOf(node) {
	return Object.entries(node.byCause).sort((a, b) => b[1] - a[1]);
}

function shares(node, root) {
	const parts = [`${duration(node.ns)}`, `${percent(node.ns, root.ns)} of all`];

	if (node.parent && node.parent !== root)
		parts.push(`${percent(node.ns, node.parent.ns)} of ${shorten(node.parent.label, 80)}`);
	return parts;
}

function where(page, node) {
	const frame = node.frame >= 0 ? page.frames[node.frame] : null;

	return [
		KIND_WORDS[node.kind],
		frame && frame.file ? frame.file + (frame.line ? `:${frame.line}` : "") : "",
	].filter(Boolean).join(", ");
}

/** Rows of a tooltip. */
export function nodeTip(page, node, root) {
	return [
		node.label,
		where(page, node),
		shares(node, root).join(" · "),
		node.kind === "cause" ? "" : causesOf(node).slice(0, 5).map(([cause, ns]) => `${cause} ${duration(ns)}`).join(", "),
	];
}

/** The same for who listens. */
export function nodeWords(page, node, root) {
	const below = node.children.length;

	return `${shorten(node.label, 200)}. ${shares(node, root).join(", ")}. ${where(page, node)}. ` +
		(below ? `${below} below, level ${node.depth + 1}` : `nothing below, level ${node.depth + 1}`);
}

/** The frames that most of the time is below, for who does not see the graph, and for paper. */
export function tableOf(page, tree) {
	return el("table", { class: "plain" },
		el("caption", {}, `The ${TABLE_ROWS} frames that most time went through`),
		el("thead", {}, el("tr", {}, ["Time", "Share", "Frame", "Whose", "Causes"].map((title, at) =>
			el("th", { scope: "col", class: at < 2 ? "number" : "" }, title)))),
		el("tbody", {}, largestFrames(page, tree, TABLE_ROWS).map((sum) => {
			const frame = page.frames[sum.frame];

			return el("tr", {},
				el("td", { class: "number" }, duration(sum.ns)),
				el("td", { class: "number" }, percent(sum.ns, tree.root.ns)),
				el("td", { class: "code", title: shorten(frame.file, 300) }, shorten(frame.label, 160)),
				el("td", {}, KIND_WORDS[frame.owner]),
				el("td", {}, causesOf(sum).slice(0, 3).map(([cause, ns]) =>
					[causeName(cause), ` ${duration(ns)} `])));
		})));
}
