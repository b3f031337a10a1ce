// SPDX-License-Identifier: GPL-2.0-or-later
/* model.mjs - a page as unpack() gives it, small enough to add up by hand, and one that is large. */

export const MS = 1e6;
export const S = 1e9;

/* Innermost first, as in a recording. */
const FRAMES = [
	["do_sys_poll", "", 0, "kernel", "kernel"],
	["recvfrom", "libc.so.6", 0, "native", "interpreter"],
	["PQgetResult", "libpq.so.5", 0, "native", "library"],
	["fetch_rates", "/app/rates.py", 88, "python", "user"],
	["serve", "/app/main.py", 12, "python", "user"],
	["Handle._run", "/usr/lib/python3.11/asyncio/events.py", 80, "python", "library"],
	["clock_nanosleep", "", 0, "kernel", "kernel"],
	["load_config", "/app/config.py", 23, "python", "user"],
	["check_password", "/app/login.py", 36, "python", "user"],
	["CRYPTO_clear_free", "libcrypto.so.3", 0, "native", "library"],
	["walk", "/app/tree.py", 5, "python", "user"],
];

export function frame([fn, file, line, kind, owner]) {
	const where = file.split("/").pop() + (line ? `:${line}` : "");

	return { fn, file, line, kind, owner, label: where ? `${fn} (${where})` : fn };
}

export const SOCKET = 0, SLEEP = 1, HASH = 2, RECURSES = 3;
const STACKS = [
	[0, 1, 2, 3, 4, 5],
	[6, 7, 4, 5],
	[9, 8, 4, 5],
	[10, 10, 10, 4, 5],
];

export function slice(part) {
	return {
		cause: "cpu", syscall: "", ns: 0, count: 1, maxNs: part.ns || 0, target: "", task: "",
		stack: -1, chain: [], intervals: [], ...part,
	};
}

export function stall(part) {
	const slices = part.slices || [];

	return {
		index: 0, loop: 0, turn: "1-1", atNs: 0, ns: 0, cause: slices[0] ? slices[0].cause : "cpu",
		place: "(no stack)", target: "", tasks: [], process: "python3[4242]", culprit: "",
		ongoing: false, beforeAttach: false, doubt: "", advice: "", impact: "",
		ledger: { cpu: 0, runqueue: 0, throttled: 0, blocked: 0, unknown: 0 }, verdict: slices.length ? 0 : -1,
		text: "", ...part, slices,
	};
}

const PG = "127.0.0.1:5432";

/* What blocked, in a stall of its own. */
const rates = (task, ns) => ({
	place: "fetch_rates (rates.py:88)", target: `recvfrom ${PG}`, tasks: [task],
	culprit: "postgres[812]", advice: "an asynchronous driver (asyncpg), or await asyncio.to_thread(fetch_rates)",
	ns: ns + 4 * MS,
	slices: [
		slice({
			cause: "socket", syscall: "recvfrom", ns, target: PG, task, stack: SOCKET,
			chain: ["postgres[812] sat in fsync of pg_wal/0001"], intervals: [[2 * MS, ns]],
		}),
		slice({ cause: "cpu", ns: 4 * MS, task, stack: HASH, intervals: [[0, 2 * MS], [2 * MS + ns, 2 * MS]] }),
	],
	ledger: { cpu: 4 * MS, runqueue: 0, throttled: 0, blocked: ns, unknown: 0 },
});

const config = (ns) => ({
	place: "load_config (config.py:23)", target: "clock_nanosleep", tasks: ["config"],
	advice: "await asyncio.sleep() instead of time.sleep()", ns,
	slices: [slice({ cause: "sleep", syscall: "clock_nanosleep", ns, task: "config", stack: SLEEP, intervals: [[0, ns]] })],
	ledger: { cpu: 0, runqueue: 0, throttled: 0, blocked: ns, unknown: 0 },
});

const login = (ns) => ({
	place: "check_password (login.py:36)", tasks: ["login"], ns,
	advice: "await asyncio.to_thread(...): hashlib lets go of the GIL for more than 2 KB",
	slices: [
		slice({ cause: "cpu", ns: ns - 10 * MS, task: "login", stack: HASH, intervals: [[0, ns - 10 * MS]] }),
		slice({ cause: "runqueue", ns: 10 * MS, task: "login", intervals: [[ns - 10 * MS, 10 * MS]] }),
	],
	ledger: { cpu: ns - 10 * MS, runqueue: 10 * MS, throttled: 0, blocked: 0, unknown: 0 },
});

