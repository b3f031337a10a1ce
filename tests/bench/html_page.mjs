// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * html_page.mjs ROUNDS FILE...: how long pages take to be there, and to answer a search and a
 * brush, in a browser: a line of JSON for each, in ms. What the page itself computes is
 * measured, with its layout, not the wait for the screen's next frame.
 */
import { launch, open } from "../html/browser/chromium.mjs";

/* In the page: all that does() sets off, until it has been drawn. */
async function timed(page, does, argument) {
	return page.evaluate(([source, value]) => new Promise((done) => {
		const act = new Function("value", source), began = performance.now();

		act(value);
		const handled = performance.now() - began;

		requestAnimationFrame((frame) => {
			document.body.getBoundingClientRect();
			done(handled + performance.now() - frame);
		});
	}), [does, argument]);
}

const SEARCH = 'const box = document.getElementById("search"); box.value = value; box.dispatchEvent(new Event("input"));';
const BRUSH = 'document.querySelector("#time canvas").dispatchEvent(new KeyboardEvent("keydown", { key: value, shiftKey: true, bubbles: true, cancelable: true }));';

const [rounds, ...files] = process.argv.slice(2);
let browser;

try {
	browser = await launch();
} catch (error) {
	if (!error.absent)
		throw error;
	console.log(JSON.stringify({ missing: error.message }));
	process.exit(0);
}
/* The pages take turns: what else the machine does is the same for all of them. */
for (let round = 0; round < Number(rounds); round++) {
	for (const file of files) {
		const began = performance.now(), page = await open(browser, file);
		const found = { file, "until it is there": performance.now() - began };

		found["a search"] = await timed(page, SEARCH, `place_1${round}`);
		await timed(page, SEARCH, "");
		found["a brush"] = await timed(page, BRUSH, "ArrowRight");
		found["a longer brush"] = await timed(page, BRUSH, "ArrowRight");
		if (page.wrong.length)
			throw new Error(page.wrong.join("\n"));
		console.log(JSON.stringify(found));
		await page.context().close();
	}
}
await browser.close();
