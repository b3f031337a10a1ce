// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * service.js - the page of the service: asks for the token where one is wanted, shows the last
 * hour once and the loops again and again, while somebody can see them.
 */
import { el, startTheme } from "../../output/html/dom.js";
import { makePage } from "../../output/html/page.js";
import { unpack } from "../../output/html/unpack.js";
import { clock } from "../../output/html/words.js";
import { baseOf, makeAsk, makeKept } from "./ask.js";
import { makeComing } from "./coming.js";
import { makeLive } from "./live.js";
import { missingWords, unseenWords } from "./missing.js";
import { makeGate, makeState } from "./state.js";

const LIVE_MS = 2000;
const LIVE_SECONDS = 10;
const HOUR_SECONDS = 3600;
const WAITS_MS = [2000, 4000, 8000, 15000]; /* before another try */

function start() {
	const base = baseOf(location);
	const kept = makeKept(() => sessionStorage, base);
	const ask = makeAsk((...what) => fetch(...what), base, kept);
	const view = document.querySelector("#service .view");
	const state = makeState(() => again());
	const gate = makeGate((token) => {
		kept.set(token);
		again();
	});
	const live = makeLive(document.getElementById("live"));
	const coming = makeComing(document.getElementById("coming"));
	let hasHour = false, failures = 0, seenMs = 0, timer = 0, running = false;

	view.append(state.element, gate.element);

	async function takeHour() {
		const { missing, page } = JSON.parse(await ask(`last?seconds=${HOUR_SECONDS}`));
		const model = unpack(page);

		coming(model, missing.lasting);
		makePage(model);
		document.querySelector("#head .view").append(...missingWords(missing, model).map((words) => el("p", { class: "muted" }, words)),
			el("p", { class: "again" }, el("button", { type: "button", onclick: () => location.reload() }, "Read the hour again")));
		hasHour = true;
	}

	/* All since the last time: also of what came while nobody looked. */
	async function takeLive() {
		const missed = seenMs ? Math.ceil((Date.now() - seenMs) / 1000) : 0;
		const seconds = Math.min(HOUR_SECONDS, Math.max(LIVE_SECONDS, missed + LIVE_SECONDS / 2));
		const [loops, last] = await Promise.all([ask("loops"), ask(`last?seconds=${seconds}`)]);
		const { missing, page: packed } = JSON.parse(last);
		const page = unpack(packed);
		const summary = JSON.parse(loops);

		seenMs = Date.now();
		live(summary, page, unseenWords(missing, page));
		coming(page, missing.lasting);
		state.live(clock(page, page.lengthNs, 0));
	}

	async function turn() {
		if (running || document.hidden)
			return;
		running = true;
		clearTimeout(timer);
		try {
			if (!hasHour)
				await takeHour();
			await takeLive();
			failures = 0;
			gate.close();
			timer = setTimeout(turn, LIVE_MS);
		} catch (error) {
			fail(error);
		} finally {
			running = false;
		}
	}

	function fail(error) {
		if (error.status === undefined)
			console.error(error);
		if (error.status === 401) {
			gate.open(kept.get() !== "");
			kept.set("");
			state.trouble(error.message, 0);
			return;
		}
		const wait = WAITS_MS[Math.min(failures++, WAITS_MS.length - 1)];

		state.trouble(error.status === undefined ? `The answer could not be shown: ${error.message}` : error.message, wait);
		timer = setTimeout(turn, wait);
	}

	function again() {
		clearTimeout(timer);
		turn();
	}

	document.addEventListener("visibilitychange", () => {
		clearTimeout(timer);
		if (!document.hidden && !gate.isOpen())
			turn();
	});
	startTheme();
	turn();
}

start();
