// SPDX-License-Identifier: GPL-2.0-or-later
import assert from "node:assert/strict";
import test from "node:test";

import {
	boxAt, buildTree, findMatches, largestFrames, layOut, mainCause, nodeAt, pathOf,
} from "../../user/output/html/flame_tree.js";
import { initialState, searchPattern } from "../../user/output/html/shown.js";
import { MS, S, frame, samplePage } from "./model.mjs";

function tree(part = {}, page = samplePage()) {
	return buildTree(page, { ...initialState(page), frames: "all", ...part });
}

const ms = (node) => Math.round(node.ns / MS);
const names = (node) => node.children.map((one) => `${one.label} ${ms(one)}`);

function below(node, ...path) {
	return path.reduce((at, label) => at.children.find((one) => one.label === label), node);
}

/* Each node is what ends in it and what is below it: in whatever way the tree is made. */
function addsUp(made) {
	for (const node of made.nodes) {
		const sum = node.children.reduce((ns, one) => ns + one.ns, node.selfNs);

		assert.ok(Math.abs(sum - node.ns) < 1, `${node.label}: ${sum}, not ${node.ns}`);
	}
}

test("the outermost calls come first, the cause last, and all of it is there once", () => {
	const made = tree();

	addsUp(made);
	assert.equal(ms(made.root), 1968);
	assert.equal(Math.round(made.smallNs / MS), 40);
	assert.deepEqual(names(made.root), ["Handle._run (events.py:80) 1968"]);
	assert.deepEqual(names(below(made.root, "Handle._run (events.py:80)", "serve (main.py:12)")),
		["check_password (login.py:36) 708", "fetch_rates (rates.py:88) 690", "load_config (config.py:23) 420", "walk (tree.py:5) 150"]);
	assert.equal(made.rows, 8);
});

test("turned round, the cause comes first, and the widths add up as well", () => {
	const made = tree({ inverted: true });

	addsUp(made);
	assert.equal(ms(made.root), 1968);
	assert.deepEqual(names(made.root), ["[cpu] 838", "[socket] 650", "[sleep] 420", "[file] 40", "[runqueue] 20"]);
	assert.deepEqual(names(below(made.root, "[cpu]")), ["CRYPTO_clear_free (libcrypto.so.3) 688", "walk (tree.py:5) 150"]);

	for (const row of layOut(made.root, 1000, 0)) {
		const wide = row.reduce((sum, box) => sum + box.width, 0);

		assert.ok(wide <= 1000.001, String(wide));
	}
});

test("each way of grouping has all of the time", () => {
	const roots = {
		task: ["login 700", "rates 404", "config 420", "rates-2 254", "walk 150", "dns 40"],
		target: ["(nothing waited for) 1278", "127.0.0.1:5432 650", "/etc/hosts 40"],
		cause: ["cpu 838", "socket 650", "sleep 420", "file 40", "runqueue 20"],
		process: ["python3[4242] 1968"],
	};

	for (const [groupBy, expected] of Object.entries(roots))
		for (const inverted of [false, true]) {
			const made = tree({ groupBy, inverted });

			addsUp(made);
			assert.deepEqual(names(made.root).sort(), expected.sort(), groupBy);
		}
});

test("processes of several machines are told apart", () => {
	const page = samplePage();

	page.recordings.push({ ...page.recordings[0], host: "web2" });
	page.loops[1].recording = 1;
	assert.deepEqual(names(tree({ groupBy: "process" }, page).root), ["web1: python3[4242] 1118", "web2: python3[4242] 850"]);
});

test("without libraries only own calls are left, or the innermost where none is", () => {
	const page = samplePage();

	page.stacks.push([1, 5]);
	page.stalls[5].slices[0].stack = page.stacks.length - 1;

	const made = tree({ frames: "own" }, page);

	addsUp(made);
	assert.deepEqual(names(made.root), ["serve (main.py:12) 1818", "recvfrom (libc.so.6) 150"]);
	assert.deepEqual(names(below(made.root, "serve (main.py:12)", "load_config (config.py:23)")), ["[sleep] 420"]);
});

test("without the interpreter's frames, what others have called of it stays", () => {
	const page = samplePage();

	page.frames.push(frame(["_start", "python3", 0, "native", "interpreter"]), frame(["send", "libc.so.6", 0, "native", "interpreter"]));
	page.stacks[0] = [0, 12, 1, 2, 3, 4, 11, 5, 11];

	const made = tree({ frames: "calls", only: "place:fetch_rates (rates.py:88)" }, page);

	addsUp(made);
	assert.deepEqual(pathOf(made.nodes.find((node) => node.label === "[socket]")).map((name) => name.split(" ")[1]),
		["Handle._run", "serve", "fetch_rates", "PQgetResult", "recvfrom", "do_sys_poll", "[socket]"]);

	page.stacks[0] = [0, 12, 11];
	assert.deepEqual(names(tree({ frames: "calls", without: new Set(["cause:cpu", "cause:sleep", "cause:runqueue"]) }, page).root),
		["_start (python3) 690"]);
});

