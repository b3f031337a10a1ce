// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { CAUSES, KINDS, causeColour, kindColour, patternLines, textOn } from "../../user/output/html/colours.js";

function luminance(colour) {
	const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
		.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));

	return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a, b) {
	const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x);

	return (light + 0.05) / (dark + 0.05);
}

test("each cause of the program has a colour", () => {
	const source = readFileSync(new URL("../../user/model/cause.c", import.meta.url), "utf8");
	const known = [...source.matchAll(/\[CAUSE_\w+\] = \{\s*"(\w+)"/g)].map((match) => match[1]);

	assert.ok(known.length > 10);
	assert.deepEqual(CAUSES.map((cause) => cause.name).sort(), known.sort());
});

test("no two causes look the same, by day or by night", () => {
	for (const theme of ["light", "dark"])
		assert.equal(new Set(CAUSES.map((cause) => cause[theme])).size, CAUSES.length);
});

test("text can be read on each colour", () => {
	for (const { name, light, dark } of [...CAUSES, ...KINDS])
		for (const colour of [light, dark])
			assert.ok(contrast(colour, textOn(colour)) >= 4.5, `${name} ${colour}: ${contrast(colour, textOn(colour))}`);
});

test("what is not known looks like other", () => {
	assert.equal(causeColour("no such", false), causeColour("other", false));
	assert.equal(kindColour("no such", true), kindColour("library", true));
	assert.ok(CAUSES.every((cause) => Array.isArray(patternLines(cause.name))));
});
