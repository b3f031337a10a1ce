// SPDX-License-Identifier: GPL-2.0-or-later
/* places.js - the verdicts, a row a place and cause, the worst first: those of the range, the search, the what-if. */
import { causeColour } from "./colours.js";
import { clear, el, isDark, onTheme, redraws } from "./dom.js";
import { addKeys } from "./help.js";
import { isAll, leftOut, matches, placeKey, stallsIn } from "./shown.js";
import { causeName } from "./swatch.js";
import { count, duration, grouped, percent, shorten } from "./words.js";

const SHOWN_ROWS = 25;
const SHOWN_NAMES = 100; /* of targets or tasks, once they are opened */

/* -- sums -- */

/* Processes that are told apart by their number alone are one: each time another child, or another compiler. */
function add(names, name, ns) {
	const key = name.replace(/\[\d+(\/\d+)?\]/g, "[…]");
	const sum = names.get(key);

	if (sum) {
		sum.name = sum.name === name ? name : key;
		sum.ns += ns;
		sum.stalls++;
	} else
		names.set(key, { name, ns, stalls: 1 });
}

const largest = (names) => [...names.values()].sort((a, b) => b.ns - a.ns);

/**
 * Rows of the table, largest first. Time is that of whole turns, as far as they lie in
 * the range: one stall is in one row.
 */
export function placeRows(page, state) {
	const rows = new Map();

	for (const { stall, ns } of stallsIn(page, state)) {
		if (!matches(page, state, stall))
			continue;

		const key = `${stall.cause} ${stall.place}`;
		let row = rows.get(key);

		if (!row)
			rows.set(key, (row = {
				key, place: stall.place, cause: stall.cause, ns: 0, stalls: 0, doubtful: 0,
				longest: stall, advice: "", targets: new Map(), culprits: new Map(), tasks: new Map(),
			}));
		row.ns += ns;
		row.stalls++;
		row.doubtful += stall.doubt ? 1 : 0;
		row.advice = row.advice || stall.advice;
		if (stall.ns > row.longest.ns)
			row.longest = stall;
		if (stall.target)
			add(row.targets, stall.target, ns);
		if (stall.culprit && stall.culprit !== stall.target)
			add(row.culprits, stall.culprit, ns);
		for (const task of stall.tasks)
			add(row.tasks, task, ns);
	}
	return [...rows.values()]
		.map((row) => ({
			...row, targets: largest(row.targets), culprits: largest(row.culprits), tasks: largest(row.tasks),
		}))
		.sort((a, b) => b.ns - a.ns);
}

const COLUMNS = [
	{ id: "ns", title: "Time", number: true, of: (row) => row.ns },
	{ id: "stalls", title: "Stalls", number: true, of: (row) => row.stalls },
	{ id: "longest", title: "Longest", number: true, of: (row) => row.longest.ns },
	{ id: "place", title: "Place", of: (row) => row.place },
	{ id: "cause", title: "Cause", of: (row) => row.cause },
	{ id: "target", title: "Waited for", of: (row) => (row.targets[0] ? row.targets[0].name : "") },
	{ id: "task", title: "Tasks", of: (row) => (row.tasks[0] ? row.tasks[0].name : "") },
];

/** By a column; where two are equal, by time. Numbers begin with the largest. */
export function sortRows(rows, id, backwards) {
	const column = COLUMNS.find((one) => one.id === id) || COLUMNS[0];
	const compare = (a, b) => {
		const x = column.of(a), y = column.of(b);

		return column.number ? y - x : x < y ? -1 : x > y ? 1 : 0;
	};

	return [...rows].sort((a, b) => (backwards ? -1 : 1) * compare(a, b) || b.ns - a.ns);
}

/* -- the table -- */

function names(list, one, key, opened, many = `${one}s`) {
	const [first, ...rest] = list;

	if (!first)
		return "";
	const name = el("span", { class: first.name.length < 24 ? "code whole" : "code" }, shorten(first.name, 160));

	if (!rest.length)
		return name;
	return el("details", {
		open: opened.has(key),
		ontoggle: (event) => (event.target.open ? opened.add(key) : opened.delete(key)),
	},
		el("summary", { "data-key": key }, name, " ", el("span", { class: "more" }, `and ${count(rest.length, `more ${one}`, `more ${many}`)}`)),
		el("ul", { class: "names" }, list.slice(0, SHOWN_NAMES).map((sum) => el("li", {},
			el("span", { class: "code" }, shorten(sum.name, 160)), ` ${duration(sum.ns)}`,
			el("span", { class: "muted" }, `, ${count(sum.stalls, "stall")}`))),
		list.length > SHOWN_NAMES ? el("li", {}, `and ${grouped(list.length - SHOWN_NAMES)} more`) : ""));
}

function share(row, rows, wholeNs) {
	const bar = el("span", { class: "fill" });

	bar.style.width = `${(100 * row.ns) / Math.max(...rows.map((one) => one.ns), 1)}%`;
	bar.style.backgroundColor = causeColour(row.cause, isDark());
	return [
		el("strong", {}, duration(row.ns)), " ",
		el("span", { class: "muted small" }, percent(row.ns, wholeNs)),
		el("span", { class: "share", "aria-hidden": "true" }, bar),
	];
}

