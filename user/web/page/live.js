// SPDX-License-Identifier: GPL-2.0-or-later
/* live.js - the table of the loops, drawn anew each time. */
import { clear, el } from "../../output/html/dom.js";
import { causeName } from "../../output/html/swatch.js";
import { count, duration, grouped, percent } from "../../output/html/words.js";
import { liveRows } from "./live_rows.js";

const SHOWN_ROWS = 50;
const SHOWN_CAUSES = 3;

const TITLES = ["Stalled", "Loop", "Time lost to", "Longest turn", "Turns a second", "Stalls"];

const number = (title, ...words) => el("td", { class: "number", "data-title": title }, ...words);

function rowOf(row) {
	return el("tr", {},
		number("stalled", row.lasts ? el("span", { class: "now" }, `now, ${percent(row.stalledNs, row.spanNs)}`)
			: percent(row.stalledNs, row.spanNs)),
		el("th", { scope: "row" }, row.name),
		el("td", { class: "causes-cell" }, el("span", { class: "causes" }, row.causes.slice(0, SHOWN_CAUSES).map(([cause, ns]) =>
			el("span", {}, causeName(cause), ` ${percent(ns, row.spanNs)}`)))),
		number("longest", row.longestNs ? duration(row.longestNs) : "–"),
		number("turns/s", grouped((row.turns * 1e9) / row.spanNs)),
		number("stalls", grouped(row.stalls)));
}

/** @returns {(summary, page, unseen) => void} draws what is now; unseen: what was not, in words */
export function makeLive(section) {
	const body = el("tbody");
	const rest = el("p", { class: "muted small" });
	const missed = el("p", { class: "unseen small" });

	section.setAttribute("aria-labelledby", "live-title");
	section.append(
		el("h2", { id: "live-title" }, "Loops now"),
		el("p", { class: "lead small" }, "The last ten seconds, the worst first; stalls since this recording began."),
		missed,
		el("div", { class: "scrolls", tabindex: "0", role: "group", "aria-label": "Loops now" },
			el("table", { class: "loops" },
				el("thead", {}, el("tr", {}, TITLES.map((title) =>
					el("th", { scope: "col", class: title === "Loop" || title === "Time lost to" ? "" : "number" }, title)))), body)),
		rest);
	return (summary, page, unseen) => {
		const rows = liveRows(summary, page);

		clear(body).append(...rows.slice(0, SHOWN_ROWS).map(rowOf));
		clear(rest).append(!rows.length ? "No event loop is there now."
			: rows.length > SHOWN_ROWS ? `and ${count(rows.length - SHOWN_ROWS, "quieter loop")}` : "");
		clear(missed).append(unseen);
		missed.hidden = !unseen;
		section.hidden = false;
	};
}
