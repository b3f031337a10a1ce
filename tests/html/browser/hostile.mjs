// SPDX-License-Identifier: GPL-2.0-or-later
/* hostile.mjs - names that mean harm run nothing and break nothing; pages of many stalls and loops answer. */
import assert from "node:assert/strict";

import { sideways } from "./chromium.mjs";
import { inBrowser } from "./in_browser.mjs";
import { hostile, many, manyLoops } from "./pages.mjs";

const isSound = async (page) => {
	assert.equal(await page.evaluate(() => window.broken), undefined, "a name ran as a script");
	assert.equal(await page.locator("img, iframe, object, embed, main script, a[href^='javascript']").count(), 0, "a name became an element");
	assert.equal(await page.locator(".failed").count(), 0, await page.locator(".failed").allInnerTexts());
	assert.equal(await page.evaluate(() => document.querySelectorAll("main > section:not([hidden])").length >= 7), true, "a part is missing");
	assert.ok(!await sideways(page), "wider than the window");
};

for (const [width, scheme] of [[1280, "light"], [400, "dark"]])
	inBrowser(`hostile names, ${width} px, ${scheme}`, hostile, { width, scheme }, async (page) => {
		await isSound(page);
		for (let i = 0; i < 12; i++)
			await page.keyboard.press("j");
		await page.locator("#stall .stall-title").waitFor();
		await page.locator(".stall-copy").click();
		await page.locator("#places tbody button.code").first().click();
		for (const box of await page.locator(".whatif input").all())
			await box.check({ timeout: 2000 }).catch(() => {}); /* some go as others are ticked */
		for (const box of await page.locator("details").all())
			await box.evaluate((one) => (one.open = true));
		await page.locator("#time canvas").first().focus();
		for (const key of [".", "ArrowDown", ".", "Enter"])
			await page.keyboard.press(key);
		await page.keyboard.press("/");
		await page.keyboard.type("W|script");
		await page.waitForTimeout(200);
		await isSound(page);
	});

inBrowser("hostile fragments of the address", hostile, { fragment: "#stall=%3Cimg%20src=x%20onerror=window.broken=1%3E@9" }, isSound);

inBrowser("ten thousand stalls: a search and a brush are answered", many, {}, async (page) => {
	await page.keyboard.press("/");
	await page.keyboard.type("fetch_rates");
	await page.locator("#search-found").filter({ hasText: /of 10,000 stalls/ }).waitFor();
	await page.keyboard.press("Escape");
	await page.evaluate(() => document.querySelector("#time canvas").scrollIntoView({ block: "start" }));
	const box = await page.locator("#time canvas").first().boundingBox();

	await page.mouse.move(box.x + 300, box.y + 100);
	await page.mouse.down();
	await page.mouse.move(box.x + 600, box.y + 100, { steps: 4 });
	await page.mouse.up();
	await page.locator("#head h1").filter({ hasText: "in this range" }).waitFor();
	await isSound(page);
});

inBrowser("three hundred loops: the keyboard reaches the last lane", manyLoops, { width: 400 }, async (page) => {
	await page.locator("#time canvas").first().focus();
	await page.keyboard.press(".");
	for (let i = 0; i < 299; i++)
		await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.locator("#stall .stall-title").waitFor();
	assert.ok(await page.locator(".lane-scroll").evaluate((box) => box.scrollTop > 20000));
	await isSound(page);
});
