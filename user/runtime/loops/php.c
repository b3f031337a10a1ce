// SPDX-License-Identifier: GPL-2.0-or-later
/* php.c - loops of programs in PHP: ReactPHP, Amp, Swoole. */
#include "runtime/loops/loops.h"
#include "runtime/native.h"

static const char *const programs[] = { "php", NULL };
static const char *const libraries[] = { "libphp", NULL };

const struct runtime runtime_php = {
	.name = "php",
	.recognise = native_recognise_interpreter,
	.programs = programs,
	.libraries = libraries,
	.by_habit = true,
	.unread = "PHP",
};
