// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bun.c - Bun: a loop of its own on an epoll instance, in the main thread and in each
 * worker. It exports libuv's functions for modules that want them, and runs none of
 * them; its JavaScript engine is not V8.
 */
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "bun", "bunx", "bun.exe", "bunx.exe", NULL };

static const struct advice rows[] = {
	{ "await Bun.sleep() instead of Bun.sleepSync()", .causes = ON(SLEEP) },
	{ "Bun.spawn() instead of Bun.spawnSync() and execSync()", .causes = ON(CHILD) },
	{ "Bun.file() or fs.promises instead of synchronous calls of fs", .causes = ON(FILE) },
	{ "a Worker, or smaller pieces", .causes = ON(CPU) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_bun = {
	.name = "bun",
	.recognise = native_recognise,
	.programs = programs,
	/* also of the programs that it makes of itself and a script */
	.function = ".bun_builtins",
	.own_epoll = native_main_epoll,
	.nests_for_child = true,
	.unread = "JavaScript",
	.advice = advice,
};
