// SPDX-License-Identifier: GPL-2.0-or-later
/* reports.mjs - pages as blockprof makes them of recordings, with the script and without. */
import assert from "node:assert/strict";

import { sideways } from "./chromium.mjs";
import { inBrowser } from "./in_browser.mjs";
import { report } from "./pages.mjs";

const isWhole = async (page) => {
	assert.equal(await page.locator(".failed").count(), 0, await page.locator(".failed").allInnerTexts());
	for (const id of ["head", "places", "time", "flame", "turns", "whatif", "stall"])
		assert.ok(await page.locator(`#${id} .view > *`).first().isVisible(), `no ${id}`);
	assert.ok(!await sideways(page), "wider than the window");
};

for (const [width, scheme] of [[1280, "light"], [400, "dark"]])
	inBrowser(`of a recording, ${width} px, ${scheme}`, report("recorded"), { width, scheme }, async (page) => {
		await isWhole(page);
		const [title, rows] = [await page.locator("#head h1").innerText(), await page.locator("#places tbody tr").count()];

		assert.match(title, /lost in \d+ stalls/);
		assert.ok(rows > 1);
		await page.keyboard.press("j");
		assert.match(await page.locator(".stall-text").innerText(), /^\d\d:\d\d:\d\d/);
		/* a place of the table can be ticked, and all of its stalls are gone or shorter */
		const place = await page.locator("#places tbody button.code").first().innerText();

		await page.locator(".whatif-one", { hasText: place }).first().locator("input").check();
		await page.locator(".whatif-less").first().waitFor();
	});

inBrowser("of hostile names", report("hostile"), {}, async (page) => {
	await isWhole(page);
	for (let i = 0; i < 8; i++)
		await page.keyboard.press("j");
	await page.locator("#stall .stall-title").waitFor();
	assert.equal(await page.locator("img, main script, iframe").count(), 0);
	await isWhole(page);
});

for (const width of [1280, 400])
	inBrowser(`of a comparison, ${width} px`, report("after", "--diff", "before"), { width }, async (page) => {
		await isWhole(page);
		assert.ok(await page.locator("#diff table").first().isVisible());
		assert.deepEqual(await page.locator("#time h3").allInnerTexts(), ["Before", "After"]);
		assert.equal(await page.locator("#time canvas[tabindex]").count(), 2);
		assert.ok(await page.locator(".turn-before").isVisible());
		/* the side before is looked at, and narrows nothing */
		const title = await page.locator("#head h1").innerText();

		await page.locator("#time canvas[tabindex]").first().focus();
		for (const key of [".", "Shift+ArrowRight", "Shift+ArrowRight", "Enter"])
			await page.keyboard.press(key);
		await page.locator(".lane-range", { hasText: /\d to \d/ }).waitFor();
		assert.equal(await page.locator("#head h1").innerText(), title);
		assert.equal(await page.locator("#stall .stall-title").count(), 0);
	});

inBrowser("without a script the places are there", report("recorded"), { script: false }, async (page) => {
	assert.ok(await page.locator("table.places").isVisible());
	assert.ok(await page.locator("table.places tbody tr").count() > 1);
	for (const id of ["time", "flame", "turns", "whatif", "stall"])
		assert.equal(await page.locator(`#${id}`).isVisible(), false, id);
	assert.ok(!await sideways(page), "wider than the window");
});
