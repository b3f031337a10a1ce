// SPDX-License-Identifier: GPL-2.0-or-later
/* changes.js - what is new, gone, worse and better since another recording, place by place, and in sum. */
import { clear, el, redraws } from "./dom.js";
import { sums, watchedNs } from "./head.js";
import { initialState, matchesText } from "./shown.js";
import { causeName } from "./swatch.js";
import { count, duration, grouped, percent, shorten } from "./words.js";

const SHOWN_ROWS = 30;
const HOUR_NS = 3600e9;

/* What a reader has to look at comes first. */
const KINDS = [
	["new", "new", "▲"], ["worse", "worse", "▲"], ["gone", "gone", "▼"], ["better", "better", "▼"], ["same", "as it was", "="],
	["too_short", "in both", "·"], /* and not to be told from chance */
];

function rank(kind) {
	const at = KINDS.findIndex(([name]) => name === kind);

	return at < 0 ? KINDS.length : at;
}

/** Places of a comparison that the search finds, by what became of them; the larger change first. */
export function changeRows(places, search) {
	const change = (place) => Math.abs(place.afterNsPerHour - place.beforeNsPerHour);

	return places
		.filter((place) => !search || matchesText(search, place.name) || matchesText(search, place.cause))
		.sort((a, b) => rank(a.kind) - rank(b.kind) || change(b) - change(a) || b.afterNsPerHour - a.afterNsPerHour);
}

/** "4 new, 3 gone" */
export function countsOf(places) {
	return KINDS.map(([kind, words]) => [places.filter((place) => place.kind === kind).length, words])
		.filter(([number]) => number).map(([number, words]) => `${grouped(number)} ${words}`).join(", ");
}

/** [name, before, after] of the two recordings as wholes. */
export function sides(before, after) {
	const [old, now] = [before, after].map((page) => {
		const state = initialState(page);

		return { ...sums(page, state), watched: watchedNs(page, state) };
	});
	const hourly = (side, value) => (side.watched ? (value * HOUR_NS) / side.watched : 0);
	const number = (value) => (value >= 100 ? grouped(value) : value.toFixed(1));

	return [
		["Loops watched, together", duration(old.watched), duration(now.watched)],
		["Lost in an hour of a loop", duration(hourly(old, old.lostNs)), duration(hourly(now, now.lostNs))],
		["Part of their time", percent(old.lostNs, old.watched), percent(now.lostNs, now.watched)],
		["Stalls in an hour of a loop", number(hourly(old, old.stalls)), number(hourly(now, now.stalls))],
		["Longest stall", duration(old.longestNs), duration(now.longestNs)],
	];
}

function inTable(heads, rows) {
	return el("table", { class: "plain changes" },
		el("thead", {}, el("tr", {}, heads.map(([title, number]) =>
			el("th", { scope: "col", class: number ? "number" : "" }, title)))),
		el("tbody", {}, rows));
}

function bars(place, most) {
	return el("span", { class: "change-bars", "aria-hidden": "true" },
		[place.beforeNsPerHour, place.afterNsPerHour].map((ns, after) => {
			const bar = el("span", { class: after ? "after" : "before" });

			bar.style.width = `${(100 * ns) / most}%`;
			return bar;
		}));
}

function kindName(kind) {
	const [, words, sign] = KINDS[rank(kind)] || [kind, kind, ""];

	return el("span", { class: `change ${rank(kind) < 2 ? "more-lost" : ""}` },
		el("span", { "aria-hidden": "true" }, `${sign} `), words);
}

function row(place, most) {
	return el("tr", {},
		el("td", {}, kindName(place.kind),
			place.chance ? el("div", { class: "muted small" }, "perhaps chance") : ""),
		el("td", { class: "code" }, shorten(place.name, 200)),
		el("td", {}, causeName(place.cause)),
		el("td", { class: "number" }, place.beforeNsPerHour ? duration(place.beforeNsPerHour) : "–"),
		el("td", { class: "number" }, place.afterNsPerHour ? duration(place.afterNsPerHour) : "–"),
		el("td", {}, bars(place, most)),
		el("td", { class: "number" }, `${grouped(place.beforeStalls)} → ${grouped(place.afterStalls)}`));
}

export function makeChanges(element, page, shown) {
	const { before, limits, places } = page.diff;
	const found = el("p", { class: "muted", role: "status" });
	const table = el("div", { class: "scrolls" });
	const more = el("button", { type: "button", class: "no-print", onclick: () => {
		all = true;
		draw(shown.get());
	} });
	let all = false;

	function draw({ search }) {
		const rows = changeRows(places, search);
		const most = Math.max(1, ...rows.map((place) => Math.max(place.beforeNsPerHour, place.afterNsPerHour)));

		clear(found).append(countsOf(rows) ||
			(search ? "No place here matches the search." : "No time was lost in either."));
		clear(table).append(rows.length ? inTable(
			[[""], ["Place"], ["Cause"], ["Before, an hour", true], ["After, an hour", true], [""], ["Stalls", true]],
			rows.slice(0, all ? rows.length : SHOWN_ROWS).map((place) => row(place, most))) : "");
		more.hidden = all || rows.length <= SHOWN_ROWS;
		clear(more).append(`All ${count(rows.length, "place")}`);
	}

	clear(element).append(
		inTable([[""], ["Before", true], ["After", true]], sides(before, page).map(([name, old, now]) => el("tr", {},
			el("th", { scope: "row" }, name), el("td", { class: "number" }, old), el("td", { class: "number" }, now)))),
		limits ? el("p", {}, limits) : "",
		el("h3", {}, "Places"), found, table, more,
		el("p", { class: "muted small" }, "Times are by the hour of one loop. The rest of this page is of the recording after; " +
			"its lanes and its turns have both."));
	redraws(shown, draw);
}
