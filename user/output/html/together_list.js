// SPDX-License-Identifier: GPL-2.0-or-later
/* together_list.js - stalls of several loops at the same time for one reason, as a list. */
import { el, redraws } from "./dom.js";
import { overlap } from "./shown.js";
import { reasonWords } from "./together.js";
import { clock, count, duration } from "./words.js";

const FIRST = 5;

function groupWords(page, group) {
	const loops = new Set(group.stalls.map((stall) => stall.loop)).size;
	const longestNs = Math.max(...group.stalls.map((stall) => stall.ns));

	return `${clock(page, group.stalls[0].atNs, 0)}  ${count(loops, "loop")}, longest ${duration(longestNs)}: ${reasonWords(group)}`;
}

/** goTo(group) shows it in the lanes. Those that had most loops come first. */
export function makeTogether(page, shown, groups, goTo) {
	const title = el("p", {}), list = el("ul", {}), box = el("div", { class: "lane-together" }, title, list);
	const sized = groups.map((group) => ({ group, loops: new Set(group.stalls.map((stall) => stall.loop)).size }))
		.sort((a, b) => b.loops - a.loops || b.group.stalls.length - a.group.stalls.length);
	let all = false;

	const draw = (state) => {
		const inRange = sized.filter(({ group }) => group.stalls.some((stall) => overlap(state, stall.atNs, stall.ns) > 0));
		const shownGroups = inRange.slice(0, all ? 200 : FIRST);

		box.hidden = !inRange.length;
		title.textContent = inRange.length === 1 ? "Once several loops stood still together:"
			: `${inRange.length} times several loops stood still together:`;
		list.replaceChildren(...shownGroups.map(({ group }) => el("li", {},
			el("button", { type: "button", class: "link", onclick: () => goTo(group) }, groupWords(page, group)))));
		if (inRange.length > shownGroups.length && !all)
			list.append(el("li", {}, el("button", { type: "button", onclick: () => {
				all = true;
				draw(shown.get());
			} }, `${inRange.length - shownGroups.length} more`)));
	};

	redraws(shown, draw);
	return box;
}