export function makePlaces(element, page, shown) {
	const opened = new Set();
	const body = el("tbody");
	const lead = el("p", { class: "lead", role: "status" });
	const more = el("button", { type: "button", class: "no-print", onclick: () => {
		all = true;
		draw(shown.get());
	} });
	const heads = COLUMNS.map((column) => el("th", { scope: "col", class: column.number ? "number" : "" },
		el("button", { type: "button", class: "sort", onclick: () => sort(column.id) }, column.title)));
	let sorted = "ns", backwards = false, all = false;

	function sort(id) {
		backwards = sorted === id && !backwards;
		sorted = id;
		draw(shown.get());
	}

	function select(row) {
		const only = placeKey(row.place);

		shown.set({ only: shown.get().only === only ? "" : only });
	}

	function show(stall) {
		shown.set({ selected: stall.index });
		document.getElementById("stall").scrollIntoView({ block: "start" });
	}

	function cells(row, rows, wholeNs) {
		const { only } = shown.get();
		const cell = (at, ...children) => el("td", {
			"data-title": COLUMNS[at].title, class: COLUMNS[at].number ? "number" : COLUMNS[at].id,
		}, ...children);

		return [
			cell(0, share(row, rows, wholeNs)),
			cell(1, grouped(row.stalls), row.doubtful
				? el("span", { class: "muted small" }, el("br"), `${grouped(row.doubtful)} doubtful`) : ""),
			cell(2, el("button", {
				type: "button", class: "link", title: "Show this stall", "data-key": `longest ${row.key}`,
				"aria-label": `Show the longest stall, ${duration(row.longest.ns)}`, onclick: () => show(row.longest),
			}, duration(row.longest.ns))),
			cell(3, el("button", {
				type: "button", class: "link code", "data-key": `place ${row.key}`, "aria-pressed": String(only === placeKey(row.place)),
				title: "Only this place, on the whole page", onclick: () => select(row),
			}, shorten(row.place, 200)), row.advice ? el("div", { class: "advice" }, shorten(row.advice, 400)) : ""),
			cell(4, causeName(row.cause)),
			cell(5, names(row.targets, "target", `target ${row.key}`, opened), row.culprits.length
				? el("div", { class: "muted small" }, "held up by ", names(row.culprits, "party", `party ${row.key}`, opened, "parties"))
				: ""),
			cell(6, names(row.tasks, "task", `task ${row.key}`, opened)),
		];
	}

	function draw(state) {
		const rows = placeRows(page, state);
		const wholeNs = rows.reduce((sum, row) => sum + row.ns, 0);
		const stalls = rows.reduce((sum, row) => sum + row.stalls, 0);
		const sortedRows = sortRows(rows, sorted, backwards);
		const focused = body.contains(document.activeElement) ? document.activeElement.dataset.key : "";

		const others = isAll(page, state) && !state.search ? leftOut(page) : { stalls: 0 };

		clear(lead).append(rows.length
			? `${duration(wholeNs)} in ${count(stalls, "stall")} at ${count(rows.length, "place")}` +
				(others.stalls ? `; besides, ${duration(others.ns)} in ${count(others.stalls, "shorter stall")}, ` +
					"of which this page has only the sum." : ".")
			: state.search ? "No stall here matches the search." : "No stalls here.");
		COLUMNS.forEach((column, at) => {
			const down = column.number ? !backwards : backwards;

			if (column.id === sorted)
				heads[at].setAttribute("aria-sort", down ? "descending" : "ascending");
			else
				heads[at].removeAttribute("aria-sort");
		});
		clear(body).append(...sortedRows.slice(0, all ? rows.length : SHOWN_ROWS).map((row) => el("tr", {
			class: state.only === placeKey(row.place) ? "selected" : "",
			onclick: (event) => {
				if (!event.target.closest("button, summary, details") && String(getSelection()) === "")
					select(row);
			},
		}, cells(row, rows, wholeNs))));
		table.hidden = !rows.length;
		more.hidden = all || rows.length <= SHOWN_ROWS;
		clear(more).append(`All ${grouped(rows.length)} places`);
		/* who moves through the table by keys stays where they are */
		const again = focused && [...body.querySelectorAll("[data-key]")].find((one) => one.dataset.key === focused);

		if (again)
			again.focus({ preventScroll: true });
	}

	const table = el("table", { class: "places" },
		el("caption", { class: "out-of-sight" }, "Places that held loops up"),
		el("thead", {}, el("tr", {}, heads)), body);

	/* from place to place */
	body.addEventListener("keydown", (event) => {
		const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		const buttons = [...body.querySelectorAll("td.place button")];
		const row = event.target.closest("tr");
		const next = by && buttons[buttons.findIndex((button) => row.contains(button)) + by];

		if (next) {
			event.preventDefault();
			next.focus();
		}
	});
	clear(element).append(lead, el("div", { class: "scrolls" }, table), more);
	onTheme(redraws(shown, draw));
	addKeys("Places", [["↑ ↓", "from place to place"], ["Enter", "on a place: only it, on the whole page; on a time: that stall"]]);
}
