// SPDX-License-Identifier: GPL-2.0-or-later
/* glib.c - GLib's main loop: g_main_context_iterate() polls what its sources ask for. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "runtime/loops/loops.h"
#include "runtime/native.h"
#include "runtime/program.h"

static const char *const libraries[] = { "libglib-2.0.so", NULL };

/*
 * libglib-2.0.so.0.AGE.INTERFACE: AGE is 100 * minor + micro - interface age
 * (meson.build, "library_version"): 0.7400.6 is 2.74.6.
 */
static int version(struct program *program, char *version, size_t size)
{
	const char *path = program_library(program, "libglib-2.0.so.0.");
	unsigned int age, interface;

	if (!path || sscanf(base_name(path), "libglib-2.0.so.0.%5u.%5u", &age, &interface) != 2)
		return -ENOENT;
	snprintf(version, size, "2.%u.%u", age / 100, age % 100 + interface);
	return 0;
}

const struct runtime runtime_glib = {
	.name = "glib",
	.recognise = native_recognise,
	.function = "g_main_context_iteration",
	.libraries = libraries,
	/* a dialog runs the same context from elsewhere */
	.many_sites_library = "libglib-",
	.version = version,
};
