// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * chromium.mjs - a real browser for the page: Debian's chromium, driven by playwright-core of
 * npm (its own files only, a release, once), and pages of made-up or recorded data.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const RELEASE = "1.56.1"; /* the last that runs with Node.js 18 */
const root = fileURLToPath(new URL("../../../", import.meta.url));
const kept = `${root}.output/tests/html/`; /* the library, from run to run */
const place = mkdtempSync(`${tmpdir()}/blockprof-html-`); /* the pages of this run */

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/* Fetched if it is not there yet, whole or not at all; throws {absent: reason} where it cannot be had. */
async function playwright() {
	const directory = `${kept}playwright-core-${RELEASE}`;

	if (!existsSync(directory)) {
		mkdirSync(kept, { recursive: true });
		const fresh = mkdtempSync(`${kept}fetched-`);

		try {
			execFileSync("npm", ["pack", "--silent", `playwright-core@${RELEASE}`], { cwd: fresh, stdio: ["ignore", "ignore", "pipe"] });
			execFileSync("tar", ["xzf", `playwright-core-${RELEASE}.tgz`], { cwd: fresh });
			renameSync(`${fresh}/package`, directory);
		} catch (error) {
			/* another run may have been quicker */
			if (!existsSync(directory))
				throw Object.assign(new Error(`no playwright-core: ${String(error.stderr || error.message).trim().slice(0, 200)}`), { absent: true });
		} finally {
			rmSync(fresh, { recursive: true, force: true });
		}
	}
	return import(`${directory}/index.mjs`);
}

export async function launch() {
	const executablePath = BROWSERS.find((path) => existsSync(path));

	if (!executablePath)
		throw Object.assign(new Error("chromium is not installed"), { absent: true });
	const { chromium } = await playwright();

	return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/** A file with the page of this data, as unpack.js takes it. */
export function makePage(name, packed) {
	const data = `${place}/${name}.json`, file = `${place}/${name}.html`;

	writeFileSync(data, JSON.stringify(packed));
	writeFileSync(file, execFileSync(`${root}scripts/html-page`, [data], { maxBuffer: 1 << 28 }));
	return file;
}

/** Opens a file; what the page says of errors, asks of a network or may not do is in page.wrong. */
export async function open(browser, file, { width = 1280, height = 900, scheme = "light", fragment = "", script = true } = {}) {
	const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce", javaScriptEnabled: script });
	const page = await context.newPage();

	page.setDefaultTimeout(10000);
	page.wrong = [];
	page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.wrong.push(message.text()));
	page.on("pageerror", (error) => page.wrong.push(String(error)));
	page.on("dialog", (dialog) => {
		page.wrong.push(`a dialog: ${dialog.message()}`);
		dialog.dismiss();
	});
	page.on("request", (request) => request.url().split("#")[0] === `file://${file}` || page.wrong.push(`asks for ${request.url().slice(0, 200)}`));
	await page.goto(`file://${file}${fragment}`);
	return page;
}

let launched = null;

/*
 * A test in a page of its own. Whatever it does, the page may say no error, ask for nothing
 * and break no policy. Skipped where there is no browser.
 */
export function inBrowser(name, file, options, does) {
	test(name, { timeout: 60000 }, async (t) => {
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
		const page = await open(browser, file(), options);

		try {
			await does(page);
			assert.deepEqual(page.wrong, [], "what the page said");
		} finally {
			await page.context().close();
		}
	});
}

after(async () => {
	rmSync(place, { recursive: true, force: true });
	if (launched)
		await launched.then((browser) => browser.close(), () => {});
});
