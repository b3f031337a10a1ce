// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.c - the text symbols of /proc/kallsyms.
 *
 * A kernel has some 60,000 functions and as many prefix symbols; they stay in
 * memory for good, so an entry is 16 bytes and the names stand one behind the
 * other in one block.
 */
#include "symbol/kernel.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/wire/name.h"

#define SYMBOLS_MAX 2000000
#define NAMES_MAX   (64u << 20)
#define MODULES_MAX 1024
/* No function is this large: an address so far behind the last symbol below it is in none. */
#define FUNCTION_MAX (1u << 20)

struct entry {
	uint64_t addr;
	uint32_t name; /* in names */
	uint32_t module; /* index into modules; 0: none */
};

struct kernel_symbols {
	struct entry *v;
	size_t nr;
	size_t capacity;
	char *names;
	size_t names_bytes;
	size_t names_capacity;
	uint32_t modules[MODULES_MAX]; /* in names */
	uint32_t nr_modules;
};

static int add_string(struct kernel_symbols *symbols, const char *string, size_t length,
		      uint32_t *out)
{
	if (symbols->names_bytes + length + 1 > NAMES_MAX)
		return -EFBIG;
	if (symbols->names_bytes + length + 1 > symbols->names_capacity) {
		size_t capacity = symbols->names_capacity + symbols->names_capacity / 2 + 65536;
		char *names = realloc(symbols->names, capacity);

		if (!names)
			return -ENOMEM;
		symbols->names = names;
		symbols->names_capacity = capacity;
	}
	*out = (uint32_t)symbols->names_bytes;
	memcpy(symbols->names + symbols->names_bytes, string, length);
	symbols->names[symbols->names_bytes + length] = '\0';
	symbols->names_bytes += length + 1;
	return 0;
}

/* A module's symbols stand together. */
static int add_module(struct kernel_symbols *symbols, const char *module, uint32_t *out)
{
	uint32_t last = symbols->nr_modules;
	int err;

	if (last && strcmp(symbols->names + symbols->modules[last], module) == 0) {
		*out = last;
		return 0;
	}
	*out = 0;
	if (last + 1 == MODULES_MAX)
		return 0;
	err = add_string(symbols, module, strlen(module), &symbols->modules[last + 1]);
	if (!err)
		*out = ++symbols->nr_modules;
	return err;
}

static int add(struct kernel_symbols *symbols, uint64_t addr, const char *name, const char *module)
{
	struct entry entry = { .addr = addr };
	int err;

	if (symbols->nr == SYMBOLS_MAX)
		return -EFBIG;
	if (symbols->nr == symbols->capacity) {
		size_t capacity = symbols->capacity + symbols->capacity / 2 + 4096;
		struct entry *v = realloc(symbols->v, capacity * sizeof(*v));

		if (!v)
			return -ENOMEM;
		symbols->v = v;
		symbols->capacity = capacity;
	}
	if (module[0]) {
		err = add_module(symbols, module, &entry.module);
		if (err)
			return err;
	}
	err = add_string(symbols, name, name_plain_length(name), &entry.name);
	if (err)
		return err;
	symbols->v[symbols->nr++] = entry;
	return 0;
}

/*
 * Not names anyone calls: __pfx_ is the padding before a function (x86, Linux
 * 6.2), __cfi_ its type's hash, $x a mapping symbol of arm64.
 */
static bool is_marker(const char *name)
{
	return strncmp(name, "__pfx_", 6) == 0 || strncmp(name, "__cfi_", 6) == 0 || name[0] == '$';
}

static int compare(const void *a_void, const void *b_void)
{
	const struct entry *a = a_void, *b = b_void;

	return a->addr < b->addr ? -1 : a->addr > b->addr;
}

static int read_lines(struct kernel_symbols *symbols, FILE *file)
{
	bool whole = true;
	char line[1024];

	/* "ffffffff81000000 T _stext" or "ffffffffc0201000 t name\t[module]" */
	while (fgets(line, sizeof(line), file)) {
		bool begins = whole;
		char name[512], module[128] = "";
		unsigned long long addr;
		char type;
		int err;

		whole = strchr(line, '\n') != NULL;
		if (!begins ||
		    sscanf(line, "%16llx %c %511s %127s", &addr, &type, name, module) < 3)
			continue;
		if (!addr || !strchr("tTwW", type) || is_marker(name))
			continue;
		err = add(symbols, addr, name, module);
		if (err)
			return err;
	}
	return ferror(file) ? -EIO : 0;
}

static void shrink(struct kernel_symbols *symbols)
{
	struct entry *v = realloc(symbols->v, symbols->nr * sizeof(*v));
	char *names = realloc(symbols->names, symbols->names_bytes);

	symbols->v = v ? v : symbols->v;
	symbols->names = names ? names : symbols->names;
}

int kernel_symbols_read(struct kernel_symbols **out, const char *path)
{
	struct kernel_symbols *symbols;
	FILE *file = fopen(path, "re");
	int err;

	if (!file)
		return -errno;
	symbols = calloc(1, sizeof(*symbols));
	err = symbols ? read_lines(symbols, file) : -ENOMEM;
	fclose(file);
	if (!err && symbols->nr == 0)
		err = -EACCES;
	if (err) {
		kernel_symbols_free(symbols);
		return err;
	}
	shrink(symbols);
	qsort(symbols->v, symbols->nr, sizeof(*symbols->v), compare);
	*out = symbols;
	return 0;
}

void kernel_symbols_free(struct kernel_symbols *symbols)
{
	if (!symbols)
		return;
	free(symbols->v);
	free(symbols->names);
	free(symbols);
}

int kernel_symbols_find(const struct kernel_symbols *symbols, uint64_t addr,
			struct kernel_symbol *out)
{
	size_t low = 0, high = symbols->nr;
	const struct entry *best;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symbols->v[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || addr - symbols->v[low - 1].addr >= FUNCTION_MAX)
		return -ENOENT;
	best = &symbols->v[low - 1];
	for (const struct entry *other = best; other-- > symbols->v && other->addr == best->addr;)
		if (name_better(symbols->names + other->name, symbols->names + best->name))
			best = other;
	out->name = symbols->names + best->name;
	out->module = best->module ? symbols->names + symbols->modules[best->module] : NULL;
	out->offset = addr - best->addr;
	return 0;
}

size_t kernel_symbols_count(const struct kernel_symbols *symbols)
{
	return symbols->nr;
}

size_t kernel_symbols_bytes(const struct kernel_symbols *symbols)
{
	return sizeof(*symbols) + symbols->nr * sizeof(*symbols->v) + symbols->names_bytes;
}
