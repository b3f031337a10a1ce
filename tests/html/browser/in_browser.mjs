// SPDX-License-Identifier: GPL-2.0-or-later
/* in_browser.mjs - a test in a browser, which may say nothing that it should not. */
import assert from "node:assert/strict";
import { after, test } from "node:test";

import { launch, open } from "./chromium.mjs";

let launched = null;

/*
 * A test in a page of its own, of what file() gives: a path, or an address. Whatever it does, the page may say no error, ask for nothing
 * and break no policy. Skipped where there is no browser.
 */
export function inBrowser(name, file, options, does) {
	test(name, { timeout: 120000 }, async (t) => {
		launched ||= launch();
		let browser;

		try {
			browser = await launched;
		} catch (error) {
			if (!error.absent)
				throw error;
			t.skip(error.message);
			return;
		}
		const page = await open(browser, await file(), options);

		try {
			await does(page);
			assert.deepEqual(page.wrong, [], "what the page said");
		} finally {
			await page.context().close();
		}
	});
}

after(async () => {
	if (launched)
		await launched.then((browser) => browser.close(), () => {});
});
