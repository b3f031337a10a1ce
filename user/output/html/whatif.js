// SPDX-License-Identifier: GPL-2.0-or-later
/* whatif.js - places, causes and targets to tick off, and what would be left of the stalls. */
import { el, redraws } from "./dom.js";
import { causeName } from "./swatch.js";
import { count, duration, grouped, percent, shorten } from "./words.js";
import { shorterTurns, whatCanGo, whatIf } from "./whatif_sums.js";

const FIRST = 6;
const MOST = 200;
const GROUPS = [["places", "Places"], ["causes", "Causes"], ["targets", "Waited for"]];

function tickBox(shown, one, kind) {
	const box = el("input", { type: "checkbox", value: one.key });

	box.addEventListener("change", () => {
		const without = new Set(shown.get().without);

		if (box.checked)
			without.add(one.key);
		else
			without.delete(one.key);
		shown.set({ without });
	});
	return el("label", { class: "whatif-one" }, box,
		el("span", { class: kind === "causes" ? "" : "code" }, kind === "causes" ? causeName(one.name) : shorten(one.name, 200)),
		el("span", { class: "muted small whatif-time" }, duration(one.ns)));
}

/* Numbers of now and then in a row; a bar shows what is left of it. */
function resultRow(words, nowNumber, thenNumber, show) {
	const part = nowNumber > 0 ? thenNumber / nowNumber : 1;
	const bar = el("span", { class: "whatif-bar", "aria-hidden": "true" }, el("span", {}));

	bar.firstChild.style.width = `${100 * Math.min(1, part)}%`;
	return el("tr", {}, el("th", { scope: "row" }, words), el("td", {}, show(nowNumber)),
		el("td", { class: part < 1 ? "whatif-less" : "" }, show(thenNumber)),
		el("td", { class: "whatif-change" }, bar, part < 1 ? `−${percent(nowNumber - thenNumber, nowNumber)}` : "the same"));
}

function resultTable({ today, then }) {
	return el("table", { class: "whatif-table" },
		el("thead", {}, el("tr", {}, el("td", {}), ["As it was", "Without them", "Change"].map((words) => el("th", { scope: "col" }, words)))),
		el("tbody", {}, resultRow("Stalls", today.stalls, then.stalls, grouped), resultRow("Time in them", today.ns, then.ns, duration),
			resultRow("Longest turn", today.longestNs, then.longestNs, duration),
			resultRow("99% of turns within about", today.p99, then.p99, duration),
			resultRow("50% of turns within about", today.p50, then.p50, duration)));
}

/* What this cannot know. */
function limits(page, state) {
	const { ns, withoutNs } = shorterTurns(page, state);
	const words = ["Turns below the threshold have no parts here: they stay as they were"];

	words.push(withoutNs > 0 ? `, though about ${duration(withoutNs)} of what is ticked was in them` :
		ns > 0 ? `, with about ${duration(ns)} of blocked time` : "", ". ");
	if (page.stalls.some((stall) => stall.slices.some((slice) => slice.stack < 0)))
		words.push("Time without a stack is of no place, and goes with none. ");
	const leftOut = page.recordings.reduce((sum, recording) => sum + recording.stallsLeftOut, 0);

	if (leftOut)
		words.push(`${count(leftOut, "stall")} that this page leaves out are not in it. `);
	words.push("What the loop would have done instead nobody knows: it is taken to have waited for events.");
	return words.join("");
}

export function makeWhatIf(view, page, shown) {
	const groups = el("div", { class: "whatif-groups" }), result = el("div", { class: "whatif-result", "aria-live": "polite" });
	const back = el("button", { type: "button", onclick: () => shown.set({ without: new Set() }) }, "Nothing ticked");
	const limit = el("p", { class: "muted small" }), all = new Set();
	let drawn = "";

	const fill = (state) => {
		const can = whatCanGo(page, state), had = document.activeElement;
		const focused = groups.contains(had) ? had.value : null;

		groups.replaceChildren(...GROUPS.filter(([kind]) => can[kind].length).map(([kind, words]) => {
			const ones = can[kind], some = ones.slice(0, all.has(kind) ? MOST : FIRST);
			const more = ones.length > some.length && !all.has(kind) && el("button", { type: "button", onclick: () => {
				all.add(kind);
				drawn = "";
				draw(shown.get());
			} }, `${grouped(ones.length - some.length)} more`);

			return el("fieldset", {}, el("legend", {}, words), some.map((one) => tickBox(shown, one, kind)), more || null);
		}));
		if (focused)
			for (const box of groups.querySelectorAll("input"))
				if (box.value === focused)
					box.focus();
	};

	/* The boxes stay as long as the range does, with the focus that they have. */
	const draw = (state) => {
		const key = `${state.fromNs} ${state.toNs} ${state.thresholdNs}`;

		if (key !== drawn) {
			fill(state);
			drawn = key;
		}
		for (const box of groups.querySelectorAll("input"))
			box.checked = state.without.has(box.value);
		back.hidden = !state.without.size;
		result.replaceChildren(resultTable(whatIf(page, state)));
		limit.textContent = limits(page, state);
	};

	view.append(el("p", { class: "lead" }, "Tick what would be mended: the stalls without its time."),
		el("div", { class: "whatif" }, groups, el("div", {}, result, back, limit)));
	redraws(shown, draw);
}
