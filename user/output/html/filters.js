// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * filters.js - the bar that stays in sight: the search, and what of the data the page
 * shows now, each part with a button that takes it back.
 */
import { clear, el, nextTheme, redraws, theme } from "./dom.js";
import { addKeys, toggleHelp } from "./help.js";
import { initialState, isWholeRange, matches, searchPattern, stallsIn } from "./shown.js";
import { clock, count, duration, shorten } from "./words.js";

const THEME_WORDS = { auto: "Auto", light: "Light", dark: "Dark" };

/** [words, what takes it back] of each part of the state that leaves something out. */
export function narrowed(page, state) {
	const start = initialState(page);
	const parts = [];

	if (!isWholeRange(page, state))
		parts.push([`${clock(page, state.fromNs, 1)} – ${clock(page, state.toNs, 1)} ` +
			`(${duration(state.toNs - state.fromNs)})`, { fromNs: 0, toNs: page.lengthNs }]);
	if (state.only)
		parts.push([shorten(state.only.slice("place:".length), 60), { only: "" }]);
	if (state.thresholdNs !== start.thresholdNs)
		parts.push([`over ${duration(state.thresholdNs)}`, { thresholdNs: start.thresholdNs }]);
	for (const key of state.without) {
		const without = new Set(state.without);

		without.delete(key);
		parts.push([`without ${shorten(key.slice(key.indexOf(":") + 1), 60)}`, { without }]);
	}
	return parts;
}

export function makeFilters(element, page, shown) {
	const pattern = el("input", {
		type: "search", id: "search", spellcheck: "false", autocomplete: "off",
		placeholder: "Search (regular expression)", "aria-label": "Search, a regular expression",
		"aria-describedby": "search-found", maxlength: "500",
		oninput: () => {
			const search = searchPattern(pattern.value);

			pattern.setAttribute("aria-invalid", String(!!pattern.value && !search));
			shown.set({ search });
		},
	});
	const found = el("span", { id: "search-found", class: "found", role: "status" });
	const parts = el("div", { class: "parts", role: "group", "aria-label": "What is shown" });
	const light = el("button", {
		type: "button", class: "quiet", title: "Light, dark, or as the system has it (t)",
		onclick: () => turn(),
	});

	function turn() {
		nextTheme();
		name();
	}
	function name() {
		clear(light).append(THEME_WORDS[theme()]);
		light.setAttribute("aria-label", `Colours: ${THEME_WORDS[theme()]}`);
	}

	name();
	element.append(
		el("div", { class: "search" }, pattern, found), parts,
		el("div", { class: "tools" }, light, el("button", {
			type: "button", class: "quiet", "aria-label": "Keys", title: "Keys (?)",
			onclick: toggleHelp,
		}, "?")));
	redraws(shown, (state) => {
		const stalls = stallsIn(page, state);
		const narrow = narrowed(page, state);

		clear(found);
		if (pattern.value && !state.search)
			found.append("no such expression");
		else if (state.search)
			found.append(`${stalls.filter(({ stall }) => matches(page, state, stall)).length} of ` +
				count(stalls.length, "stall"));
		if (!state.search && pattern.value && pattern !== document.activeElement)
			pattern.value = "";
		clear(parts).append(...narrow.map(([words, back]) => el("button", {
			type: "button", class: "part", "aria-label": `${words}: show all again`,
			onclick: () => shown.set(back),
		}, words, el("span", { "aria-hidden": "true" }, " ×"))));
	});
	addKeys("The page", [
		["/", "search"],
		["?", "these keys"],
		["t", "light, dark, or as the system has it"],
		["0", "the whole range, all places, no zoom"],
		["Esc", "leave what was opened or selected last"],
	]);
	return { search: pattern, turn };
}
