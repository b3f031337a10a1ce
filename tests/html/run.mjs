// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run.mjs [FILE...] - runs tests/html/*.test.mjs or these, shows what failed, and closes with
 * a line that scripts/test counts.
 */
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "node:test";

const here = fileURLToPath(new URL(".", import.meta.url));
const asked = process.argv.slice(2).map((name) => resolve(name));
const files = asked.length ? asked : readdirSync(here).filter((name) => name.endsWith(".test.mjs")).map((name) => here + name);
let passed = 0, failed = 0, skipped = 0;

/* A file is a test itself in some versions of Node.js. */
const isFile = ({ name }) => files.includes(name) || files.includes(here + name);

run({ files, concurrency: 2 })
	.on("test:pass", (test) => {
		if (test.skip !== undefined) {
			skipped++;
			console.log(`SKIP ${test.name}: ${test.skip}`);
		} else
			passed += isFile(test) ? 0 : 1;
	})
	.on("test:fail", (test) => {
		const { error } = test.details;

		if (isFile(test) && failed)
			return; /* said already */
		failed++;
		console.log(`FAIL ${test.name}\n    ${String((error.cause || error).stack || error).replace(/\n/g, "\n    ")}`);
	})
	.on("test:stderr", ({ message }) => process.stderr.write(message))
	.on("end", () => {
		console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
		process.exitCode = failed || !(passed + skipped) ? 1 : 0;
	})
	.resume();
