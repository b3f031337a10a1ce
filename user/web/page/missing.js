// SPDX-License-Identifier: GPL-2.0-or-later
/* missing.js - what of the hour the service no longer had room for, and what it could not see. */
import { clock, count, grouped } from "../../output/html/words.js";

const KINDS = [
	["stalls_ms", "Stalls"],
	["seconds_ms", "What the loops did second by second"],
	["blocked_ms", "Blocks shorter than stalls"],
];

const since = (ms, page) => `since ${clock(page, (ms - page.originMs) * 1e6, 0)}`;

/** Sentences; [] where all of it is there. */
export function missingWords(missing, page) {
	return KINDS.filter(([kind]) => missing[kind] > page.originMs)
		.map(([kind, words]) => `${words}: only ${since(missing[kind], page)}, for more there is no room.`);
}

/* Without the reasons, which the hour below has: of several there is one. */
function shortCounts(recordings, kind) {
	const counts = new Map();

	for (const [words, number] of recordings.flatMap((recording) => recording[kind])) {
		const short = words.replace(/( \(|;).*$/, "");

		counts.set(short, (counts.get(short) || 0) + number);
	}
	return [...counts];
}

/** One line, where the absence of stalls says less than it seems; "": all was seen. */
export function unseenWords(missing, page) {
	const blind = shortCounts(page.recordings, "blind").map(([reason, number]) => `${count(number, "process", "processes")} ${reason}`);
	const lost = shortCounts(page.recordings, "lost").map(([what, number]) => `${grouped(number)} ${what}`);
	const words = [...blind, ...(lost.length ? [`lost: ${lost.join(", ")}`] : [])];

	return words.length ? `Not seen ${since(missing.unseen_ms, page)}: ${words.join("; ")}` : "";
}
