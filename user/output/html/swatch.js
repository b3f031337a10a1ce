// SPDX-License-Identifier: GPL-2.0-or-later
/* swatch.js - the small square beside a cause's name, in its colour and its pattern. */
import { TILE, causeColour, causeWords, patternLines } from "./colours.js";
import { el, isDark } from "./dom.js";

/** For the eye alone: the name stands beside it. */
export function swatch(cause) {
	const dark = isDark();

	return el("svg", { class: "swatch", viewBox: `0 0 ${TILE} ${TILE}`, "aria-hidden": "true" },
		el("rect", { width: TILE, height: TILE, fill: causeColour(cause, dark) }),
		patternLines(cause).map(([x1, y1, x2, y2]) => el("line", {
			x1, y1, x2, y2, "stroke-width": 1.6,
			stroke: dark ? "rgba(0,0,0,.45)" : "rgba(255,255,255,.65)",
		})));
}

/** The square and the name, which says what it means when it is pointed at. */
export function causeName(cause) {
	return el("span", { class: "cause", title: causeWords(cause) }, swatch(cause), cause);
}
