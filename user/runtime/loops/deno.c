// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * deno.c - Deno: Tokio's scheduler for one thread, with V8 in it, in the main thread and
 * in each worker. Which of V8's frames can be read is up to its binary, whose symbols are
 * stripped as a rule.
 */
#include "runtime/advice.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const programs[] = { "deno", "denort", NULL };

static const struct advice rows[] = {
	{ "Deno.Command's output() instead of outputSync()", .causes = ON(CHILD) },
	{ "the asynchronous twin (Deno.readFile, not readFileSync)", .causes = ON(FILE) },
	{ "a Worker, or smaller pieces", .causes = ON(CPU) },
	{ .text = NULL },
};

static const struct advice *const advice[] = { rows, NULL };

const struct runtime runtime_deno = {
	.name = "deno",
	.recognise = native_recognise,
	.programs = programs,
	.own_epoll = native_main_epoll,
	.runs_javascript = true,
	.unread = "JavaScript",
	.advice = advice,
};
