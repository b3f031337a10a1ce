// SPDX-License-Identifier: GPL-2.0-or-later
/* page.js - puts the views together, each on its section; none of them knows where the data is from. */
import { makeChanges } from "./changes.js";
import { makeDetails } from "./details.js";
import { el, hideTip, startTheme } from "./dom.js";
import { makeFilters } from "./filters.js";
import { makeFlame } from "./flame.js";
import { makeHead } from "./head.js";
import { toggleHelp } from "./help.js";
import { makeLanes } from "./lanes.js";
import { makePlaces } from "./places.js";
import { initialState, makeShown } from "./shown.js";
import { makeTurns } from "./turns.js";
import { unpack } from "./unpack.js";
import { makeWhatIf } from "./whatif.js";

/* The id of a section, its title if only the script fills it, who does, and for which pages. */
const VIEWS = [
	{ id: "head", make: makeHead },
	{ id: "diff", title: "What changed", make: makeChanges, isFor: (page) => page.diff },
	{ id: "places", make: makePlaces },
	{ id: "time", title: "When", make: makeLanes },
	{ id: "flame", title: "Through which calls", make: makeFlame },
	{ id: "turns", title: "How long turns took", make: makeTurns },
	{ id: "whatif", title: "What if", make: makeWhatIf },
	{ id: "stall", title: "One stall", make: makeDetails },
];

/* The element that a view is made in. Without script there are no titles of nothing. */
function viewOf({ id, title }) {
	const section = document.getElementById(id);

	if (title) {
		section.setAttribute("aria-labelledby", `${id}-title`);
		section.append(el("h2", { id: `${id}-title` }, title), el("div", { class: "view" }));
	}
	section.hidden = false;
	return section.querySelector(".view");
}

function isTyping(target) {
	return target instanceof HTMLElement &&
		(target.matches("input, select, textarea") || target.isContentEditable);
}

function reset(page, shown, filters, views) {
	const { fromNs, toNs, thresholdNs, without, only } = initialState(page);

	filters.search.value = "";
	shown.set({ fromNs, toNs, thresholdNs, without, only, search: null, selected: null });
	for (const view of views)
		view.reset();
}

/* The innermost of what is open goes first. */
function leave(shown, filters) {
	const state = shown.get();

	hideTip();
	if (document.activeElement === filters.search || state.search) {
		filters.search.value = "";
		filters.search.blur();
		shown.set({ search: null });
	} else if (state.selected !== null)
		shown.set({ selected: null });
	else if (state.only)
		shown.set({ only: "" });
}

function takeKeys(page, shown, filters, views) {
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey ||
		    document.querySelector("dialog[open]"))
			return;
		if (event.key === "Escape") {
			leave(shown, filters);
			return;
		}
		if (isTyping(event.target))
			return;

		const does = {
			"/": () => filters.search.focus(),
			"?": toggleHelp,
			t: filters.turn,
			0: () => reset(page, shown, filters, views),
		}[event.key];

		if (does) {
			event.preventDefault();
			does();
		}
	});
}

/** Makes each view; where one fails, its section says so, and the others are there. */
export function makePage(page) {
	const shown = makeShown(page);

	startTheme();
	document.documentElement.classList.add("live");

	const bar = document.getElementById("bar");
	const filters = makeFilters(bar, page, shown);

	bar.hidden = false;
	const zoomed = []; /* views with a zoom of their own */

	takeKeys(page, shown, filters, zoomed);
	for (const view of VIEWS.filter(({ isFor }) => !isFor || isFor(page))) {
		const element = viewOf(view);

		try {
			const made = view.make(element, page, shown);

			if (made && made.reset)
				zoomed.push(made);
		} catch (error) {
			console.error(error);
			element.append(el("p", { class: "failed", role: "alert" },
				`This part of the page could not be made: ${error.message}`));
		}
	}
	return shown;
}

/** As it is in a file: the data beside the script. */
export function start() {
	try {
		return makePage(unpack(JSON.parse(document.getElementById("data").textContent)));
	} catch (error) {
		console.error(error);
		document.querySelector("main").prepend(el("p", { class: "failed", role: "alert" },
			`The data of this page could not be read (${error.message}); what you see here needs no script.`));
		return null;
	}
}

if (typeof document !== "undefined" && document.getElementById("data"))
	start();
