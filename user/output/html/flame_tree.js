// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flame_tree.js - the range's lost time as a tree of calls: who called whom, or, turned
 * round, who was called by whom. Nothing of a screen.
 */
import { matchesFrame, matchesText, placeStack, slicesIn } from "./shown.js";

/**
 * @typedef {Object} Node
 * @property {string} label
 * @property {"all"|"group"|"user"|"library"|"interpreter"|"kernel"|"cause"} kind
 * @property {number} frame index, or -1
 * @property {number} ns of it and what is below it
 * @property {number} selfNs that ended here
 * @property {Object<string, number>} byCause
 * @property {?Node} parent
 * @property {Node[]} children largest first
 * @property {number} depth
 */

const NOTHING = { task: "(no task)", target: "(nothing waited for)", process: "(no process)" };

function groupName(page, state, slice, loop) {
	const of = page.loops[loop];
	let name = "";

	switch (state.groupBy) {
	case "task":
		name = slice.task;
		break;
	case "target":
		name = slice.target;
		break;
	case "cause":
		name = slice.cause;
		break;
	case "process":
		name = of ? of.process || of.name : "";
		if (name && page.recordings.length > 1)
			name = `${page.recordings[of.recording].host}: ${name}`;
		break;
	default:
		return null;
	}
	return name || NOTHING[state.groupBy];
}

/* Own frames, or the innermost where none is own. */
function ownFrames(page, stack) {
	const own = stack.filter((at) => page.frames[at].owner === "user");

	return own.length ? own : stack.slice(0, 1);
}

/* Without what carries other code; what that code has called of it stays: recv() of the C library. */
function withoutInterpreter(page, stack) {
	const carries = (at) => page.frames[at].owner === "interpreter";
	const innermost = stack.findIndex((at) => !carries(at) && page.frames[at].owner !== "kernel");

	return innermost < 0 ? stack : stack.filter((at, i) => !carries(at) || i === innermost - 1);
}

const FRAMES = { all: (page, stack) => stack, calls: withoutInterpreter, own: ownFrames };

function getOrMake(map, key, make) {
	let value = map.get(key);

	if (value === undefined)
		map.set(key, (value = make()));
	return value;
}

const newMap = () => new Map();

/* Time by group, stack and cause: far fewer than slices. */
function ways(page, state) {
	const groups = new Map();
	let smallNs = 0;

	slicesIn(page, state, (slice, ns, loop, stall) => {
		const stacks = getOrMake(groups, groupName(page, state, slice, loop), newMap);
		const stack = slice.stack < 0 && stall ? placeStack(stall) : slice.stack;
		const causes = getOrMake(stacks, stack, newMap);

		smallNs += stall ? 0 : ns;
		causes.set(slice.cause, (causes.get(slice.cause) || 0) + ns);
	});
	return { groups, smallNs };
}

function makeNode(parent, label, kind, frame) {
	return {
		label, kind, frame, ns: 0, selfNs: 0, byCause: {}, parent, children: [],
		depth: parent ? parent.depth + 1 : 0, below: new Map(),
	};
}

function child(parent, key, label, kind, frame) {
	let node = parent.below.get(key);

	if (!node) {
		node = makeNode(parent, label, kind, frame);
		parent.below.set(key, node);
		parent.children.push(node);
	}
	return node;
}

function causeNode(parent, cause) {
	return child(parent, `[${cause}]`, `[${cause}]`, "cause", -1);
}

/* The node of the last frame of a stack. */
function addFrames(page, inverted, node, frames) {
	if (!frames.length)
		return child(node, "no stack", "(no stack)", "group", -1);
	for (let i = 0; i < frames.length; i++) {
		const at = frames[inverted ? i : frames.length - 1 - i];

		node = child(node, at, page.frames[at].label, page.frames[at].owner, at);
	}
	return node;
}

function addTime(node, cause, ns) {
	node.selfNs += ns;
	node.byCause[cause] = (node.byCause[cause] || 0) + ns;
}

function addWays(page, state, from, stacks) {
	for (const [at, causes] of stacks) {
		const stack = at < 0 ? [] : page.stacks[at];
		const frames = FRAMES[state.frames](page, stack);

		if (state.inverted)
			for (const [cause, ns] of causes)
				addTime(addFrames(page, true, causeNode(from, cause), frames), cause, ns);
		else {
			const inner = addFrames(page, false, from, frames);

			for (const [cause, ns] of causes)
				addTime(causeNode(inner, cause), cause, ns);
		}
	}
}

/* Parents before children: each has what ended in it and what is below it. */
function addUp(nodes) {
	for (let i = nodes.length; i-- > 0;) {
		const node = nodes[i];

		node.ns += node.selfNs;
		if (!node.parent)
			continue;
		node.parent.ns += node.ns;
		for (const cause in node.byCause)
			node.parent.byCause[cause] = (node.parent.byCause[cause] || 0) + node.byCause[cause];
	}
}

