// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shown.js - which part of the page's data is looked at, and what of the stalls lies
 * in it. Every view draws what this says, and changes it by set().
 */

const BLOCKED_PERIOD_NS = 10e9; /* what one record of small blocks is about, at most */

/**
 * @typedef {Object} State
 * @property {number} fromNs and toNs: the range, the whole by default
 * @property {number} toNs
 * @property {number} thresholdNs shorter turns are no stalls
 * @property {Set<string>} without "place:…", "cause:…", "target:…": taken out by what-if
 * @property {string} only "place:…": nothing else, or ""
 * @property {?RegExp} search
 * @property {?number} selected index of a stall
 * @property {"all"|"calls"|"own"} frames all, without the interpreter's inner ways, own code only
 * @property {"stack"|"task"|"target"|"cause"|"process"} groupBy
 * @property {"kind"|"cause"} colourBy
 * @property {boolean} inverted innermost frames first
 * @property {boolean} flame the first frames below, as flames, not above, as icicles
 */

/** The lowest threshold of the recordings: at it, every stall there is counts. */
export function lowestThreshold(page) {
	const thresholds = page.recordings.map((recording) => recording.thresholdNs || 0);

	return thresholds.length ? Math.min(...thresholds) : 0;
}

/** @returns {State} */
export function initialState(page) {
	return {
		fromNs: 0,
		toNs: page.lengthNs,
		thresholdNs: lowestThreshold(page),
		without: new Set(),
		only: "",
		search: null,
		selected: null,
		frames: "calls",
		groupBy: "stack",
		colourBy: "kind",
		inverted: false,
		flame: false,
	};
}

/** A store: get(), set(part), subscribe(fn(state, before)) whose result ends it. */
export function makeShown(page) {
	const subscribers = new Set();
	let state = initialState(page);

	return {
		get: () => state,
		set(part) {
			const before = state;

			state = { ...state, ...part };
			state.fromNs = Math.max(0, Math.min(state.fromNs, page.lengthNs));
			state.toNs = Math.max(state.fromNs, Math.min(state.toNs, page.lengthNs));
			for (const subscriber of subscribers) {
				try {
					subscriber(state, before);
				} catch (error) {
					/* one view's failure is not the others' */
					console.error(error);
				}
			}
		},
		subscribe(subscriber) {
			subscribers.add(subscriber);
			return () => subscribers.delete(subscriber);
		},
	};
}

export function isWholeRange(page, state) {
	return state.fromNs <= 0 && state.toNs >= page.lengthNs;
}

/** Is nothing left out, but perhaps by a search? */
export function isAll(page, state) {
	return isWholeRange(page, state) && !state.only && !state.without.size &&
		state.thresholdNs <= lowestThreshold(page);
}

/** Stalls that the page has only as a sum: how many, how long. */
export function leftOut(page) {
	let stalls = 0, ns = 0;

	for (const recording of page.recordings) {
		stalls += recording.stallsLeftOut || 0;
		ns += recording.stallsLeftOutNs || 0;
	}
	return { stalls, ns };
}

/* -- names of what can be selected or taken out -- */

export const placeKey = (place) => `place:${place}`;
export const causeKey = (cause) => `cause:${cause}`;
export const targetKey = (target) => `target:${target}`;

/* Whose code it is, before whose language it is in. */
const RANKS = [
	(frame) => frame.owner === "user" && frame.kind !== "native" && frame.kind !== "kernel",
	(frame) => frame.kind !== "native" && frame.kind !== "kernel",
	(frame) => frame.owner === "user",
	(frame) => frame.kind === "native" && frame.owner !== "interpreter",
];

const placesOf = new WeakMap(); /* page: words of each stack's place */

function stackPlace(page, stack) {
	if (page.stackPlaces) {
		const at = page.stackPlaces[stack];

		return at >= 0 ? page.frames[at].label : "(no stack)";
	}
	const frames = page.stacks[stack].map((at) => page.frames[at]);

	for (const rank of RANKS) {
		const found = frames.find(rank);

		if (found)
			return found.label;
	}
	return frames.length ? frames[0].label : "(no stack)";
}

/** Where a slice was lost, in the words of a verdict. */
export function placeOf(page, slice) {
	let places = placesOf.get(page);

	if (!(slice.stack >= 0))
		return "(no stack)";
	if (!places)
		placesOf.set(page, (places = page.stacks.map((_, at) => stackPlace(page, at))));
	return places[slice.stack];
}

/** Where a turn was that waited for a CPU: at its place, as the text has it. -1: not known */
export function placeStack(stall) {
	const verdict = stall.slices[stall.verdict];
	let most = null;

	if (verdict && verdict.stack >= 0)
		return verdict.stack;
	for (const slice of stall.slices)
		if (slice.stack >= 0 && (!most || slice.ns > most.ns))
			most = slice;
	return most ? most.stack : -1;
}

/** Is this slice one of those that what-if has taken out? */
export function isWithout(page, state, slice) {
	const { without } = state;

	return without.size > 0 &&
		(without.has(causeKey(slice.cause)) || without.has(placeKey(placeOf(page, slice))) ||
		 (slice.target !== "" && without.has(targetKey(slice.target))));
}

/* -- what of it lies in the range -- */

/** How much of [atNs, atNs + ns] is in the range. */
export function overlap(state, atNs, ns) {
	return Math.max(0, Math.min(atNs + ns, state.toNs) - Math.max(atNs, state.fromNs));
}

/**
 * The time of a slice in the range: that of its intervals as they lie, the rest in
 * proportion to the turn.
 */
