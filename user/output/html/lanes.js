// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lanes.js - a lane a loop over time, worked by mouse, finger and keyboard: a range that is
 * brushed here narrows the whole page.
 */
import { el, hideTip, isDark, onTheme, onWidth, redraws, showTip, sizeCanvas } from "./dom.js";
import { addKeys } from "./help.js";
import { AXIS, LANE, laneColours, paintLanes } from "./lane_paint.js";
import { barAt, causesOf, laneOrder, movedView, viewWith, wholeView, zoomedView } from "./lane_sums.js";
import { isWholeRange, makeShown, matches, stallsIn } from "./shown.js";
import { causeName } from "./swatch.js";
import { groupsByStall, reasonWords, stallsTogether } from "./together.js";
import { makeTogether } from "./together_list.js";
import { clock, count, duration, percent, shorten } from "./words.js";

const KEYS = [
	["+ -", "zoom in, out"],
	["← →", "earlier, later"],
	["↑ ↓", "another loop"],
	[", .", "the stall before, after"],
	["Enter", "its details"],
	["Shift+← Shift+→", "brush a range"],
	["Esc", "no range"],
];
const DRAG = 4; /* pixels that are no click any more */

/** One line of a stall. */
export function stallLine(page, stall) {
	return `${duration(stall.ns)} in ${stall.place}: ${stall.cause}`;
}

/* What a pointer on a stall is told. */
function stallRows(page, stall, group) {
	const loop = page.loops[stall.loop];
	const others = group ? group.stalls.length - 1 : 0;

	return [
		stallLine(page, stall),
		`${clock(page, stall.atNs)}, ${loop.name}${stall.tasks.length ? `, task ${stall.tasks.slice(0, 3).join(", ")}` : ""}`,
		[stall.target, stall.culprit && `for ${stall.culprit}`].filter(Boolean).join(", "),
		others ? `together with ${count(others, "other stall")}: ${reasonWords(group)}` : "",
		stall.doubt ? `doubtful: ${stall.doubt}` : "",
	];
}

/* Keeps what is looked at, and how it is worked; draws through lane_paint.js. */
class Lanes {
	constructor(page, shown, parts) {
		const order = laneOrder(page);

		this.page = page;
		this.shown = shown;
		this.parts = parts;
		this.lanes = order.lanes.map((lane) => ({ ...lane, causes: causesOf(lane.loop), bars: [] }));
		this.quiet = order.quiet;
		this.laneAt = new Map(this.lanes.map((lane, at) => [lane.loop.index, at]));
		this.groups = stallsTogether(page);
		this.groupOf = groupsByStall(this.groups);
		this.whole = wholeView(page);
		this.view = this.whole;
		this.lane = 0; /* where the keyboard is */
		this.at = null; /* the stall that is pointed at */
		this.anchorNs = null; /* where a range that keys make was begun */
		this.drag = null;
		this.shortestNs = Math.min(...page.stalls.map((stall) => stall.ns));
		this.longestNs = Math.max(...page.stalls.map((stall) => stall.ns));
		this.dirty = () => {};
	}

	width() {
		return Math.max(50, this.parts.scroll.clientWidth);
	}

	nsAt(x) {
		return this.view.fromNs + x / this.width() * (this.view.toNs - this.view.fromNs);
	}

	bright(state) {
		return new Set(stallsIn(this.page, state).filter(({ stall }) => matches(this.page, state, stall))
			.map(({ stall }) => stall.index));
	}

	draw(state) {
		const { canvas, scroll, space } = this.parts, width = this.width();
		const whole = AXIS + this.lanes.length * LANE;

		space.style.height = `${whole}px`;
		const height = Math.min(whole, scroll.clientHeight || whole);

		if (canvas.dataset.size !== `${width} ${height} ${devicePixelRatio}`) {
			this.context = sizeCanvas(canvas, width, height);
			canvas.dataset.size = `${width} ${height} ${devicePixelRatio}`;
		}
		if (this.brightOf !== state) {
			this.brightOf = state;
			this.brightSet = this.bright(state);
		}
		paintLanes(this.context, {
			page: this.page, lanes: this.lanes, view: this.view, width, height, scroll: scroll.scrollTop,
			xOf: (ns) => (ns - this.view.fromNs) / (this.view.toNs - this.view.fromNs) * width,
			laneOf: (stall) => this.laneAt.get(stall.loop), groups: this.groups,
			group: this.groupOf.get(this.at ? this.at.index : state.selected),
			bright: this.brightSet, selected: state.selected, at: this.at,
			range: isWholeRange(this.page, state) ? null : state, colours: laneColours(canvas), dark: isDark(),
			shortestNs: this.shortestNs, longestNs: this.longestNs,
		});
		this.tell(state);
	}

