// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flame_canvas.js - draws the boxes of a flame graph. The canvas is as high as what is
 * seen of the graph, not as the graph: stacks may be deep, canvases may not be large.
 */
import { causeColour, causePaint, kindColour, patternLines, textOn } from "./colours.js";
import { el, isDark, sizeCanvas } from "./dom.js";
import { boxAt, layOut, mainCause } from "./flame_tree.js";

const ROW = 1.4; /* of the size of the page's letters */
const LETTERS = 0.83;
const STRIP = 7; /* of a cause's pattern */
const LEAST_TEXT = 26;
const PRINTED_ROWS = 150;
const STYLES = { user: "600", kernel: "italic" };

/* What fits, by the mean width of this name's characters. */
function cut(pen, text, width) {
	const head = text.length > 400 ? text.slice(0, 400) : text;
	const whole = pen.measureText(head).width;

	if (whole <= width)
		return head;
	const fits = Math.floor((head.length * width) / whole) - 1;

	return fits < 2 ? "" : `${head.slice(0, fits)}…`;
}

export function makeFlameCanvas() {
	const canvas = el("canvas", {
		tabindex: "0", role: "application", "aria-roledescription": "flame graph",
		"aria-label": "Flame graph: arrows go from box to box, Enter zooms in, Escape out; the table below has the same.",
	});
	const space = el("div", { class: "flame-space" }, canvas);
	const frame = el("div", { class: "flame-frame" }, space);
	let drawn = null; /* what was asked for */
	let rows = [], boxes = new Map(), full = 0, row = 21, letters = 12.5, hovered = null, printing = false;

	const top = (depth) => (drawn.flame ? full - (depth + 1) * row : depth * row);

	function colourOf(node, dark) {
		if (drawn.colourBy === "kind")
			return kindColour(node.kind === "all" ? "group" : node.kind, dark);
		return node.kind === "all" || node.kind === "group" ? kindColour("group", dark)
			: causeColour(mainCause(node), dark);
	}

	/* of one that a search has not found: the ground shines through its colour */
	const inkOf = (colour, dims, dark) => (!dims ? textOn(colour) : dark ? "#e4e7eb" : "#1b1f24");

	function drawBox(pen, box, y, dark) {
		const { node, x } = box;
		const width = box.width > 3 ? box.width - 1 : box.width;
		const colour = colourOf(node, dark);
		const matched = drawn.matches && drawn.matches.has(node);
		const dims = drawn.matches && !matched;
		let left = x + 5;

		pen.globalAlpha = dims ? 0.3 : 1;
		pen.fillStyle = colour;
		pen.fillRect(x, y, width, row - 1);
		if (drawn.colourBy === "cause" && width > 2 * STRIP && node.kind !== "all" && node.kind !== "group" &&
		    patternLines(mainCause(node)).length) {
			pen.fillStyle = causePaint(pen, mainCause(node), dark);
			pen.fillRect(x, y, STRIP, row - 1);
			left += STRIP;
		}
		if (matched || node === hovered || node === drawn.current) {
			pen.globalAlpha = 1;
			pen.strokeStyle = inkOf(colour, dims, dark);
			pen.lineWidth = node === drawn.current ? 3 : 1.5;
			pen.strokeRect(x + 1, y + 1, Math.max(1, width - 2), row - 3);
		}
		if (width - (left - x) > LEAST_TEXT) {
			pen.font = `${STYLES[node.kind] || ""} ${letters}px system-ui, sans-serif`;
			pen.globalAlpha = dims ? 0.7 : 1;
			pen.fillStyle = inkOf(colour, dims, dark);
			const room = width - (left - x) - 3;

			pen.fillText(cut(pen, node.label, room), left, y + row / 2, room);
		}
	}

	function paint() {
		if (!drawn)
			return;
		const width = frame.clientWidth;
		const most = printing ? PRINTED_ROWS * row : Math.max(8 * row, Math.floor(innerHeight * 0.75));
		const height = Math.min(full, most);
		const dark = isDark() && !printing;
		const pen = sizeCanvas(canvas, width, height);
		const scrolled = printing ? 0 : frame.scrollTop;

		pen.textBaseline = "middle";
		rows.forEach((drawnBoxes, depth) => {
			const y = top(depth) - scrolled;

			if (y > -row && y < height)
				for (const box of drawnBoxes)
					drawBox(pen, box, y, dark);
		});
		pen.globalAlpha = 1;
	}

	function prepare() {
		const width = frame.clientWidth;
		const flips = full === 0;

		const size = parseFloat(getComputedStyle(frame).fontSize) || 15;

		row = Math.round(ROW * size);
		letters = LETTERS * size;
		rows = layOut(drawn.zoomed, width);
		boxes = new Map(rows.flatMap((all) => all.map((box) => [box.node, box])));
		full = rows.length * row;
		space.style.height = `${full}px`;
		frame.style.maxHeight = printing ? "none" : `${Math.max(8 * row, Math.floor(innerHeight * 0.75))}px`;
		if (drawn.flame && flips)
			frame.scrollTop = full;
	}

	frame.addEventListener("scroll", paint);
	return {
		frame,
		element: canvas,
		draw(what) {
			if (!drawn || drawn.flame !== what.flame || drawn.tree !== what.tree)
				full = 0;
			drawn = what;
			prepare();
			paint();
		},
		hover(node) {
			if (node !== hovered) {
				hovered = node;
				canvas.style.cursor = node ? "pointer" : "default";
				paint();
			}
		},
		/** The box of a node, null where it is too narrow to be drawn. */
		boxOf: (node) => boxes.get(node) || null,
		at(clientX, clientY) {
			const { left, top: y } = canvas.getBoundingClientRect();
			const nth = Math.floor((clientY - y + frame.scrollTop) / row);
			const depth = drawn.flame ? rows.length - 1 - nth : nth;

			return boxAt(rows[depth], clientX - left);
		},
		/** Scrolled to. */
		reveal(node) {
			const y = top(node.depth);

			if (y < frame.scrollTop)
				frame.scrollTop = y - row;
			else if (y + row > frame.scrollTop + frame.clientHeight)
				frame.scrollTop = y + 2 * row - frame.clientHeight;
		},
		/** All of it, by day, for paper. */
		whole(prints) {
			printing = prints;
		},
	};
}