export function sliceNs(state, atNs, ns, slice) {
	const inside = overlap(state, atNs, ns);
	let known = 0, shown = 0;

	if (inside >= ns)
		return slice.ns;
	if (inside <= 0)
		return 0;
	for (const [at, length] of slice.intervals || []) {
		known += length;
		shown += overlap(state, atNs + at, length);
	}
	return Math.min(slice.ns, shown + Math.max(0, slice.ns - known) * (inside / ns));
}

/** What what-if leaves of a turn's time. */
export function remainingNs(page, state, stall) {
	let ns = stall.ns;

	if (!state.without.size)
		return ns;
	for (const slice of stall.slices)
		if (isWithout(page, state, slice))
			ns -= slice.ns;
	return Math.max(0, ns);
}

/** Is it still a stall at this threshold, without what is taken out, and of the place that was selected? */
export function isStall(page, state, stall) {
	if (state.only && state.only !== placeKey(stall.place))
		return false;
	return remainingNs(page, state, stall) >= state.thresholdNs;
}

const asked = new WeakMap(); /* state: of which page, and the answer */

/**
 * The stalls that lie in the range, at least in part, and the time of each in it. Every
 * view asks for the same: the list is not theirs to change.
 * @returns {readonly {stall: Object, ns: number}[]}
 */
export function stallsIn(page, state) {
	let known = asked.get(state);

	if (!known || known.page !== page)
		asked.set(state, (known = { page, found: findStalls(page, state) }));
	return known.found;
}

function findStalls(page, state) {
	const found = [];

	for (const stall of page.stalls) {
		const inside = overlap(state, stall.atNs, stall.ns);

		if (inside <= 0 || !isStall(page, state, stall))
			continue;
		if (!state.without.size) {
			found.push({ stall, ns: inside });
			continue;
		}
		let ns = inside;

		for (const slice of stall.slices)
			if (isWithout(page, state, slice))
				ns -= sliceNs(state, stall.atNs, stall.ns, slice);
		found.push({ stall, ns: Math.max(0, ns) });
	}
	return found;
}

const periods = new WeakMap(); /* page: how long each record of small blocks is about */

function blockedPeriods(page) {
	let lengths = periods.get(page);

	if (!lengths) {
		const ended = new Map();

		lengths = page.blocked.map((blocked) => {
			const last = ended.get(blocked.loop);
			const since = last === undefined ? blocked.atNs - BLOCKED_PERIOD_NS
				: Math.max(last, blocked.atNs - BLOCKED_PERIOD_NS);

			ended.set(blocked.loop, blocked.atNs);
			return Math.max(1, blocked.atNs - Math.max(0, since));
		});
		periods.set(page, lengths);
	}
	return lengths;
}

/**
 * Each slice's time in the range: take(slice, ns, loop index, stall or null). Those of
 * turns that were no stalls are there, too, unless a place was selected.
 */
export function slicesIn(page, state, take) {
	const lengths = blockedPeriods(page);

	for (const { stall } of stallsIn(page, state))
		for (const slice of stall.slices) {
			const ns = isWithout(page, state, slice) ? 0
				: sliceNs(state, stall.atNs, stall.ns, slice);

			if (ns > 0)
				take(slice, ns, stall.loop, stall);
		}
	if (state.only)
		return;
	page.blocked.forEach((blocked, at) => {
		const length = lengths[at];
		const share = overlap(state, blocked.atNs - length, length) / length;

		for (const slice of share > 0 ? blocked.slices : [])
			if (!isWithout(page, state, slice))
				take(slice, slice.ns * share, blocked.loop, null);
	});
}

/* -- search -- */

const answers = new WeakMap(); /* RegExp: what it has matched of which page */

function answersOf(search, page) {
	let found = answers.get(search);

	if (!found || found.page !== page)
		answers.set(search, (found = { page, frames: [], stacks: [], stalls: [] }));
	return found;
}

/** A pattern of the search box, or null where it is empty or none. */
export function searchPattern(text) {
	try {
		return text ? new RegExp(text, "i") : null;
	} catch {
		return null;
	}
}

/** Not of endless names: an expression takes its time on each character. */
export function matchesText(search, text) {
	return !!text && search.test(text.length > 2000 ? text.slice(0, 2000) : text);
}

export function matchesFrame(page, search, at) {
	const { frames } = answersOf(search, page);

	if (frames[at] === undefined)
		frames[at] = matchesText(search, page.frames[at].label) ||
			matchesText(search, page.frames[at].file);
	return frames[at];
}

function matchesStack(page, search, at) {
	const { stacks } = answersOf(search, page);

	if (stacks[at] === undefined)
		stacks[at] = page.stacks[at].some((frame) => matchesFrame(page, search, frame));
	return stacks[at];
}

function matchesSlice(page, search, slice) {
	return (slice.stack >= 0 && matchesStack(page, search, slice.stack)) ||
		matchesText(search, slice.target) || matchesText(search, slice.task) ||
		matchesText(search, slice.cause) || matchesText(search, slice.syscall) ||
		(slice.chain || []).some((words) => matchesText(search, words));
}

/** Does the search find this stall? Without one it does. */
export function matches(page, state, stall) {
	const { search } = state;

	if (!search)
		return true;
	const { stalls } = answersOf(search, page);

	if (stalls[stall.index] === undefined)
		stalls[stall.index] = matchesText(search, stall.place) ||
			matchesText(search, stall.cause) || matchesText(search, stall.target) ||
			matchesText(search, stall.process) || matchesText(search, stall.culprit) ||
			stall.tasks.some((task) => matchesText(search, task)) ||
			stall.slices.some((slice) => matchesSlice(page, search, slice));
	return stalls[stall.index];
}
