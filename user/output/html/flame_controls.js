// SPDX-License-Identifier: GPL-2.0-or-later
/* flame_controls.js - how the flame graph is grouped, turned and coloured, and what its colours mean. */
import { CAUSES, KINDS, kindColour } from "./colours.js";
import { clear, el, isDark } from "./dom.js";
import { causeName } from "./swatch.js";

const GROUPS = [["stack", "nothing"], ["task", "task"], ["target", "target"], ["cause", "cause"], ["process", "process"]];

const FRAMES = [["all", "all"], ["calls", "without the interpreter's"], ["own", "own code only"]];

/** Fewer, and all again. */
export function nextFrames(frames) {
	return FRAMES[(FRAMES.findIndex(([name]) => name === frames) + 1) % FRAMES.length][0];
}

function choice(label, choices, set) {
	const select = el("select", { onchange: () => set(select.value) },
		choices.map(([value, words]) => el("option", { value }, words)));

	return { label: el("label", {}, label, select), select };
}

function toggle(words, title, set) {
	return el("button", { type: "button", "aria-pressed": "false", title, onclick: set }, words);
}

function legendOf(page, colourBy) {
	if (colourBy === "kind")
		return KINDS.map(({ name, words }) => {
			const square = el("span", { class: "square", "aria-hidden": "true" });

			square.style.backgroundColor = kindColour(name, isDark());
			return el("span", { class: `key ${name}` }, square, words);
		});

	const used = new Set(page.stalls.flatMap((stall) => stall.slices.map((slice) => slice.cause)));

	return CAUSES.filter(({ name }) => used.has(name)).map(({ name }) => el("span", { class: "key" }, causeName(name)));
}

/** step(±1): to the next match, to the last. */
export function makeFlameControls(page, shown, { step }) {
	const group = choice("Group by", GROUPS, (groupBy) => shown.set({ groupBy }));
	const colour = choice("Colours", [["kind", "of kinds"], ["cause", "of causes"]], (colourBy) => shown.set({ colourBy }));
	const flame = toggle("Flames", "The outermost call below, as flames (f)", () => shown.set({ flame: !shown.get().flame }));
	const inverted = toggle("Innermost first", "Who called this, not what this called (i)",
		() => shown.set({ inverted: !shown.get().inverted }));
	const frames = choice("Frames", FRAMES, (name) => shown.set({ frames: name }));
	const matched = el("span", { class: "muted", role: "status" });
	const steps = el("span", { hidden: true },
		el("button", { type: "button", class: "quiet", "aria-label": "Last match", title: "Last match (N)", onclick: () => step(-1) }, "‹"),
		el("button", { type: "button", class: "quiet", "aria-label": "Next match", title: "Next match (n)", onclick: () => step(1) }, "›"));
	const legend = el("div", { class: "legend" });

	return {
		element: el("div", {},
			el("div", { class: "controls" }, group.label, frames.label, colour.label, flame, inverted,
				el("span", { class: "push" }, matched, steps)), legend),
		draw(state) {
			group.select.value = state.groupBy;
			colour.select.value = state.colourBy;
			flame.setAttribute("aria-pressed", String(state.flame));
			inverted.setAttribute("aria-pressed", String(state.inverted));
			frames.select.value = state.frames;
			clear(legend).append(...legendOf(page, state.colourBy));
		},
		matched(words, any) {
			clear(matched).append(words);
			steps.hidden = !any;
		},
	};
}
