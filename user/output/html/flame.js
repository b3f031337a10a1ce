// SPDX-License-Identifier: GPL-2.0-or-later
/* flame.js - the tree of calls as a flame graph that is zoomed, searched and walked through. */
import { clear, el, hideTip, onTheme, onWidth, redraws, showTip } from "./dom.js";
import { makeFlameCanvas } from "./flame_canvas.js";
import { makeFlameControls, nextFrames } from "./flame_controls.js";
import { buildTree, findMatches, nodeAt, pathOf } from "./flame_tree.js";
import { nodeTip, nodeWords, tableOf } from "./flame_words.js";
import { addKeys } from "./help.js";
import { duration, grouped, percent, shorten } from "./words.js";

const SHOWN_CRUMBS = 7;

/* What of the state another tree is made of. */
const TREE = ["fromNs", "toNs", "thresholdNs", "without", "only", "frames", "groupBy", "inverted"];

/** The node beside, above or below another, as it is drawn. */
function neighbour(node, key, flame) {
	const inwards = flame ? "ArrowUp" : "ArrowDown";
	const among = node.parent ? node.parent.children : [node];

	if (key === inwards)
		return node.children[0] || node;
	if (key === "ArrowUp" || key === "ArrowDown")
		return node.parent || node;
	return among[among.indexOf(node) + (key === "ArrowLeft" ? -1 : 1)] || node;
}

/** Is a node drawn while zoomed is as wide as the graph? */
function isWithin(node, zoomed) {
	while (node && node !== zoomed)
		node = node.parent;
	return node === zoomed;
}

