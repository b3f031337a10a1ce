// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * chromium.mjs - a real browser for the page: Debian's chromium, driven by playwright-core of
 * npm (one release, fetched once).
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const RELEASE = "1.56.1"; /* the last that runs with Node.js 18 */
const root = fileURLToPath(new URL("../../../", import.meta.url));
const kept = `${root}.output/tests/html/`; /* the library, from run to run */

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

/**
 * Opens a file, or an address: then it may ask for what is below that. What the page says of
 * errors (but those that are expected), asks of a network or may not do is in page.wrong.
 */
export async function open(browser, what, { width = 1280, height = 900, scheme = "light", fragment = "", script = true, expected = null } = {}) {
	const isFile = what.startsWith("/"), address = isFile ? `file://${what}` : what;
	const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce", javaScriptEnabled: script });
	const page = await context.newPage();

	page.setDefaultTimeout(30000);
	page.wrong = [];
	page.on("console", (message) => ["error", "warning"].includes(message.type()) && !(expected && expected.test(message.text())) &&
		page.wrong.push(message.text()));
	page.on("pageerror", (error) => page.wrong.push(String(error)));
	page.on("dialog", (dialog) => {
		page.wrong.push(`a dialog: ${dialog.message()}`);
		dialog.dismiss();
	});
	page.on("request", (request) => {
		const asked = request.url().split("#")[0];

		if (isFile ? asked !== address : asked !== address && !asked.startsWith(address.endsWith("/") ? address : `${address}/`))
			page.wrong.push(`asks for ${asked.slice(0, 200)}`);
	});
	await page.goto(`${address}${fragment}`);
	return page;
}

/** Is the page wider than its window? */
export const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
