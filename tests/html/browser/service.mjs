// SPDX-License-Identifier: GPL-2.0-or-later
/* service.mjs - the page of a running service: who sees it, what it shows live, below a proxy's path, without an answer. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { sideways } from "./chromium.mjs";
import { inBrowser } from "./in_browser.mjs";
import { freePort, makeService, makeTarget, makeUnreadable, obstacle, proxy, proxyObstacle, service } from "./services.mjs";

/* The browser itself says that it got this status. */
const UNAUTHORIZED = /^Failed to load resource: the server responded with a status of 401/;
const GONE = /^Failed to load resource: (the server responded with a status of (401|50[23])|net::ERR_(CONNECTION_REFUSED|EMPTY_RESPONSE|CONNECTION_RESET))/;

function inService(name, why, address, options, does) {
	if (why)
		test(name, { skip: why }, () => {});
	else
		inBrowser(name, address, options, does);
}

async function give(page, token) {
	await page.locator("#token").fill(token);
	await page.keyboard.press("Enter");
}

const said = (page, text) => page.locator(".state [role=status]").filter({ hasText: text }).waitFor({ timeout: 30000 });
/* Without waiting until it does so by itself. */
const again = (page) => page.locator(".state button").evaluate((button) => button.click());
const isLive = (page) => said(page, /^Live$/);

/* Every part is there, none failed. */
async function isWhole(page) {
	await page.locator("#stall .view > *").first().waitFor();
	assert.deepEqual(await page.locator(".failed").allInnerTexts(), []);
	for (const id of ["live", "coming", "head", "places", "time", "flame", "turns", "whatif", "stall"])
		assert.ok(await page.locator(`#${id}`).isVisible(), `no ${id}`);
	assert.ok(!await sideways(page), "wider than the window");
}

const tcp = async () => (await service()).address;

inService("the token is asked for once, and kept for the tab", obstacle, tcp, { expected: UNAUTHORIZED }, async (page) => {
	const { token } = await service();
	const dialogs = page.wrong.length;

	await page.locator("#token").waitFor();
	assert.equal(await page.locator("#live").isVisible(), false);
	await give(page, "short");
	await page.locator("#token-said").filter({ hasText: "16 to 127" }).waitFor();
	await give(page, "0123456789abcdef0123456789abcdef");
	await page.locator("#token-said").filter({ hasText: "not the service's" }).waitFor();
	await give(page, token());
	await isLive(page);
	await isWhole(page);
	assert.equal(await page.locator("#token").isVisible(), false);
	await page.reload();
	await isLive(page);
	assert.equal(await page.locator("#token").isVisible(), false);
	assert.equal(page.wrong.length, dialogs);
	/* another tab has none */
	const other = await page.context().newPage();

	await other.goto(await tcp());
	await other.locator("#token").waitFor();
});

for (const [width, scheme] of [[1280, "light"], [400, "dark"]])
	inService(`stalls come while they last, and loops are live, ${width} px, ${scheme}`, obstacle, tcp, { width, scheme, expected: UNAUTHORIZED }, async (page) => {
		const target = await makeTarget(4, 1);

		try {
			await give(page, (await service()).token());
			await isLive(page);
			const row = page.locator(".loops tbody tr", { hasText: `[${target.pid}]` });

			await row.waitFor();
			assert.match(await row.innerText(), /asyncio/);
			target.go();
			/* a busy machine may make it stall for other reasons, too */
			const stall = page.locator(".coming > li", { hasText: `[${target.pid}]` }).filter({ hasText: "block_sleep" });

			await stall.filter({ hasText: "and still" }).waitFor({ timeout: 20000 });
			await row.filter({ hasText: /now, \d/ }).waitFor({ timeout: 20000 });
			await stall.filter({ hasText: /4\.\d s/ }).filter({ hasNotText: "and still" }).waitFor({ timeout: 20000 });
			assert.equal(target.turns(), 1);
			assert.equal(await stall.count(), 1, "it is there twice");
			assert.match(await stall.innerText(), /block_sleep \(.*blocks_sleep\.py:\d+\)[^]*sleep[^]*task job-1[^]*asyncio\.sleep/);
			await stall.locator("summary").focus();
			await page.keyboard.press("Enter");
			assert.match(await stall.locator("pre").innerText(), /^\d\d:\d\d:\d\d[^]*clock_nanosleep/);
			await row.filter({ hasText: /sleep \d/ }).filter({ hasText: /4\.\d s/ }).waitFor({ timeout: 20000 });
			/* what is opened stays so as others come */
			await page.waitForResponse(/last/);
			assert.ok(await stall.locator("details").evaluate((box) => box.open));
			/* and the hour has it: its lane, its call, its turn */
			await page.getByRole("button", { name: "Read the hour again" }).click();
			await isLive(page);
			await isWhole(page);
			await page.locator("#places tbody", { hasText: "block_sleep" }).waitFor();
			assert.match(await page.locator("#head h1").innerText(), /lost in \d+ stall/);
			await page.locator("#flame summary").first().click();
			await page.locator("#flame table", { hasText: "block_sleep" }).first().waitFor();
			await page.locator("#time .lane-table summary").click();
			await page.locator("#time table", { hasText: `[${target.pid}]` }).waitFor();
			await page.locator("body").press("j");
			await page.locator("#stall .stall-title", { hasText: "block_sleep" }).waitFor();
		} finally {
			target.end();
		}
	});