	/* In words: what range, what zoom. */
	tell(state) {
		const { range, clear, fit, out } = this.parts, isWhole = isWholeRange(this.page, state);
		const { fromNs, toNs } = state;

		range.textContent = isWhole ? "Drag over the lanes to look at a part of the time."
			: `${clock(this.page, fromNs)} to ${clock(this.page, toNs)}, ${duration(toNs - fromNs)}`;
		clear.hidden = fit.hidden = isWhole;
		out.disabled = this.view.toNs - this.view.fromNs >= this.whole.toNs - this.whole.fromNs;
	}

	look(view) {
		this.view = view;
		this.dirty();
	}

	zoom(factor, atNs = (this.view.fromNs + this.view.toNs) / 2) {
		this.look(zoomedView(this.view, this.whole, factor, atNs));
	}

	setRange(oneNs, otherNs) {
		this.shown.set({ fromNs: Math.min(oneNs, otherNs), toNs: Math.max(oneNs, otherNs) });
	}

	clearRange() {
		this.anchorNs = null;
		this.shown.set({ fromNs: 0, toNs: this.page.lengthNs });
	}

	point(stall) {
		if (this.at === stall)
			return;
		this.at = stall;
		this.dirty();
	}

	/* By the keyboard: it comes into view, and is said. */
	goTo(stall) {
		const lane = this.laneAt.get(stall.loop), top = lane * LANE, { scroll } = this.parts;

		this.lane = lane;
		this.point(stall);
		if (top < scroll.scrollTop)
			scroll.scrollTop = top;
		else if (AXIS + top + LANE > scroll.scrollTop + scroll.clientHeight)
			scroll.scrollTop = AXIS + top + LANE - scroll.clientHeight;
		this.look(viewWith(this.view, this.whole, stall.atNs, stall.atNs + stall.ns));
		this.parts.said.textContent = stallRows(this.page, stall, this.groupOf.get(stall.index)).filter(Boolean)
			.map((row) => shorten(row, 300)).join(". ");
	}

	goBy(by) {
		const { stalls } = this.lanes[this.lane], at = stalls.indexOf(this.at);

		this.goTo(stalls[at < 0 ? (by > 0 ? 0 : stalls.length - 1) : Math.min(stalls.length - 1, Math.max(0, at + by))]);
	}

	/* To the stall of another lane that is nearest in time. */
	goLane(by) {
		const lane = Math.min(this.lanes.length - 1, Math.max(0, this.lane + by));
		const atNs = this.at ? this.at.atNs : this.view.fromNs;
		let nearest = null;

		for (const stall of this.lanes[lane].stalls)
			if (!nearest || Math.abs(stall.atNs - atNs) < Math.abs(nearest.atNs - atNs))
				nearest = stall;
		this.goTo(nearest);
	}

	/* A range by keys grows from where it was begun. */
	brushBy(part) {
		const state = this.shown.get(), ns = (this.view.toNs - this.view.fromNs) * part;

		if (isWholeRange(this.page, state) || this.anchorNs === null) {
			this.anchorNs = isWholeRange(this.page, state) ? this.at ? this.at.atNs : this.view.fromNs : state.fromNs;
			this.headNs = isWholeRange(this.page, state) ? this.anchorNs : state.toNs;
		}
		this.headNs = Math.min(this.page.lengthNs, Math.max(0, this.headNs + ns));
		this.setRange(this.anchorNs, this.headNs);
		this.look(viewWith(this.view, this.whole, this.headNs, this.headNs));
	}

	select(stall) {
		if (this.parts.selects)
			this.shown.set({ selected: stall.index });
	}

