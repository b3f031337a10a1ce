// SPDX-License-Identifier: GPL-2.0-or-later
/* perl.c - loops of programs in Perl: AnyEvent, EV, IO::Async, POE. */
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const programs[] = { "perl", NULL };
static const char *const libraries[] = { "libperl", NULL };

const struct runtime runtime_perl = {
	.name = "perl",
	.recognise = native_recognise_interpreter,
	.programs = programs,
	.libraries = libraries,
	.by_habit = true,
	.unread = "Perl",
};
