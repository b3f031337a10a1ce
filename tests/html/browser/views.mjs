// SPDX-License-Identifier: GPL-2.0-or-later
/* views.mjs - each part of the page as it is used: by mouse, by keyboard, wide and narrow, by day and by night. */
import assert from "node:assert/strict";

import { sideways } from "./chromium.mjs";
import { inBrowser } from "./in_browser.mjs";
import { everyday } from "./pages.mjs";

const LOOKS = [[1280, "light"], [1280, "dark"], [400, "light"], [400, "dark"]];

/* What is done by mouse and what by keyboard has two of the four each. */
const MOUSE = [LOOKS[0], LOOKS[3]], KEYBOARD = [LOOKS[1], LOOKS[2]];

function each(name, does, looks = /by mouse|under the mouse|led to/.test(name) ? MOUSE : KEYBOARD) {
	for (const [width, scheme] of looks)
		inBrowser(`${name}, ${width} px, ${scheme}`, everyday, { width, scheme }, (page) => does(page, width));
}

const text = (page, selector) => page.locator(selector).first().innerText();

/* What is awaited comes with the next frame; a test that waits for it in vain fails. */
async function until(page, selector, wanted) {
	const found = page.locator(selector).filter({ hasText: wanted }).first();

	await found.waitFor({ state: "attached", timeout: 20000 }).catch(async () => {
		assert.fail(`${selector} never had ${wanted}: ${await page.locator(selector).allInnerTexts()}`);
	});
}

const WHOLE = /Drag over the lanes/, RANGE = /^\d\d:\d\d:\d\d\.\d{3} to /;

async function laneBox(page) {
	const canvas = page.locator("#time canvas").first();

	await canvas.scrollIntoViewIfNeeded();
	await page.evaluate(() => document.querySelector("#time canvas").scrollIntoView({ block: "center" }));
	return { canvas, box: await canvas.boundingBox() };
}

/* Moves over the first lane until a stall is under the pointer. */
async function findStall(page, box) {
	for (let x = 2; x < box.width; x += 3) {
		await page.mouse.move(box.x + x, box.y + 26 + 20 + 42);
		if (await page.locator(".tip").evaluateAll((tips) => tips.some((tip) => !tip.hidden)))
			return;
	}
	assert.fail("no stall under the pointer in the whole lane");
}

each("the head: what was not seen is opened by mouse", async (page) => {
	assert.match(await text(page, "#head h1"), /lost in 60 stalls/);
	await page.locator("#head summary").first().click();
	assert.equal(await page.locator("#head details").first().evaluate((box) => box.open), true);
});

each("the head: by keyboard", async (page) => {
	await page.locator("#head summary").first().focus();
	await page.keyboard.press("Enter");
	assert.equal(await page.locator("#head details").first().evaluate((box) => box.open), true);
});

each("places: one is selected by mouse and left by its part in the bar", async (page, width) => {
	const place = page.locator("#places tbody button.code").first(), before = await text(page, "#head h1");

	await place.click();
	await until(page, "#bar .part", await place.innerText());
	assert.notEqual(await text(page, "#head h1"), before);
	await page.locator("#bar .part").click();
	await until(page, "#head h1", before);
	if (width > 1000) {
		await page.getByRole("button", { name: "Stalls", exact: true }).click();
		assert.equal(await page.locator("#places th[aria-sort]").innerText(), "Stalls");
	}
});

each("places: by keyboard, Escape leaves", async (page) => {
	await page.locator("#places tbody button.code").first().focus();
	await page.keyboard.press("Enter");
	await page.locator("#bar .part").waitFor();
	await page.keyboard.press("Escape");
	await page.locator("#bar .part").waitFor({ state: "detached" });
});

each("search: a slash, what is found is counted, Escape leaves", async (page) => {
	await page.keyboard.press("/");
	await page.keyboard.type("fetch_r");
	await until(page, "#search-found", /^\d+ of 60 stalls$/);
	await until(page, "#places .lead", /at 1 place\./);
	await page.keyboard.type("(");
	await until(page, "#search-found", "no such expression");
	await page.keyboard.press("Escape");
	await until(page, "#places .lead", "in 60 stalls");
});

each("lanes: a range is brushed by mouse, moved by its edge, and left", async (page) => {
	const { box } = await laneBox(page), y = box.y + 60;

	await page.mouse.move(box.x + box.width * 0.3, y);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.6, y, { steps: 5 });
	await page.mouse.up();
	await until(page, ".lane-range", RANGE);
	await until(page, "#head h1", "in this range");
	const brushed = await text(page, ".lane-range");

	await page.mouse.move(box.x + box.width * 0.6, y);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.9, y, { steps: 3 });
	await page.mouse.up();
	await page.waitForFunction((before) => document.querySelector(".lane-range").innerText !== before, brushed);
	assert.equal((await text(page, ".lane-range")).split(" to ")[0], brushed.split(" to ")[0]);
	await page.mouse.dblclick(box.x + box.width * 0.1, y);
	await until(page, ".lane-range", WHOLE);
});

