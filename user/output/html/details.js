// SPDX-License-Identifier: GPL-2.0-or-later
/* details.js - one stall with all that is known of it; which one is in the page's address, too. */
import { causeColour } from "./colours.js";
import { el, isDark, onTheme, redraws } from "./dom.js";
import { addKeys } from "./help.js";
import { matches, stallsIn } from "./shown.js";
import { ledgerParts, stackLines, stallBeside, stallFragment, stallLedger, stallOfFragment, stallRows } from "./stall_parts.js";
import { swatch } from "./swatch.js";
import { groupsByStall, reasonWords, stallsTogether } from "./together.js";
import { clock, count, day, duration, percent, shorten, zone } from "./words.js";

const MOST_ROWS = 24;
const MOST_TOGETHER = 20;
const LONGEST_TEXT = 200000;

/* -- its parts -- */

function ledgerBar(stall) {
	const dark = isDark(), parts = stallLedger(stall);
	const bar = el("div", { class: "stall-bar", "aria-hidden": "true" });

	for (const { cause, ns } of parts) {
		const part = el("span", { title: `${cause || "not known"} ${duration(ns)}` });

		part.style.flexGrow = String(ns / stall.ns);
		part.style.background = cause ? causeColour(cause, dark) : "transparent";
		bar.append(part);
	}
	return [bar, el("ul", { class: "stall-ledger", "aria-label": "Where its time went" },
		parts.map(({ cause, ns }) => el("li", {}, cause && swatch(cause), ` ${cause || "not known"} `, el("strong", {}, duration(ns)), el("span", { class: "muted" }, ` ${percent(ns, stall.ns)}`)))),
	el("p", { class: "muted small" }, `Of the turn: ${ledgerParts(stall).map(({ words, ns }) => `${words} ${duration(ns)}`).join(", ")}.`)];
}

function sliceWords(slice) {
	return [slice.syscall, slice.target].filter(Boolean).join(" ");
}

