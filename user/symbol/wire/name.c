// SPDX-License-Identifier: GPL-2.0-or-later
/* name.c - what is put behind a name when it is compiled, and which of several people know. */
#include "symbol/wire/name.h"

#include <string.h>

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
