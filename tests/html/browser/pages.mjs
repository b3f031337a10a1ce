// SPDX-License-Identifier: GPL-2.0-or-later
/* pages.mjs - the pages that are opened in a browser, each made once a run. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

import { samplePage } from "../sample.mjs";

const here = fileURLToPath(new URL(".", import.meta.url)), root = `${here}../../../`;
const place = mkdtempSync(`${tmpdir()}/blockprof-html-`);
const made = new Map();

after(() => rmSync(place, { recursive: true, force: true }));

function once(name, make) {
	return () => {
		if (!made.has(name))
			made.set(name, make());
		return made.get(name);
	};
}

/* A page with this data, as unpack.js takes it. */
function packed(name, make) {
	return once(name, () => {
		const data = `${place}/${name}.json`, file = `${place}/${name}.html`;

		writeFileSync(data, JSON.stringify(make()));
		writeFileSync(file, execFileSync(`${root}scripts/html-page`, [data], { maxBuffer: 1 << 28 }));
		return file;
	});
}

const recordings = once("recordings.py", () => execFileSync(process.env.PYTHON || "python3", [`${here}recordings.py`, place]));

/** The page that blockprof makes of one of recordings.py's, with more options; names of others are their files. */
export function report(name, ...more) {
	return once([name, ...more].join(" "), () => {
		const file = `${place}/${name}-report.html`;

		recordings();
		execFileSync(process.env.BLOCKPROF || `${root}blockprof`, ["report", "-q", "-o", file,
			...more.map((word) => word.startsWith("-") ? word : `${place}/${word}.jsonl`), `${place}/${name}.jsonl`], { stdio: "pipe" });
		return file;
	});
}

/* Of a row of a stall: what it has in common with the one before. */
const [AT, CAUSE, PLACE, TARGET, CULPRIT, SLICES] = [2, 4, 5, 6, 8, 14];

/** A minute of four loops with sixty stalls, of which every fifth is at the same time as another for the same reason. */
export const everyday = packed("everyday", () => {
	const data = samplePage({ stalls: 60, loops: 4, seconds: 60 });

	data.loops.forEach((loop) => (loop.recording = 0));
	data.recordings.length = 1;
	for (let i = 1; i < data.stalls.length; i += 5) {
		const one = data.stalls[i], other = data.stalls[i - 1];

		one[AT] = other[AT] + 50e6;
		for (const column of [CAUSE, PLACE, TARGET, CULPRIT, SLICES])
			one[column] = other[column];
	}
	return data;
});

export const many = packed("many", () => samplePage({ stalls: 10000, loops: 20, seconds: 3600 }));
export const manyLoops = packed("many-loops", () => samplePage({ stalls: 900, loops: 300, seconds: 60 }));

const HOSTILE = [
	"</script><script>window.broken = 1</script>", "<img src=x onerror='window.broken = 1'>", "\u202egnp.exe\u2066", "\u0000\u0007\u001b[31m",
	"__proto__", "constructor", "a\u2028b\u2029c", "javascript:window.broken=1", "]]>-->", "'\"`${window.broken = 1}", "\ud800", "%s%n",
];

/** Every string is hostile, and some are of a megabyte: as if nothing had been escaped before. */
export const hostile = packed("hostile", () => {
	const data = samplePage({ stalls: 60, loops: 4, seconds: 60 });
	const name = (at) => HOSTILE[at % HOSTILE.length] + (at % 7 === 3 ? "W".repeat(1 << 20) : at);

	data.strings = data.strings.map((text, at) => text && name(at));
	data.loops.forEach((loop, at) => {
		for (const key of ["name", "process", "comm", "runtime", "unit", "container"])
			loop[key] = name(at + key.length);
	});
	for (const recording of data.recordings) {
		for (const key of ["host", "kernel", "version", "scope"])
			recording[key] = name(key.length);
		recording.lost = [[name(3), 1]];
		recording.notes = [name(10), name(0)];
	}
	data.stalls.forEach((row, at) => (row[1] = name(at)));
	return data;
});
