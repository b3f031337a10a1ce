// SPDX-License-Identifier: GPL-2.0-or-later
/* display_name.c - which names are demangled, and what is left of those that are too long. */
#include "symbol/child/display_name.h"

#include <libiberty/demangle.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbol/wire/name.h"

/* Deeply nested templates demangle to more than anyone can read, and take long to. */
#define MANGLED_MAX 4096

void display_name(const char *name, char *out, size_t size)
{
	size_t length = name_plain_length(name);
	char plain[MANGLED_MAX];
	char *demangled __freeing = NULL;
	int written;

	if (length < sizeof(plain)) {
		memcpy(plain, name, length);
		plain[length] = '\0';
		/* Without parameters: they would fill the line, and stacks tell overloads apart. */
		demangled = cplus_demangle(plain, DMGL_AUTO);
	}
	if (demangled)
		written = snprintf(out, size, "%s", demangled);
	else
		written = snprintf(out, size, "%.*s", (int)length, name);
	if (written >= 0 && (size_t)written >= size && size > 4)
		memcpy(out + size - 4, "...", 4);
}
