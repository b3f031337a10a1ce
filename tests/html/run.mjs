// SPDX-License-Identifier: GPL-2.0-or-later
/* run.mjs - runs tests/html/*.test.mjs, shows what failed, and closes with a line that scripts/test counts. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "node:test";

const here = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(here).filter((name) => name.endsWith(".test.mjs")).map((name) => here + name);
let passed = 0, failed = 0;

/* A file is a test itself in some versions of Node.js. */
const isFile = ({ name }) => files.includes(name) || files.includes(here + name);

run({ files, concurrency: 2 })
	.on("test:pass", (test) => {
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
		console.log(`${passed} passed, ${failed} failed, 0 skipped`);
		process.exitCode = failed || !passed ? 1 : 0;
	})
	.resume();