inService("what could not be seen is said, and how many more stalls last than there is room for", obstacle, tcp, { expected: UNAUTHORIZED }, async (page) => {
	const target = await makeUnreadable();

	try {
		await give(page, (await service()).token());
		await isLive(page);
		await page.locator("#live .unseen").filter({ hasText: /^Not seen since \d\d:\d\d:\d\d: 1 process whose memory came too late/ }).waitFor({ timeout: 30000 });
		await page.getByRole("button", { name: "Read the hour again" }).click();
		await isLive(page);
		await page.locator("#head .gaps", { hasText: "whose memory came too late" }).waitFor();
		assert.ok(!await sideways(page), "wider than the window");
		await page.route(/last/, async (route) => {
			const response = await route.fetch();
			const json = await response.json();

			json.missing.lasting = 1036;
			await route.fulfill({ response, json });
		});
		await page.locator("#coming").filter({ hasText: "and 1,036 more that last" }).waitFor();
		await page.unroute(/last/);
		await page.locator("#coming").filter({ hasNotText: "more that last" }).waitFor();
	} finally {
		target.end();
	}
});

inService("a page that nobody sees asks for nothing, and then shows what came meanwhile", obstacle, tcp, { expected: UNAUTHORIZED }, async (page) => {
	const target = await makeTarget(0.4, 1);
	const hide = (hidden) => page.evaluate((isHidden) => {
		Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
		document.dispatchEvent(new Event("visibilitychange"));
	}, hidden);
	let asked = 0;
	const count = () => asked++;

	try {
		await give(page, (await service()).token());
		await isLive(page);
		await page.locator(".loops tbody tr", { hasText: `[${target.pid}]` }).waitFor();
		await hide(true);
		/* whatever was asked for before has come */
		await page.waitForTimeout(500);
		page.on("request", count);
		target.go();
		await page.waitForTimeout(6000);
		assert.equal(asked, 0, "it asks");
		page.off("request", count);
		const [request] = await Promise.all([page.waitForRequest(/last/), hide(false)]);

		assert.ok(Number(request.url().split("seconds=")[1]) >= 6 + 5, request.url());
		await page.locator(".coming > li", { hasText: `[${target.pid}]` }).waitFor();
	} finally {
		target.end();
	}
});

for (const path of ["/blockprof/", "/blockprof", "/stripped"])
	inService(`below a proxy's ${path}`, proxyObstacle, async () => (await proxy()) + path, { expected: UNAUTHORIZED }, async (page) => {
		await give(page, (await service()).token());
		await isLive(page);
		await isWhole(page);
		/* another service below the same name is asked with its own */
		assert.deepEqual(await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.includes("token"))),
			[`blockprof-token ${await proxy()}${path.replace(/\/$/, "")}/`]);
	});

inService("by a unix socket no token is wanted", proxyObstacle, async () => `${await proxy()}/group/`, {}, async (page) => {
	await isLive(page);
	await isWhole(page);
	assert.equal(await page.locator("#token").isVisible(), false);
});

const lonely = { port: 0, service: null };

inService("without an answer it says so, and goes on by itself", obstacle, async () => {
	lonely.port = await freePort();
	lonely.service = await makeService(`127.0.0.1:${lonely.port}`, "lonely");
	return `http://127.0.0.1:${lonely.port}/`;
}, { expected: GONE }, async (page) => {
	const token = lonely.service.token();

	await give(page, token);
	await isLive(page);
	await lonely.service.end();
	await said(page, /^No answer from the service\. It is asked again in \d+ s\.$/);
	assert.ok(await page.getByRole("button", { name: "Try again" }).isVisible());
	lonely.service = await makeService(`127.0.0.1:${lonely.port}`, "lonely");
	await again(page);
	await isLive(page);
	/* statuses as a proxy or the service may give them */
	for (const [status, words] of [[503, "The service is busy."], [502, "The proxy has no answer"]]) {
		await page.route(/loops/, (route) => route.fulfill({ status, body: "" }));
		await said(page, words);
		await page.unroute(/loops/);
		await again(page);
		await isLive(page);
	}
	await lonely.service.end();
});