const walk = (ns) => ({
	place: "walk (tree.py:5)", tasks: ["walk"], ns,
	slices: [slice({ cause: "cpu", ns, task: "walk", stack: RECURSES, intervals: [[0, ns]] })],
});

/** Two loops, ten seconds, seven stalls: 404, 254, 300, 500, 200, 150 and 120 ms. */
export function samplePage() {
	const stalls = [
		{ loop: 0, atNs: 1 * S, ...rates("rates", 400 * MS) },
		{ loop: 0, atNs: 3 * S, ...rates("rates-2", 250 * MS) },
		{ loop: 0, atNs: 5 * S, ...config(300 * MS) },
		{ loop: 1, atNs: 1.1 * S, ...login(500 * MS) },
		{ loop: 1, atNs: 6 * S, ...login(200 * MS) },
		{ loop: 1, atNs: 8 * S, ...walk(150 * MS) },
		{ loop: 0, atNs: 9 * S, ...config(120 * MS), doubt: "late" },
	].map((part, index) => stall({ ...part, index, turn: `4242-${index + 1}`, text: `stall ${index}\n` }));
	const loop = (index, name) => ({
		index, recording: 0, name, process: "python3[4242]", pid: 4242, tid: 4242 + index, comm: "python3",
		runtime: "asyncio", unit: "", container: "", turns: 800, wallNs: 10 * S, idleNs: 6 * S,
		ledger: { cpu: 2 * S, runqueue: 0, throttled: 0, blocked: 2 * S, unknown: 0 },
		stalls: stalls.filter((one) => one.loop === index).length, longestNs: 500 * MS, p50Ns: 1 * MS, p99Ns: 300 * MS,
		histogram: [[1 * MS, 700], [10 * MS, 90], [100 * MS, 5], [1 * S, 5]],
		seconds: [...Array(10).keys()].map((second) => ({
			atNs: second * S, lengthNs: S, turns: 80, longestNs: 5 * MS, idleNs: 600 * MS,
			byCause: { cpu: 200 * MS, socket: 150 * MS, sleep: 50 * MS }, lost: second === 4 ? 3 : 0,
		})),
	});

	return {
		version: "1.0", originMs: Date.UTC(2026, 10, 30, 13, 3, 20), lengthNs: 10 * S, utcOffsetS: 3600,
		recordings: [{
			host: "web1", kernel: "6.1.0", version: "1.0", scope: "python3[4242]", thresholdNs: 100 * MS,
			startNs: 0, endNs: 10 * S, utcOffsetS: 3600, lost: [["ring buffer full", 3]], blind: [],
			discarded: [["a nested loop", 2, 140 * MS]], notes: [], stallsLeftOut: 0, stallsLeftOutNs: 0,
		}],
		loops: [loop(0, "python3[4242] asyncio"), loop(1, "python3[4242/4243] asyncio")],
		stalls,
		blocked: [{
			loop: 0, atNs: 10 * S,
			slices: [slice({ cause: "file", syscall: "read", ns: 40 * MS, target: "/etc/hosts", task: "dns", stack: SOCKET })],
		}],
		stacks: STACKS.map((stack) => [...stack]), frames: FRAMES.map(frame), diff: null,
	};
}

/** number stalls over an hour, of 300 places and 40 tasks: for what has to be quick. */
export function largePage(number) {
	const page = samplePage();
	const places = [...Array(300).keys()];
	let seed = 1;
	const random = (below) => {
		seed = (seed * 1103515245 + 12345) % 2147483648;
		return seed % below;
	};

	page.lengthNs = 3600 * S;
	page.recordings[0].endNs = page.lengthNs;
	page.frames = places.flatMap((place) => [...Array(30).keys()].map((depth) =>
		frame([`f${place}_${depth}`, `/app/m${depth}.py`, 10 + depth, "python", depth % 3 ? "library" : "user"])));
	page.stacks = places.map((place) => [...Array(30).keys()].map((depth) => place * 30 + depth));
	page.stalls = [...Array(number).keys()].map((index) => {
		const place = random(300), ns = (101 + random(400)) * MS, task = `task-${random(40)}`;

		return stall({
			index, turn: `1-${index}`, loop: random(2), atNs: Math.floor((index * page.lengthNs) / number), ns,
			place: page.frames[place * 30].label, cause: "socket", tasks: [task], target: `peer ${random(50)}`,
			slices: [0, 1, 2, 3].map((nth) => slice({
				cause: ["socket", "cpu", "file", "lock"][nth], ns: ns / 4, stack: nth ? random(300) : place,
				task, target: `peer ${random(50)}`, intervals: [[(nth * ns) / 4, ns / 4]],
			})),
		});
	});
	return page;
}
