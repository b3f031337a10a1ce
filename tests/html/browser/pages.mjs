// SPDX-License-Identifier: GPL-2.0-or-later
/* pages.mjs - the pages that are opened in a browser, each made once a run. */
import { samplePage } from "../sample.mjs";
import { makePage } from "./chromium.mjs";

const made = new Map();

function once(name, make) {
	return () => {
		if (!made.has(name))
			made.set(name, makePage(name, make()));
		return made.get(name);
	};
}

/* Of a row of a stall: what it has in common with the one before. */
const [AT, CAUSE, PLACE, TARGET, CULPRIT, SLICES] = [2, 4, 5, 6, 8, 14];

/** A minute of four loops with sixty stalls, of which every fifth is at the same time as another for the same reason. */
export const everyday = once("everyday", () => {
	const packed = samplePage({ stalls: 60, loops: 4, seconds: 60 });

	packed.loops.forEach((loop) => (loop.recording = 0));
	packed.recordings.length = 1;
	for (let i = 1; i < packed.stalls.length; i += 5) {
		const one = packed.stalls[i], other = packed.stalls[i - 1];

		one[AT] = other[AT] + 50e6;
		for (const column of [CAUSE, PLACE, TARGET, CULPRIT, SLICES])
			one[column] = other[column];
	}
	return packed;
});

export const many = once("many", () => samplePage({ stalls: 10000, loops: 20, seconds: 3600 }));
export const manyLoops = once("many-loops", () => samplePage({ stalls: 900, loops: 300, seconds: 60 }));

const HOSTILE = [
	"</script><script>window.broken = 1</script>", "<img src=x onerror='window.broken = 1'>", "\u202egnp.exe\u2066", "\u0000\u0007\u001b[31m",
	"__proto__", "constructor", "a\u2028b\u2029c", "javascript:window.broken=1", "]]>-->", "'\"`${window.broken = 1}", "\ud800", "%s%n",
];

/** Every string is hostile, and some are of a megabyte: as if nothing had been escaped before. */
export const hostile = once("hostile", () => {
	const packed = samplePage({ stalls: 60, loops: 4, seconds: 60 });
	const name = (at) => HOSTILE[at % HOSTILE.length] + (at % 7 === 3 ? "W".repeat(1 << 20) : at);

	packed.strings = packed.strings.map((text, at) => text && name(at));
	packed.loops.forEach((loop, at) => {
		for (const key of ["name", "process", "comm", "runtime", "unit", "container"])
			loop[key] = name(at + key.length);
	});
	for (const recording of packed.recordings) {
		for (const key of ["host", "kernel", "version", "scope"])
			recording[key] = name(key.length);
		recording.lost = [[name(3), 1]];
		recording.notes = [name(10), name(0)];
	}
	packed.stalls.forEach((row, at) => (row[1] = name(at)));
	return packed;
});