function intervalWords(slice) {
	const first = slice.intervals.slice(0, 5).map(([atNs, ns]) => `${duration(ns)} from ${duration(atNs)} on`);
	const more = slice.intervals.length - first.length;

	return `${slice.cause}: ${first.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

/* A row a slice: what was when within the turn. chosen: whose stack is shown. */
function timeRows(stall, chosen, choose) {
	const { rows, restNs, restSlices } = stallRows(stall, MOST_ROWS), dark = isDark();

	if (!rows.length)
		return [el("p", { class: "muted small" }, "In which order its parts came is not known.")];
	const grid = el("div", { class: "stall-times" }, rows.map(({ slice, number }) => {
		const track = el("div", { class: "stall-track", role: "img", "aria-label": intervalWords(slice), title: intervalWords(slice) });

		for (const [atNs, ns] of slice.intervals) {
			const part = el("span", {});

			part.style.left = `${100 * Math.min(1, atNs / stall.ns)}%`;
			part.style.width = `${100 * Math.min(1 - Math.min(1, atNs / stall.ns), ns / stall.ns)}%`;
			part.style.background = causeColour(slice.cause, dark);
			track.append(part);
		}
		return [el("button", { type: "button", class: "quiet stall-slice", "aria-pressed": String(number === chosen), onclick: () => choose(number),
			title: "Show its stack" }, swatch(slice.cause), el("span", {}, `${slice.cause} `, el("span", { class: "code" }, sliceWords(slice)))),
		el("span", { class: "stall-ns" }, duration(slice.ns)), track];
	}));
	grid.append(el("div", { class: "stall-axis muted small", "aria-hidden": "true" }, [0, 0.5, 1].map((part) => el("span", {}, duration(part * stall.ns)))));
	return [grid, restSlices ? el("p", { class: "muted small" }, `${count(restSlices, "more part")}, ${duration(restNs)}, of which it is not known when they were.`) : ""];
}

function frameLine(frame) {
	const place = frame.file ? ` ${frame.file}${frame.line ? `:${frame.line}` : ""}` : "";

	return el("li", { class: `stall-frame stall-${frame.owner === "user" ? "own" : "other"}` }, el("span", { class: "code" }, frame.fn), el("span", { class: "muted code small" }, place));
}

function stackList(page, slice, isFolded, unfold) {
	if (!(slice && slice.stack >= 0))
		return el("p", { class: "muted small" }, "It has no stack.");
	return el("ol", { class: "stall-stack", tabindex: "0", "aria-label": "Stack, outermost first" }, stackLines(page, slice.stack, isFolded).map((line) =>
		line.frame ? frameLine(line.frame)
			: el("li", { class: "stall-folded" }, el("button", { type: "button", class: "link muted small", onclick: unfold }, `+${count(line.folded.length, line.words)}`))));
}

/* Asked for by a press: the clipboard may be refused to a file. */
async function copyText(pre, said) {
	try {
		await navigator.clipboard.writeText(pre.textContent);
		said.textContent = "Copied.";
	} catch {
		getSelection().selectAllChildren(pre);
		said.textContent = "Selected: copy it with Ctrl-C.";
	}
}

function textBox(stall) {
	const pre = el("pre", { class: "stall-text", tabindex: "0", "aria-label": "Its text" }), said = el("span", { class: "muted small", role: "status" });

	pre.textContent = shorten(stall.text, LONGEST_TEXT);
	return [el("div", { class: "controls" }, el("button", { type: "button", class: "stall-copy", onclick: () => copyText(pre, said) }, "Copy as text"), said), pre];
}

function factList(page, stall, group, select) {
	const loop = page.loops[stall.loop], recording = page.recordings[loop.recording];
	const rows = [
		["When", `${day(page, stall.atNs)} ${clock(page, stall.atNs)} ${zone(page)}`],
		["Loop", page.recordings.length > 1 ? `${loop.name} on ${recording.host}` : loop.name],
		["Tasks", stall.tasks.join(", ")],
		["Waited for", stall.target],
		["Who could have ended it", stall.culprit],
		["Impact", stall.impact],
		["Advice", stall.advice],
		["Doubtful", stall.doubt],
		["Note", [stall.ongoing && "it still went on when the watch ended", stall.beforeAttach && "it had begun before the watch did"].filter(Boolean).join("; ")],
	].filter(([, words]) => words);
	const list = el("dl", { class: "stall-facts" }, rows.map(([name, words]) => [el("dt", {}, name), el("dd", { class: name === "Advice" ? "stall-advice" : "" }, words)]));

	if (group)
		list.append(el("dt", {}, "At the same time"), el("dd", {}, `${reasonWords(group)}: `, group.stalls.filter((other) => other !== stall).slice(0, MOST_TOGETHER)
			.map((other) => el("button", { type: "button", class: "link stall-other", onclick: () => select(other) }, `${page.loops[other.loop].name}, ${duration(other.ns)}`))));
	return list;
}

function chainList(slice) {
	if (!slice || !slice.chain.length)
		return "";
	return [el("h4", {}, "Who it waited for"), el("ol", { class: "stall-chain" }, slice.chain.map((words) => el("li", {}, words)))];
}

/* -- which one -- */

/* Without an entry of its own in the history; a file may be refused the one way and not the other. */
function setFragment(fragment) {
	try {
		history.replaceState(null, "", fragment || `${location.pathname}${location.search}`);
	} catch {
		location.replace(fragment || "#");
	}
}

function isTyping(target) {
	return target instanceof HTMLElement && target.matches("input, select, textarea");
}

/** Scrolls to the stall that is chosen elsewhere on the page. */
export function makeDetails(view, page, shown) {
	const together = groupsByStall(stallsTogether(page)), section = view.closest("section") || view;
	const head = el("div", { class: "controls stall-nav" }), body = el("div", { class: "stall" });
	let drawn, slice = 0, isFolded = true, isSteps = false;

	const inOrder = (state) => stallsIn(page, state).map(({ stall }) => stall).filter((stall) => matches(page, state, stall));
	const select = (stall) => stall && shown.set({ selected: stall.index });
	const step = (by) => {
		isSteps = true;
		select(stallBeside(inOrder(shown.get()), shown.get().selected, by));
	};
	const before = el("button", { type: "button", onclick: () => step(-1) }, "← Before");
	const after = el("button", { type: "button", onclick: () => step(1) }, "After →");
	const longest = el("button", { type: "button", onclick: () => select(inOrder(shown.get()).reduce((best, stall) => !best || stall.ns > best.ns ? stall : best, null)) }, "The longest");
	const where = el("span", { class: "muted small", "aria-live": "polite" });

	const choose = (number) => {
		slice = number;
		drawn = undefined;
		draw(shown.get());
		const chosen = body.querySelector('[aria-pressed="true"]');

		if (chosen)
			chosen.focus();
	};

	const fill = (stall) => {
		const chosen = stall.slices[slice], isOpen = el("input", { type: "checkbox", checked: !isFolded, onchange: () => {
			isFolded = !isOpen.checked;
			drawn = undefined;
			draw(shown.get());
			body.querySelector(".stall-all input").focus();
		} });
		const unfold = () => {
			isFolded = false;
			drawn = undefined;
			draw(shown.get());
			body.querySelector(".stall-stack").focus();
		};

		body.replaceChildren(
			el("h3", { class: "stall-title" }, el("span", {}, duration(stall.ns)), " in ", el("span", { class: "code" }, stall.place), ": ", swatch(stall.cause), ` ${stall.cause}`),
			...[factList(page, stall, together.get(stall.index), select),
				el("div", { class: "stall-part" }, el("h4", {}, "Where its time went"), ...ledgerBar(stall)),
				el("div", { class: "stall-part" }, el("h4", {}, "In order"), ...timeRows(stall, slice, choose)),
				el("div", { class: "stall-columns" },
					el("div", { class: "stall-part" }, el("div", { class: "controls" }, el("h4", {}, `Stack: ${chosen ? chosen.cause : ""}`), el("label", { class: "stall-all push" }, isOpen, "all frames")),
						stackList(page, chosen, isFolded, unfold), ...[chainList(chosen)].flat()),
					el("div", { class: "stall-part" }, el("h4", {}, "As text"), ...textBox(stall)))]);
	};

	const draw = (state) => {
		const stall = page.stalls[state.selected] || null, order = inOrder(state).sort((a, b) => a.atNs - b.atNs || a.index - b.index);
		const at = stall ? order.indexOf(stall) : -1;

		before.disabled = stall ? at === 0 : !order.length;
		after.disabled = stall ? at === order.length - 1 : !order.length;
		longest.disabled = !order.length;
		where.textContent = !stall ? `${count(order.length, "stall")} in what is shown` : at < 0 ? "not in what is shown now" : `${at + 1} of ${order.length} in what is shown`;
		if (stall === drawn)
			return;
		drawn = stall;
		if (stall)
			fill(stall);
		else
			body.replaceChildren(el("p", { class: "muted" }, "Choose a stall in the lanes, or go through them with j and k."));
	};

	const toView = (state, was) => {
		if (state.selected === was.selected)
			return;
		const stall = page.stalls[state.selected] || null;

		slice = stall ? Math.max(0, stall.verdict) : 0;
		setFragment(stall ? stallFragment(page, stall) : "");
		if (stall && !(isSteps && isInView(section)))
			requestAnimationFrame(() => section.scrollIntoView({ block: "start" }));
		isSteps = false;
	};

	addKeys("Stalls", [["j k", "the next, the one before"]]);
	head.append(before, after, longest, where);
	view.append(head, body);
	redraws(shown, draw);
	shown.subscribe(toView);
	onTheme(() => {
		drawn = undefined;
		draw(shown.get());
	});
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]"))
			return;
		if (event.key === "j" || event.key === "k")
			step(event.key === "j" ? 1 : -1);
	});
	const ofAddress = () => {
		const stall = stallOfFragment(page, location.hash);

		if (stall && stall.index !== shown.get().selected)
			select(stall);
	};

	addEventListener("hashchange", ofAddress);
	ofAddress();
}

function isInView(element) {
	const { top, bottom } = element.getBoundingClientRect();

	return bottom > 100 && top < innerHeight - 200;
}