	key(event) {
		const part = event.shiftKey ? 0.02 : 0.1, ns = (this.view.toNs - this.view.fromNs) * part;
		const does = {
			"+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), _: () => this.zoom(2),
			ArrowLeft: () => event.shiftKey ? this.brushBy(-part) : this.look(movedView(this.view, this.whole, -ns)),
			ArrowRight: () => event.shiftKey ? this.brushBy(part) : this.look(movedView(this.view, this.whole, ns)),
			ArrowUp: () => this.goLane(-1), ArrowDown: () => this.goLane(1),
			",": () => this.goBy(-1), ".": () => this.goBy(1),
			Home: () => this.goTo(this.lanes[this.lane].stalls[0]), End: () => this.goTo(this.lanes[this.lane].stalls.at(-1)),
			Enter: () => this.at && this.select(this.at),
			Escape: isWholeRange(this.page, this.shown.get()) ? null : () => this.clearRange(),
		}[event.key];

		if (!does || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		does();
	}

	/* -- the pointer -- */

	stallUnder(event) {
		const box = this.parts.canvas.getBoundingClientRect();
		const y = event.clientY - box.top - AXIS + this.parts.scroll.scrollTop;
		const lane = this.lanes[Math.floor(y / LANE)];

		return lane && event.clientY - box.top >= AXIS ? barAt(lane.bars, event.clientX - box.left, 4) : null;
	}

	/* The edge of the range that is under the pointer: the other one stays. */
	edgeUnder(x) {
		const state = this.shown.get();

		if (isWholeRange(this.page, state))
			return null;
		const perNs = this.width() / (this.view.toNs - this.view.fromNs);
		const from = (state.fromNs - this.view.fromNs) * perNs, to = (state.toNs - this.view.fromNs) * perNs;

		return Math.abs(x - from) < 5 ? state.toNs : Math.abs(x - to) < 5 ? state.fromNs : null;
	}

	down(event) {
		const x = event.clientX - this.parts.canvas.getBoundingClientRect().left;

		if (event.button !== 0)
			return;
		this.parts.canvas.setPointerCapture(event.pointerId);
		this.drag = { x, fixedNs: this.edgeUnder(x) ?? this.nsAt(x), moved: this.edgeUnder(x) !== null, stall: this.stallUnder(event) };
	}

	move(event) {
		const x = event.clientX - this.parts.canvas.getBoundingClientRect().left;

		if (this.drag) {
			this.drag.moved ||= Math.abs(x - this.drag.x) >= DRAG;
			if (this.drag.moved)
				this.setRange(this.drag.fixedNs, this.nsAt(Math.max(0, Math.min(this.width(), x))));
			hideTip();
			return;
		}
		const stall = this.stallUnder(event);

		this.point(stall);
		this.parts.canvas.style.cursor = stall ? "pointer" : this.edgeUnder(x) !== null ? "ew-resize" : "crosshair";
		if (stall)
			showTip(event.clientX, event.clientY, stallRows(this.page, stall, this.groupOf.get(stall.index)));
		else
			hideTip();
	}

	up() {
		const { drag } = this;

		this.drag = null;
		this.anchorNs = null;
		if (drag && !drag.moved && drag.stall)
			this.select(drag.stall);
	}

	leave() {
		hideTip();
		this.point(null);
	}

	/* The page scrolls by the wheel until the lanes have been clicked. */
	wheel(event) {
		const { canvas } = this.parts, zooms = event.ctrlKey || document.activeElement === canvas;
		const isWhole = this.view.toNs - this.view.fromNs >= this.whole.toNs - this.whole.fromNs;

		if (event.deltaX && Math.abs(event.deltaX) > Math.abs(event.deltaY) && !isWhole) {
			event.preventDefault();
			this.look(movedView(this.view, this.whole, event.deltaX / this.width() * (this.view.toNs - this.view.fromNs)));
		} else if (zooms && !event.shiftKey && !(isWhole && event.deltaY > 0)) {
			event.preventDefault();
			hideTip();
			this.zoom(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))),
				this.nsAt(event.clientX - canvas.getBoundingClientRect().left));
		}
	}
}

/* What the colours are, of the causes that there are. */
function makeLegend(lanes) {
	const causes = [], hasLost = lanes.some((lane) => lane.loop.seconds.some((second) => second.lost));

	for (const lane of lanes)
		for (const cause of [...lane.stalls.map((stall) => stall.cause), ...lane.causes])
			if (!causes.includes(cause))
				causes.push(cause);
	const list = el("ul", { class: "lane-legend", "aria-label": "Colours" });
	const draw = () => list.replaceChildren(...causes.map((cause) => el("li", {}, causeName(cause))),
		...(hasLost ? [el("li", {}, el("span", { class: "lane-lost", "aria-hidden": "true" }), "events were lost")] : []));

	draw();
	onTheme(draw);
	return list;
}

/* The same for who does not see the lanes: of the range. */
function loopTable(page, state) {
	const sums = page.loops.map((loop) => ({ loop, stalls: 0, ns: 0, longestNs: 0 }));

	for (const { stall, ns } of stallsIn(page, state)) {
		const sum = sums[stall.loop];

		sum.stalls++;
		sum.ns += ns;
		sum.longestNs = Math.max(sum.longestNs, stall.ns);
	}
	sums.sort((a, b) => b.ns - a.ns);
	return el("table", {},
		el("thead", {}, el("tr", {}, ["Loop", "Stalls", "Time in stalls", "Share", "Longest"].map((words) => el("th", { scope: "col" }, words)))),
		el("tbody", {}, sums.map(({ loop, stalls, ns, longestNs }) => el("tr", {}, el("th", { scope: "row" }, loop.name),
			el("td", {}, String(stalls)), el("td", {}, duration(ns)), el("td", {}, percent(ns, state.toNs - state.fromNs)),
			el("td", {}, stalls ? duration(longestNs) : "")))));
}

