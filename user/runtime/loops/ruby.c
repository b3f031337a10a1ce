// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ruby.c - Ruby's reactors, on IO.select, nio4r, io-event or EventMachine. Its threads
 * poll for each other's signals whatever they wait for, and one waits for timers.
 */
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const programs[] = { "ruby", NULL };
static const char *const libraries[] = { "libruby", NULL };

const struct runtime runtime_ruby = {
	.name = "ruby",
	.recognise = native_recognise_interpreter,
	.programs = programs,
	.libraries = libraries,
	.by_habit = true,
	.polls_alike = true,
	.unread = "Ruby",
};
