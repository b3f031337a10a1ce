// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ask.js - where the service is as this page sees it (a reverse proxy may have it below a path
 * of its own), what it is asked with, and its refusals in words.
 */

const ANSWER_MS = 20000;

/** "https://host/blockprof/" of a page at /blockprof/ or /blockprof: what it asks for is below. */
export function baseOf({ origin, pathname }) {
	return origin + (pathname.endsWith("/") ? pathname : `${pathname}/`);
}

/** Could it be one? token.c has the rule. */
export function isToken(text) {
	return /^[\x21-\x7e]{16,127}$/.test(text);
}

/** A token of the tab; other services below the same origin have theirs. */
export function makeKept(storage, base) {
	const key = `blockprof-token ${base}`;
	let token = "";

	try {
		token = storage().getItem(key) || "";
	} catch {
		/* a page without storage has its token until it is closed */
	}
	return {
		get: () => token,
		set(text) {
			token = text;
			try {
				if (text)
					storage().setItem(key, text);
				else
					storage().removeItem(key);
			} catch {
				/* as above */
			}
		},
	};
}

/** status 0: there was no answer. */
export class Refusal extends Error {
	constructor(status) {
		super(refusalWords(status));
		this.status = status;
	}
}

export function refusalWords(status) {
	switch (status) {
	case 0:
		return "No answer from the service.";
	case 401:
		return "The service wants its token.";
	case 403:
		return "The service does not answer here: not by this name (--allow-host), or no more than metrics (--read-only-metrics).";
	case 502:
	case 504:
		return "The proxy has no answer from the service.";
	case 503:
		return "The service is busy.";
	default:
		return `The service answers with status ${status}.`;
	}
}

/** ask("loops"): the text of the answer; throws a Refusal. */
export function makeAsk(fetch, base, kept) {
	return async (path) => {
		let answer;

		try {
			answer = await fetch(base + path, {
				cache: "no-store",
				/* also without a token: whoever comes so is asked for a password by nobody else */
				headers: { Authorization: `Bearer ${kept.get() || "none"}` },
				signal: AbortSignal.timeout(ANSWER_MS),
			});
		} catch {
			throw new Refusal(0);
		}
		if (!answer.ok)
			throw new Refusal(answer.status);
		try {
			return await answer.text();
		} catch {
			throw new Refusal(0);
		}
	};
}