function makeTable(page, shown) {
	const box = el("details", { class: "lane-table" }, el("summary", {}, "The loops as a table"));
	const draw = (state) => {
		if (box.open)
			box.replaceChildren(box.firstChild, el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "The loops as a table" }, loopTable(page, state)));
	};
	const ask = redraws(shown, draw);

	box.addEventListener("toggle", ask);
	return box;
}

/* selects: a stall of it has details on this page. */
function makeOne(view, page, shown, selects, name) {
	const parts = {
		canvas: el("canvas", { tabindex: "0", role: "application", "aria-roledescription": "lanes of loops over time",
			"aria-label": `${name}: arrows move, plus and minus zoom, comma and full stop go from stall to stall, Enter shows one, Shift and arrows choose a range` }),
		scroll: el("div", { class: "lane-scroll" }), space: el("div", { class: "lane-space" }),
		range: el("span", { class: "lane-range", "aria-live": "polite" }), said: el("p", { class: "out-of-sight", "aria-live": "polite" }),
		selects,
	};
	const lanes = new Lanes(page, shown, parts);
	const button = (words, label, onclick) => el("button", { type: "button", "aria-label": label, title: label, onclick }, words);

	parts.out = button("−", "Zoom out", () => lanes.zoom(2));
	parts.fit = button("Zoom to range", "Zoom to the range", () => lanes.look(zoomedTo(lanes)));
	parts.clear = button("No range", "Look at the whole time again", () => lanes.clearRange());
	if (!lanes.lanes.length) {
		view.append(el("p", { class: "muted" }, "No loop had a stall."));
	} else {
		view.append(el("div", { class: "controls" }, parts.range, el("span", { class: "push controls lane-buttons" }, parts.fit, parts.clear,
			button("+", "Zoom in", () => lanes.zoom(0.5)), parts.out, button("Whole", "The whole time", () => lanes.look(lanes.whole)))),
			makeLegend(lanes.lanes), parts.scroll, parts.said);
		parts.space.append(parts.canvas);
		parts.scroll.append(parts.space);
		listen(lanes, parts);
		lanes.dirty = redraws(shown, (state) => lanes.draw(state));
		onWidth(parts.scroll, lanes.dirty);
		onTheme(lanes.dirty);
	}
	if (lanes.quiet.length)
		view.append(el("details", { class: "lane-quiet" }, el("summary", {}, `${count(lanes.quiet.length, "loop")} without a stall`),
			el("ul", {}, lanes.quiet.slice(0, 300).map((loop) => el("li", {}, loop.name)))));
	if (lanes.groups.length)
		view.append(makeTogether(page, shown, lanes.groups, (group) => {
			lanes.goTo(group.stalls[0]);
			parts.canvas.focus();
		}));
	view.append(makeTable(page, shown));
	return lanes;
}

function zoomedTo(lanes) {
	const { fromNs, toNs } = lanes.shown.get();

	return zoomedView({ fromNs, toNs: Math.max(toNs, fromNs + 1e6) }, lanes.whole, 1, fromNs);
}

function listen(lanes, { canvas, scroll }) {
	canvas.addEventListener("keydown", (event) => lanes.key(event));
	canvas.addEventListener("pointerdown", (event) => lanes.down(event));
	canvas.addEventListener("pointermove", (event) => lanes.move(event));
	canvas.addEventListener("pointerup", (event) => lanes.up(event));
	canvas.addEventListener("pointercancel", () => (lanes.drag = null));
	canvas.addEventListener("pointerleave", () => lanes.leave());
	canvas.addEventListener("blur", () => lanes.point(null));
	canvas.addEventListener("dblclick", () => lanes.clearRange());
	canvas.addEventListener("wheel", (event) => lanes.wheel(event), { passive: false });
	scroll.addEventListener("scroll", () => lanes.dirty());
	for (const [event, isPaper] of [["beforeprint", true], ["afterprint", false]])
		addEventListener(event, () => {
			scroll.classList.toggle("lane-paper", isPaper);
			lanes.draw(lanes.shown.get());
		});
}

/** Of a comparison both sides; only what is after narrows the page. */
export function makeLanes(view, page, shown) {
	const sides = page.diff ? [["Before", page.diff.before, makeShown(page.diff.before)], ["After", page, shown]] : [["", page, shown]];

	addKeys("Lanes", KEYS);
	const all = sides.map(([words, side, store]) => {
		if (words)
			view.append(el("h3", {}, words));
		return makeOne(view, side, store, store === shown, `Lanes ${words.toLowerCase()}`.trim());
	});

	return { reset: () => all.forEach((lanes) => lanes.look(lanes.whole)) };
}
