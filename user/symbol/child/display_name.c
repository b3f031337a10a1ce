// SPDX-License-Identifier: GPL-2.0-or-later
/* display_name.c - which names are demangled, and what is left of those that are too long. */
#include "symbol/child/display_name.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "symbol/wire/name.h"

/* Deeply nested templates demangle to more than anyone can read, and take long to. */
#define MANGLED_MAX 4096

/*
 * What does not fit is thrown away, and of that not more: three hundred bytes can stand
 * for 2^40, as each part of a name can have the one before in it twice.
 */
#define THROWN_AWAY_MAX (1u << 20)

struct written {
	char *text;
	size_t size, used, thrown_away;
	jmp_buf enough;
};

static void write_part(const char *part, size_t bytes, void *context)
{
	struct written *written = context;
	size_t left = written->size - 1 - written->used;

	/* a part may be none */
	if (!bytes)
		return;
	if (bytes < left)
		left = bytes;
	memcpy(written->text + written->used, part, left);
	written->used += left;
	written->thrown_away += bytes - left;
	if (written->thrown_away > THROWN_AWAY_MAX)
		longjmp(written->enough, 1);
}

static bool demangle(const char *name, struct written *written)
{
	if (rust_demangle_callback(name, DMGL_AUTO, write_part, written))
		return true;
	written->used = written->thrown_away = 0;
	/* Without parameters: they would fill the line, and stacks tell overloads apart. */
	return cplus_demangle_v3_callback(name, DMGL_AUTO, write_part, written);
}

/*
 * False: it is no such name. *cut: it does not fit. Nothing that is left in its middle
 * has allocated anything, but for a word in Unicode of Rust.
 */
static bool demangle_up_to(const char *name, char *out, size_t size, bool *cut)
{
	struct written written = { .text = out, .size = size };

	if (!setjmp(written.enough) && !demangle(name, &written))
		return false;
	out[written.used] = '\0';
	*cut = written.thrown_away != 0;
	return true;
}

void display_name(const char *name, char *out, size_t size)
{
	size_t length = name_plain_length(name);
	char plain[MANGLED_MAX];
	bool cut = false, demangled = false;

	if (length < sizeof(plain)) {
		memcpy(plain, name, length);
		plain[length] = '\0';
		demangled = demangle_up_to(plain, out, size, &cut);
	}
	if (!demangled)
		cut = (size_t)snprintf(out, size, "%.*s", (int)length, name) >= size;
	if (cut && size > 4)
		memcpy(out + size - 4, "...", 4);
}
