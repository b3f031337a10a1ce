// SPDX-License-Identifier: GPL-2.0-or-later
/* missing.js - what of the hour the service no longer had room for. */
import { clock } from "../../output/html/words.js";

const KINDS = [
	["stalls_ms", "Stalls"],
	["seconds_ms", "What the loops did second by second"],
	["blocked_ms", "Blocks shorter than stalls"],
];

/** Sentences; [] where all of it is there. */
export function missingWords(missing, page) {
	return KINDS.filter(([kind]) => missing[kind] > page.originMs)
		.map(([kind, words]) => `${words}: only since ${clock(page, (missing[kind] - page.originMs) * 1e6, 0)}, for more there is no room.`);
}
