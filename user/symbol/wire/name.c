// SPDX-License-Identifier: GPL-2.0-or-later
/* name.c - plain, best and demangled names. */
#include "symbol/wire/name.h"

#include <libiberty/demangle.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

/* Deeply nested templates demangle to more than anyone can read, and take long to. */
#define MANGLED_MAX 4096

static bool is_clone_word(const char *word, size_t length)
{
	static const char *const words[] = {
		"isra", "constprop",  "part",  "cold", "lto_priv",
		"llvm", "localalias", "clone", "abi0", /* Go's, of what is written in assembly */
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == length && memcmp(words[i], word, length) == 0)
			return true;
	return false;
}

static size_t last_dot(const char *name, size_t length)
{
	while (length > 0 && name[length - 1] != '.')
		length--;
	return length ? length - 1 : 0;
}

/* Go and OCaml have dots in names proper: only known words are taken off. */
static size_t without_clone(const char *name, size_t length)
{
	size_t end = length;
	size_t dot = last_dot(name, end);

	if (dot && strspn(name + dot + 1, "0123456789") >= end - dot - 1) {
		end = dot;
		dot = last_dot(name, end);
	}
	return dot && is_clone_word(name + dot + 1, end - dot - 1) ? dot : length;
}

size_t name_plain_length(const char *name)
{
	const char *version = strchr(name, '@');
	size_t length = version && version != name ? (size_t)(version - name) : strlen(name);

	for (;;) {
		size_t shorter = without_clone(name, length);

		if (shorter == length)
			return length;
		length = shorter;
	}
}

bool name_better(const char *a, const char *b)
{
	size_t a_underscores = strspn(a, "_"), b_underscores = strspn(b, "_");
	size_t a_length, b_length;

	if (a_underscores != b_underscores)
		return a_underscores < b_underscores;
	a_length = strlen(a);
	b_length = strlen(b);
	if (a_length != b_length)
		return a_length < b_length;
	return strcmp(a, b) < 0;
}

void name_display(const char *name, char *out, size_t size)
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