test("what waited for a CPU is where its turn was, and in no call where that is not known", () => {
	const page = samplePage();

	assert.equal(ms(below(tree({ groupBy: "cause" }, page).root, "runqueue", "Handle._run (events.py:80)")), 20);
	page.stalls[3].slices = page.stalls[3].slices.slice(1);
	page.stalls[3].ns = 10 * MS;
	assert.deepEqual(names(below(tree({ groupBy: "cause", thresholdNs: 0 }, page).root, "runqueue")),
		["(no stack) 10", "Handle._run (events.py:80) 10"]);
});

test("the tree is of the range, of the place and without what is taken out", () => {
	assert.equal(ms(tree({ fromNs: 5 * S, toNs: 5.1 * S }).root), 100);
	assert.equal(ms(tree({ only: "place:walk (tree.py:5)" }).root), 150);
	assert.equal(ms(tree({ without: new Set(["cause:socket"]) }).root), 300 + 700 + 150 + 120 + 40);

	const empty = tree({ fromNs: 0, toNs: 0 });

	assert.equal(empty.root.ns, 0);
	assert.deepEqual(empty.root.children, []);
});

test("a way that matches twice is counted once", () => {
	const page = samplePage();
	const made = tree({}, page);
	const found = findMatches(page, made, searchPattern("walk|serve"));

	assert.equal(found.nodes.length, 4);
	assert.equal(Math.round(found.ns / MS), 1968);

	const walks = findMatches(page, made, searchPattern("^walk"));

	assert.equal(walks.nodes.length, 3);
	assert.equal(Math.round(walks.ns / MS), 150);
	assert.equal(findMatches(page, made, null).ns, 0);
	assert.equal(findMatches(page, made, searchPattern("^all$")).nodes.length, 0);
	assert.equal(Math.round(findMatches(page, made, searchPattern("\\[sleep")).ns / MS), 420);
});

test("a zoomed box is as wide as the graph, as are those around it, and what is below it in proportion", () => {
	const made = tree();
	const serve = below(made.root, "Handle._run (events.py:80)", "serve (main.py:12)");
	const walk = below(serve, "walk (tree.py:5)");
	const rows = layOut(walk, 900);

	assert.deepEqual(rows.map((row) => row.map(({ node, x, width }) => [node.label, x, width])), [
		[["all", 0, 900]], [["Handle._run (events.py:80)", 0, 900]], [["serve (main.py:12)", 0, 900]],
		[["walk (tree.py:5)", 0, 900]], [["walk (tree.py:5)", 0, 900]], [["walk (tree.py:5)", 0, 900]], [["[cpu]", 0, 900]],
	]);

	const [box] = layOut(serve, 1968)[3].filter(({ node }) => node === walk);

	assert.equal(Math.round(box.width), 150);
	assert.equal(Math.round(box.x), 1818);
});

test("the box below the pointer is found, and there is none beside the boxes", () => {
	const row = [{ x: 0, width: 10 }, { x: 10, width: 5 }, { x: 20, width: 1 }];

	assert.equal(boxAt(row, 9.9), row[0]);
	assert.equal(boxAt(row, 10), row[1]);
	assert.equal(boxAt(row, 17), null);
	assert.equal(boxAt(row, 20.5), row[2]);
	assert.equal(boxAt(row, 21), null);
	assert.equal(boxAt(undefined, 1), null);
});

test("the zoom is found again in another tree, or as much of it as is there", () => {
	const made = tree();
	const path = pathOf(below(made.root, "Handle._run (events.py:80)", "serve (main.py:12)", "walk (tree.py:5)"));

	assert.equal(nodeAt(tree({ fromNs: 7 * S }), path).label, "walk (tree.py:5)");
	assert.equal(nodeAt(tree({ toNs: 2 * S }), path).label, "serve (main.py:12)");
	assert.equal(nodeAt(tree({ toNs: 0 }), path).label, "all");
	assert.deepEqual(pathOf(made.root), []);
});

test("the frames that most time went through, one that calls itself counted once", () => {
	const page = samplePage();
	const largest = largestFrames(page, tree({}, page), 50).map((sum) => [page.frames[sum.frame].fn, ms(sum)]);

	assert.deepEqual(largest.slice(0, 3), [["Handle._run", 1968], ["serve", 1968], ["check_password", 708]]);
	assert.deepEqual(largest.find(([fn]) => fn === "walk"), ["walk", 150]);
	assert.equal(largestFrames(page, tree({}, page), 2).length, 2);
});

test("the main cause is that of most of the time", () => {
	const made = tree({ groupBy: "task" });

	assert.equal(mainCause(below(made.root, "rates")), "socket");
	assert.equal(mainCause(below(made.root, "login")), "cpu");
	assert.equal(mainCause({ byCause: {} }), "other");
});
