// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * haproxy.c - each thread's run_poll_loop() waits on an epoll instance of its own;
 * with work left it only looks (timeout 0).
 */
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const programs[] = { "haproxy", NULL };

static int version(struct program *program, char *version, size_t size)
{
	return program_word(program, " version ", version, size);
}

const struct runtime runtime_haproxy = {
	.name = "haproxy",
	.recognise = native_recognise,
	.programs = programs,
	.function = "run_poll_loop",
	.version = version,
};
