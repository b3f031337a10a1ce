// SPDX-License-Identifier: GPL-2.0-or-later
/* small_page.mjs - an unpacked page of a few loops and stalls, as a test spells it out. */
import { MS, S, frame, slice, stall } from "./model.mjs";

const FRAMES = [
	["recv", "", 0, "native", "library"],
	["request", "/usr/lib/python3/dist-packages/requests/api.py", 59, "python", "library"],
	["fetch", "/app/rates.py", 88, "python", "user"],
	["run_forever", "/usr/lib/python3.11/asyncio/base_events.py", 607, "python", "library"],
	["save", "/app/orders.py", 12, "python", "user"],
];

/* stalls: parts of stalls; what is left out is made up. Each loop is {name, recording, ...}. */
export function smallPage({ loops = [{}], stalls = [], recordings = [{}], blocked = [], lengthNs = 60 * S } = {}) {
	return {
		version: "1", originMs: Date.UTC(2026, 10, 30, 12, 3, 22), lengthNs, utcOffsetS: 7200,
		recordings: recordings.map((recording, at) => ({ host: `h${at}`, thresholdNs: 100 * MS, startNs: 0, endNs: lengthNs, stallsLeftOut: 0, ...recording })),
		loops: loops.map((loop, index) => ({
			index, recording: 0, name: `loop ${index}`, unit: "", container: "", turns: 0, wallNs: lengthNs, idleNs: 0, longestNs: 0, p50Ns: 0, p99Ns: 0,
			histogram: [], seconds: [], ...loop,
		})),
		stalls: stalls.map((part, index) => stall({
			index, turn: `7-${index}`, ns: 200 * MS, place: "fetch (rates.py:88)", ...part,
			slices: (part.slices || [{ ns: part.ns || 200 * MS, stack: 0, cause: part.cause || "socket", target: part.target }])
				.map((one) => slice({ cause: "socket", ...one })),
		})),
		blocked,
		stacks: [[0, 1, 2, 3], [4, 3]],
		frames: FRAMES.map(frame),
		diff: null,
	};
}