each("lanes: a stall under the mouse says what it is, a click shows it, the wheel zooms", async (page) => {
	const { box } = await laneBox(page);

	await findStall(page, box);
	assert.match(await text(page, ".tip"), / in .*: /s);
	assert.equal(await page.getByRole("button", { name: "Zoom out" }).isDisabled(), true);
	await page.mouse.down();
	await page.mouse.up();
	await page.locator("#stall .stall-title").waitFor();
	assert.match(page.url(), /#stall=/);
	const again = await laneBox(page);

	await page.mouse.move(again.box.x + 100, again.box.y + 60);
	await page.mouse.wheel(0, -300);
	await page.waitForFunction(() => !document.querySelector('[aria-label="Zoom out"]').disabled);
});

each("lanes: by keyboard from stall to stall, zoom, range, details", async (page) => {
	const said = "#time .out-of-sight[aria-live]";

	await page.locator("#time canvas").first().focus();
	await page.keyboard.press(".");
	await until(page, said, /\d+ ms in /);
	const first = await text(page, said);

	await page.keyboard.press("ArrowDown");
	await page.waitForFunction(([selector, before]) => document.querySelector(selector).textContent !== before, [said, first]);
	await page.keyboard.press("ArrowUp");
	await page.keyboard.press("+");
	await page.waitForFunction(() => !document.querySelector('[aria-label="Zoom out"]').disabled);
	await page.keyboard.press("ArrowRight");
	await page.keyboard.press("-");
	for (let i = 0; i < 5; i++)
		await page.keyboard.press("Shift+ArrowRight");
	await until(page, ".lane-range", RANGE);
	await page.keyboard.press("Escape");
	await until(page, ".lane-range", WHOLE);
	await page.keyboard.press("Home");
	await page.keyboard.press("Enter");
	await page.locator("#stall .stall-title").waitFor();
});

each("lanes: stalls of several loops with one culprit are listed, and led to", async (page) => {
	await page.locator(".lane-together li button").first().click();
	await until(page, "#time .out-of-sight[aria-live]", /together with \d+ other stall/);
	await page.keyboard.press("Enter");
	await page.locator("#stall .stall-other").first().click();
	await until(page, "#stall .stall-facts", "At the same time");
});

each("the flame graph: zoomed by mouse, and out again", async (page) => {
	const canvas = page.locator("#flame canvas");

	await canvas.scrollIntoViewIfNeeded();
	await canvas.click({ position: { x: 20, y: 70 } });
	await page.locator("#flame .crumbs").waitFor();
	await page.locator("#flame .crumbs button").first().click();
	await page.locator("#flame .crumbs").waitFor({ state: "hidden" });
	await page.getByRole("button", { name: "Innermost first" }).click();
	await page.locator("#flame select").first().selectOption("task");
});

each("the flame graph: by keyboard, with a search", async (page) => {
	await page.keyboard.press("/");
	await page.keyboard.type("fetch_rates");
	await page.locator("#flame canvas").focus();
	await page.keyboard.press("n");
	await until(page, "#flame .controls [role=status]", /matches, 1 of \d+/);
	await page.keyboard.press("Enter");
	await page.locator("#flame .crumbs").waitFor();
	await page.keyboard.press("0");
	await page.locator("#flame .crumbs").waitFor({ state: "hidden" });
	for (const key of ["ArrowDown", "ArrowRight", "i", "f", "l", "c"])
		await page.keyboard.press(key);
});

each("turns: a threshold is dragged by mouse, and set back", async (page) => {
	const chart = page.locator(".turn-chart");

	await chart.scrollIntoViewIfNeeded();
	const box = await chart.boundingBox();

	await until(page, ".turn-said", "100 ms: 60 stalls");
	await page.mouse.move(box.x + box.width * 0.72, box.y + 80);
	await page.mouse.down();
	await page.mouse.move(box.x + box.width * 0.95, box.y + 80, { steps: 3 });
	await page.mouse.up();
	await page.waitForFunction(() => /: [1-5]?\d stalls?,/.test(document.querySelector(".turn-said").textContent));
	await page.getByRole("button", { name: /As recorded/ }).click();
	await until(page, ".turn-said", "100 ms: 60 stalls");
});

each("turns: by keyboard; below the recording's threshold it is about", async (page) => {
	await page.locator(".turn-slider").focus();
	for (let i = 0; i < 20; i++)
		await page.keyboard.press("ArrowLeft");
	await until(page, ".turn-said", /about [\d,]+ stalls, about/);
	await page.keyboard.press("End");
	await until(page, ".turn-said", /: (about )?0 stalls/);
});

each("what if: ticked by mouse", async (page) => {
	const row = page.locator(".whatif-table tbody tr").first();

	await page.locator(".whatif input").first().click();
	await page.waitForFunction(() => {
		const cells = document.querySelectorAll(".whatif-table tbody tr:first-child td");

		return Number(cells[1].innerText) < Number(cells[0].innerText);
	});
	assert.match(await row.innerText(), /−/);
	await page.getByRole("button", { name: "Nothing ticked" }).click();
	await until(page, ".whatif-table tbody tr:first-child", "the same");
});

each("what if: by keyboard; the focus stays", async (page) => {
	await page.locator(".whatif input").nth(1).focus();
	await page.keyboard.press("Space");
	await until(page, ".whatif-table tbody tr:first-child", "−");
	assert.equal(await page.evaluate(() => document.activeElement.type), "checkbox");
	await page.keyboard.press("Space");
	await until(page, ".whatif-table tbody tr:first-child", "the same");
});

each("a stall: its parts by mouse", async (page) => {
	await page.getByRole("button", { name: "The longest", exact: true }).click();
	const title = await text(page, "#stall .stall-title");

	await page.getByRole("button", { name: "← Before" }).click();
	await page.waitForFunction((before) => document.querySelector("#stall .stall-title").innerText !== before, title);
	const folded = page.locator(".stall-folded button");

	if (await folded.count()) {
		await folded.first().click();
		assert.equal(await folded.count(), 0);
	}
	await page.locator(".stall-slice").last().click();
	assert.equal(await page.locator(".stall-slice").last().getAttribute("aria-pressed"), "true");
	await page.locator(".stall-copy").click();
	await until(page, "#stall [role=status]", /Copied|Selected/);
	assert.match(await text(page, ".stall-text"), /^\d\d:\d\d:\d\d\.\d{3}  \d+ ms in /);
});

each("a stall: by keyboard, one after the other, and left", async (page) => {
	await page.keyboard.press("j");
	await until(page, "#stall .stall-nav", "1 of 60");
	await page.keyboard.press("j");
	await until(page, "#stall .stall-nav", "2 of 60");
	await page.keyboard.press("k");
	await until(page, "#stall .stall-nav", "1 of 60");
	assert.match(page.url(), /#stall=/);
	await page.locator(".stall-all input").focus();
	await page.keyboard.press("Space");
	assert.equal(await page.locator(".stall-folded").count(), 0);
	await page.locator(".stall-copy").focus();
	await page.keyboard.press("Enter");
	await until(page, "#stall [role=status]", /Copied|Selected/);
	await page.keyboard.press("Escape");
	await until(page, "#stall", "Choose a stall");
	assert.doesNotMatch(page.url(), /#stall=/);
});

each("the keys are listed, and everything is set back by 0", async (page) => {
	await page.keyboard.press("?");
	await until(page, "dialog", "Lanes");
	await page.keyboard.press("Escape");
	await page.locator(".whatif input").first().check();
	await page.locator("#bar .part").waitFor();
	await page.locator("#head h1").click();
	await page.keyboard.press("0");
	await page.locator("#bar .part").waitFor({ state: "detached" });
}, LOOKS.slice(0, 1));

for (const [width, scheme] of MOUSE)
	inBrowser(`a link leads to its stall, ${width} px, ${scheme}`, everyday, { width, scheme, fragment: "#stall=4243-1" }, async (page) => {
		await until(page, "#stall .stall-nav", "of 60");
		await page.waitForFunction(() => {
			const { top } = document.querySelector("#stall").getBoundingClientRect();

			return top > -50 && top < innerHeight / 2;
		});
	});

each("night is dark", async (page) => {
	const [ground, words] = await page.evaluate(() => {
		const style = getComputedStyle(document.body);

		return [style.backgroundColor, style.color].map((colour) => colour.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0));
	});

	assert.ok(ground < 150 && words > 450, `${ground} ${words}`);
}, LOOKS.filter(([, scheme]) => scheme === "dark"));

for (const width of [320, 400, 768, 1280, 3840])
	inBrowser(`no sideways scrolling at ${width} px`, everyday, { width, fragment: "#stall=4243-1" }, async (page) => {
		await page.locator("#stall .stall-title").waitFor();
		assert.ok(!await sideways(page), "wider than the window");
	});

inBrowser("all that can be worked has a name", everyday, { fragment: "#stall=4243-1" }, async (page) => {
	const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, summary, canvas[tabindex], [role=img], [role=application], [tabindex='0']")]
		.filter((one) => !(one.innerText || one.getAttribute("aria-label") || one.labels?.length || one.title))
		.map((one) => one.outerHTML.slice(0, 200)));

	assert.deepEqual(nameless, []);
});

inBrowser("on paper the controls are gone, the lanes are there", everyday, {}, async (page) => {
	await page.emulateMedia({ media: "print" });
	await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
	assert.equal(await page.locator("#bar").isVisible(), false);
	assert.ok((await page.locator("#time canvas").first().boundingBox()).height > 300);
	await page.evaluate(() => dispatchEvent(new Event("afterprint")));
});
