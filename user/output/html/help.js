// SPDX-License-Identifier: GPL-2.0-or-later
/* help.js - the keys of the page, as each view has named them, in an overlay. */
import { el } from "./dom.js";

const sections = new Map(); /* title: [[keys, words]] */

/** addKeys("Flame graph", [["n / N", "next, last match"]]) */
export function addKeys(title, rows) {
	sections.set(title, [...(sections.get(title) || []), ...rows]);
}

let dialog = null;

export function toggleHelp() {
	if (dialog && dialog.open) {
		dialog.close();
		return;
	}
	if (dialog)
		dialog.remove();
	dialog = el("dialog", { class: "help", "aria-labelledby": "help-title" },
		el("h2", { id: "help-title" }, "Keys"),
		el("div", { class: "columns" }, [...sections].map(([title, rows]) =>
			el("section", {}, el("h3", {}, title), el("dl", {}, rows.map(([keys, words]) => [
				el("dt", {}, keys.split(" ").map((key) => el("kbd", {}, key))),
				el("dd", {}, words),
			]))))),
		el("form", { method: "dialog" }, el("button", { autofocus: true }, "Close")));
	document.body.append(dialog);
	dialog.showModal();
}