/**
 * Of what the state shows.
 * @returns {{root: Node, rows: number, nodes: Node[], smallNs: number}} nodes: parents before
 * children, left to right; smallNs: of turns that were no stalls
 */
export function buildTree(page, state) {
	const root = makeNode(null, "all", "all", -1);
	const { groups, smallNs } = ways(page, state);
	const made = [root], nodes = [];
	let rows = 0;

	for (const [group, stacks] of groups)
		addWays(page, state, group === null ? root : child(root, group, group, "group", -1), stacks);
	for (let i = 0; i < made.length; i++)
		made.push(...made[i].children);
	addUp(made);
	for (const open = [root]; open.length;) {
		const node = open.pop();

		nodes.push(node);
		rows = Math.max(rows, node.depth + 1);
		node.children.sort((a, b) => b.ns - a.ns || (a.label < b.label ? -1 : 1));
		for (let i = node.children.length; i-- > 0;)
			open.push(node.children[i]);
	}
	return { root, rows, nodes, smallNs };
}

/** The cause that most of a node's time has. */
export function mainCause(node) {
	let found = "other", most = -1;

	for (const [cause, ns] of Object.entries(node.byCause))
		if (ns > most) {
			most = ns;
			found = cause;
		}
	return found;
}

function isMatch(page, search, node) {
	if (node.kind === "all")
		return false;
	return node.frame >= 0 ? matchesFrame(page, search, node.frame) : matchesText(search, node.label);
}

/**
 * What a search finds: the nodes in their order, and their share of the whole. A way
 * that has several matches is counted once, where it matches first.
 */
export function findMatches(page, tree, search) {
	const found = { nodes: [], set: new Set(), ns: 0 };
	const within = new Set(); /* matches, and what is below them */

	if (!search)
		return found;
	for (const node of tree.nodes) {
		const matched = isMatch(page, search, node);

		if (matched) {
			found.nodes.push(node);
			found.set.add(node);
		}
		if (node.parent && within.has(node.parent))
			within.add(node);
		else if (matched) {
			found.ns += node.ns;
			within.add(node);
		}
	}
	return found;
}

/* -- zoom -- */

/** The way to a node, for finding it again in a tree of other times. */
export function pathOf(node) {
	const path = [];

	for (; node && node.parent; node = node.parent)
		path.unshift(`${node.kind} ${node.label}`);
	return path;
}

/** The node of this path, or the last one of it that is there. */
export function nodeAt(tree, path) {
	let node = tree.root;

	for (const name of path) {
		const next = node.children.find((one) => `${one.kind} ${one.label}` === name);

		if (!next)
			break;
		node = next;
	}
	return node;
}

/* -- where it is drawn -- */

/**
 * Boxes of at least leastWidth of [0, width], a list a depth: those outside of the zoomed
 * node as wide as it, what is below it in proportion.
 * @returns {{node: Node, x: number, width: number}[][]}
 */
export function layOut(zoomed, width, leastWidth = 0.5) {
	const rows = [];
	const put = (node, x, wide) => {
		(rows[node.depth] = rows[node.depth] || []).push({ node, x, width: wide });
	};
	const open = [{ node: zoomed, x: 0, width }];

	for (let node = zoomed.parent; node; node = node.parent)
		put(node, 0, width);
	while (open.length) {
		const box = open.pop();
		let x = box.x;

		put(box.node, box.x, box.width);
		const below = [];

		for (const one of box.node.children) {
			const wide = box.node.ns > 0 ? (box.width * one.ns) / box.node.ns : 0;

			if (wide < leastWidth)
				break; /* the largest come first */
			below.push({ node: one, x, width: wide });
			x += wide;
		}
		while (below.length)
			open.push(below.pop());
	}
	return rows;
}

/** Of a row: the box at x, or null. */
export function boxAt(row, x) {
	let low = 0, high = row ? row.length : 0;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (row[middle].x + row[middle].width <= x)
			low = middle + 1;
		else
			high = middle;
	}
	return row && row[low] && row[low].x <= x ? row[low] : null;
}

/* -- as a table -- */

/** Frames by the time that is below them, one of a way that has it several times counted once. */
export function largestFrames(page, tree, most) {
	const sums = new Map();
	const open = new Set();
	const steps = [{ node: tree.root, leave: false }];

	while (steps.length) {
		const { node, leave } = steps.pop();

		if (leave) {
			open.delete(node.frame);
			continue;
		}
		if (node.frame >= 0) {
			const sum = sums.get(node.frame) || { frame: node.frame, ns: 0, byCause: {} };

			if (!open.has(node.frame)) {
				sum.ns += node.ns;
				for (const [cause, ns] of Object.entries(node.byCause))
					sum.byCause[cause] = (sum.byCause[cause] || 0) + ns;
				open.add(node.frame);
				steps.push({ node, leave: true });
			}
			sums.set(node.frame, sum);
		}
		for (const one of node.children)
			steps.push({ node: one, leave: false });
	}
	return [...sums.values()].sort((a, b) => b.ns - a.ns).slice(0, most);
}
