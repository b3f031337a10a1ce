// SPDX-License-Identifier: GPL-2.0-or-later
/* state.js - how the page stands with the service, in words, and the form for its token. */
import { clear, el } from "../../output/html/dom.js";
import { isToken } from "./ask.js";

/** again(): the reader wants it tried at once. */
export function makeState(again) {
	const said = el("span", { role: "status" });
	const when = el("span", { class: "muted" });
	const retry = el("button", { type: "button", hidden: true, onclick: again }, "Try again");

	/* read aloud only when it is another one */
	function say(text, isTrouble) {
		said.className = isTrouble ? "trouble" : "muted";
		if (said.textContent !== text)
			said.textContent = text;
	}

	say("Asking the service…", false);
	return {
		element: el("p", { class: "state" }, said, when, retry),
		live(time) {
			say("Live", false);
			when.textContent = `as of ${time}`;
			retry.hidden = true;
		},
		/* waitMs 0: it is not tried by itself */
		trouble(text, waitMs) {
			say(waitMs ? `${text} It is asked again in ${waitMs / 1000} s.` : text, waitMs > 0);
			clear(when);
			retry.hidden = !waitMs;
		},
	};
}

/** take(token) is called with what could be one. */
export function makeGate(take) {
	const input = el("input", {
		id: "token", type: "password", autocomplete: "off", spellcheck: "false", maxlength: "127", "aria-describedby": "token-said",
	});
	const said = el("p", { id: "token-said", role: "alert" });
	const element = el("form", {
		class: "gate", hidden: true,
		onsubmit: (event) => {
			const token = input.value.trim();

			event.preventDefault();
			if (isToken(token)) {
				input.value = "";
				take(token);
			} else
				clear(said).append("That is no token: it has 16 to 127 visible characters.");
		},
	},
	el("p", {}, "The token is in the file ", el("code", {}, "token"), " of the service's directory (--state-dir, --token-file). It is kept for this tab."),
	el("label", { for: "token" }, "Token of the service", input), el("button", {}, "Show"), said);

	return {
		element,
		isOpen: () => !element.hidden,
		open(wasWrong) {
			clear(said).append(wasWrong ? "That is not the service's token." : "");
			if (element.hidden || wasWrong) {
				element.hidden = false;
				input.focus();
			}
		},
		close() {
			element.hidden = true;
		},
	};
}