export function makeFlame(element, page, shown) {
	const canvas = makeFlameCanvas();
	const controls = makeFlameControls(page, shown, { step });
	const lead = el("p", { class: "lead" });
	const crumbs = el("nav", { class: "crumbs no-print", "aria-label": "Zoomed into" });
	const spoken = el("p", { class: "flame-said muted small", role: "status", id: "flame-said" });
	const table = el("div");
	const asTable = el("details", { class: "as-table", ontoggle: () => drawTable() },
		el("summary", {}, "As a table"), table);
	let tree = null, madeOf = null;
	let zoomPath = [], zoomed = null, current = null, crumbsOf = null;
	let found = { nodes: [], set: new Set(), ns: 0 }, foundOf = null;
	let nth = -1; /* of the matches */

	function zoom(node) {
		zoomed = node;
		zoomPath = pathOf(node);
		if (!isWithin(current, zoomed) && !isWithin(zoomed, current))
			current = zoomed;
		redraw();
	}

	function select(node, speaks = true) {
		current = node;
		if (!isWithin(node, zoomed) && !isWithin(zoomed, node)) {
			zoomed = node.parent || tree.root;
			zoomPath = pathOf(zoomed);
		}
		redraw();
		/* too narrow to be drawn: zoom in until it is seen */
		while (canvas.boxOf(current) === null && zoomed !== current) {
			let next = current;

			while (next.parent !== zoomed)
				next = next.parent;
			zoomed = next;
			zoomPath = pathOf(zoomed);
			redraw();
		}
		canvas.reveal(current);
		if (speaks)
			clear(spoken).append(nodeWords(page, current, tree.root));
	}

	function step(by) {
		if (!found.nodes.length)
			return;
		nth = (nth + by + found.nodes.length) % found.nodes.length;
		if (nth < 0)
			nth = found.nodes.length - 1;
		select(found.nodes[nth]);
		drawMatched();
	}

	function drawMatched() {
		controls.matched(shown.get().search
			? `${percent(found.ns, tree.root.ns)} matches, ` +
				(nth >= 0 ? `${grouped(nth + 1)} of ${grouped(found.nodes.length)}` : `${grouped(found.nodes.length)} boxes`)
			: "", found.nodes.length > 0);
	}

	/* Only anew where they are others: a button that is pressed takes the focus from the graph, which draws. */
	function drawCrumbs() {
		if (crumbsOf === zoomed)
			return;
		crumbsOf = zoomed;
		const nodes = [];

		for (let node = zoomed; node; node = node.parent)
			nodes.unshift(node);

		const cut = Math.max(0, nodes.length - SHOWN_CRUMBS);

		crumbs.hidden = nodes.length < 2;
		clear(crumbs).append(...nodes.filter((_, at) => at === 0 || at > cut).flatMap((node, at) => [
			at ? el("span", { "aria-hidden": "true", class: "muted" }, at === 1 && cut ? " › … › " : " › ") : "",
			el("button", {
				type: "button", class: "link", "aria-current": node === zoomed ? "true" : undefined, onclick: () => {
					zoom(node);
					canvas.element.focus({ preventScroll: true });
				},
			}, shorten(node.label, 60)),
		]));
	}

	function drawTable() {
		if (asTable.open && tree)
			clear(table).append(tableOf(page, tree));
	}

	function redraw() {
		const { flame, colourBy, search } = shown.get();

		drawCrumbs();
		canvas.draw({
			tree, zoomed, flame, colourBy, current: document.activeElement === canvas.element ? current : null,
			matches: search ? found.set : null,
		});
	}

	function drawLead(state) {
		clear(lead).append(tree.root.ns
			? `${duration(tree.root.ns)} of lost time${state.only ? " at this place" : ""}` +
				(tree.smallNs > 1e6 ? `, ${tree.smallNs < tree.root.ns * 0.9999 ? duration(tree.smallNs) : "all"} of it in turns that were no stalls` : "") + "."
			: "No lost time here.");
	}

	function draw(state) {
		if (!madeOf || TREE.some((name) => madeOf[name] !== state[name])) {
			const flips = madeOf && ["groupBy", "inverted"].some((name) => madeOf[name] !== state[name]);

			tree = buildTree(page, state);
			madeOf = state;
			foundOf = null;
			if (flips)
				zoomPath = [];
			zoomed = nodeAt(tree, zoomPath);
			current = current && !flips ? nodeAt(tree, pathOf(current)) : zoomed;
			drawLead(state);
			drawTable();
		}
		if (foundOf !== state.search || !foundOf) {
			found = findMatches(page, tree, state.search);
			foundOf = state.search;
			nth = -1;
		}
		drawMatched();
		controls.draw(state);
		view.hidden = !tree.root.ns;
		redraw();
	}

	function pointed(event) {
		const box = canvas.at(event.clientX, event.clientY);

		return box && box.node;
	}

	const view = el("div", {}, crumbs, canvas.frame, spoken, asTable);

	canvas.element.setAttribute("aria-describedby", "flame-said");
	for (const [name, does] of Object.entries({
		mousemove: (event) => {
			const node = pointed(event);

			canvas.hover(node);
			if (node)
				showTip(event.clientX, event.clientY, nodeTip(page, node, tree.root));
			else
				hideTip();
		},
		mouseleave: () => {
			canvas.hover(null);
			hideTip();
		},
		click: (event) => {
			const node = pointed(event);

			if (!node)
				return;
			current = node;
			zoom(node);
			clear(spoken).append(nodeWords(page, node, tree.root));
		},
		focus: () => canvas.element.matches(":focus-visible") && select(current),
		blur: redraw,
		keydown: (event) => {
			const does = {
				Enter: () => zoom(current),
				" ": () => zoom(current),
				Backspace: () => zoom(zoomed.parent || zoomed),
				Home: () => select(zoomed),
				0: () => zoom(tree.root),
				n: () => step(1),
				N: () => step(-1),
				i: () => shown.set({ inverted: !shown.get().inverted }),
				f: () => shown.set({ flame: !shown.get().flame }),
				l: () => shown.set({ frames: nextFrames(shown.get().frames) }),
				c: () => shown.set({ colourBy: shown.get().colourBy === "kind" ? "cause" : "kind" }),
			}[event.key] || (/^Arrow/.test(event.key)
				? () => select(neighbour(current, event.key, shown.get().flame)) : null);

			if (event.ctrlKey || event.metaKey || event.altKey)
				return;
			if (event.key === "Escape" && zoomed.parent) {
				event.preventDefault();
				zoom(zoomed.parent);
			} else if (does) {
				event.preventDefault();
				does();
			}
		},
	}))
		canvas.element.addEventListener(name, does);

	clear(element).append(lead, controls.element, view);
	onTheme(redraws(shown, draw));
	onWidth(canvas.frame, redraw);
	addEventListener("beforeprint", () => canvas.whole(true) || redraw());
	addEventListener("afterprint", () => canvas.whole(false) || redraw());
	addKeys("Flame graph", [
		["← → ↑ ↓", "from box to box"],
		["Enter", "zoom into the box"],
		["Esc Backspace", "zoom out by one"],
		["0", "zoom out to all"],
		["n N", "next, last match of the search"],
		["i", "turn round: innermost first"],
		["f", "as flames, as icicles"],
		["l", "fewer frames, all frames"],
		["c", "colours of kinds or of causes"],
	]);
	return { reset: () => zoom(tree.root) };
}
