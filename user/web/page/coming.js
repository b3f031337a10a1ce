// SPDX-License-Identifier: GPL-2.0-or-later
/* coming.js - stalls as they come, the latest first: each once, and again while it lasts. */
import { clear, el } from "../../output/html/dom.js";
import { causeName } from "../../output/html/swatch.js";
import { clock, duration, grouped } from "../../output/html/words.js";

const SHOWN_MAX = 100;

/** The same for all reports of one stall. */
export function stallKey(page, stall) {
	return `${page.loops[stall.loop].pid} ${stall.turn}`;
}

/** Who was in it: "python3[4242], task rates-3". */
export function whose(stall) {
	const tasks = stall.tasks.slice(0, 3).join(", ");

	return stall.process + (tasks ? `, ${stall.tasks.length > 1 ? "tasks" : "task"} ${tasks}` : "") +
		(stall.tasks.length > 3 ? " and others" : "");
}

function fill(item, page, stall) {
	const wasOpen = item.querySelector("details") && item.querySelector("details").open;

	clear(item).append(
		el("div", { class: "first" },
			el("span", { class: "muted" }, clock(page, stall.atNs)),
			el("span", { class: stall.ongoing ? "lasts" : "" }, duration(stall.ns), stall.ongoing ? " and still" : ""),
			el("span", { class: "code" }, stall.place), causeName(stall.cause),
			stall.target ? el("span", { class: "code" }, stall.target) : "",
			el("span", { class: "muted" }, whose(stall))),
		stall.doubt ? el("p", { class: "muted small" }, `In doubt: ${stall.doubt}`) : "",
		stall.advice ? el("div", { class: "advice" }, stall.advice) : "",
		el("details", { open: !!wasOpen }, el("summary", {}, "Stack and ledger"), el("pre", { class: "stall-text", tabindex: "0" }, stall.text)));
}

/** @returns what adds the stalls of a page, and shows those that last; so many more last that are not in it */
export function makeComing(section) {
	const list = el("ol", { class: "coming", tabindex: "0", "aria-labelledby": "coming-title" });
	const none = el("p", { class: "muted" });
	const more = el("p", { class: "muted small" });
	const items = new Map(); /* key: its element, and whether it lasts */

	section.setAttribute("aria-labelledby", "coming-title");
	section.append(el("h2", { id: "coming-title" }, "Stalls as they come"), none, list, more);
	return (page, moreLast) => {
		const lasting = new Set();

		for (const stall of page.stalls) {
			const key = stallKey(page, stall);
			let known = items.get(key);

			if (stall.ongoing)
				lasting.add(key);
			if (known && !known.ongoing)
				continue;
			if (!known) {
				known = { item: el("li") };
				items.set(key, known);
				list.prepend(known.item);
			}
			known.ongoing = stall.ongoing;
			fill(known.item, page, stall);
		}
		/* those that turned out to be none, or whose end was missed */
		for (const [key, { item, ongoing }] of items)
			if ((ongoing && !lasting.has(key)) || (!ongoing && items.size > SHOWN_MAX)) {
				item.remove();
				items.delete(key);
			}
		clear(none).append(items.size ? "" : "None in the last hour.");
		none.hidden = items.size > 0;
		clear(more).append(moreLast ? `and ${grouped(moreLast)} more that last` : "");
		more.hidden = !moreLast;
		section.hidden = false;
	};
}
