// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * find.c - CPython lives in libpython3.X.so or in the executable. Its state
 * begins at the symbol _PyRuntime (3.7 on), which is also a section of its own
 * from 3.10.
 */
#include "runtime/python/find.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"
#include "base/strings.h"
#include "proc/maps.h"
#include "symbol/symbol.h"

/* One question to a file answers all that is asked of it. */
enum name { RUNTIME_SECTION, ASYNCIO_SECTION, RUNTIME, VERSION, NEGATIVE_REFCOUNT, NAMES };

static const char *const names[NAMES] = {
	[RUNTIME_SECTION] = ".PyRuntime",
	[ASYNCIO_SECTION] = ".AsyncioDebug", /* 3.14 on */
	[RUNTIME] = "_PyRuntime",
	[VERSION] = "Py_Version",
	[NEGATIVE_REFCOUNT] = "_Py_NegativeRefcount", /* exported by --with-pydebug builds only */
};

static const struct symbols_names wanted = { names, NAMES };

struct candidate {
	uint64_t addr; /* in an executable mapping of the file */
	bool named; /* the file's name says that it is Python */
};

struct candidates {
	struct candidate list[PY_PLACES_MAX];
	size_t nr;
	char last[PATH_MAX]; /* mappings of one file stand together */
	struct py_place other; /* an implementation that is not CPython */
};

/* "3.11" of "libpython3.11.so.1.0", "python3.11", "libpython3.6m.so" and so on. */
static void parse_name(const char *path, const char *word, struct py_place *place)
{
	const char *at = strstr(base_name(path), word);
	unsigned int major, minor;
	int used = 0;

	place->major = -1;
	place->minor = -1;
	if (!at)
		return;
	at += strlen(word);
	if (!isdigit((unsigned char)at[0]) || at[1] != '.' || !isdigit((unsigned char)at[2]) ||
	    sscanf(at, "%1u.%2u%n", &major, &minor, &used) != 2)
		return;
	place->major = (int)major;
	place->minor = (int)minor;
	place->free_threaded = at[used] == 't';
	place->debug = at[used] == 'd' || at[used + (at[used] == 't')] == 'd';
}

/* Python, but another one: of those only the name is known. */
static void note_other(struct candidates *candidates, const char *path, bool is_exe)
{
	static const struct {
		const char *library;
		const char *exe;
		const char *name;
	} others[] = {
		{ "libpypy", "pypy", "PyPy" },
		{ "libpythonvm.", "graalpy", "GraalPy" },
	};
	const char *base = base_name(path);

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strncmp(base, others[i].library, strlen(others[i].library)) &&
		    !(is_exe && starts_with(base, others[i].exe)))
			continue;
		if (candidates->other.other && candidates->other.major >= 0)
			return;
		candidates->other = (struct py_place){ .other = others[i].name };
		parse_name(path, others[i].exe, &candidates->other);
	}
}

/* libpython comes first: with it the executable is most often a stub. */
static void add(struct candidates *candidates, uint64_t addr, const char *path, bool is_library)
{
	struct candidate candidate = { .addr = addr, .named = strstr(base_name(path), "python") };
	size_t at = is_library ? 0 : candidates->nr;

	if (candidates->nr == PY_PLACES_MAX || strcmp(path, candidates->last) == 0)
		return;
	snprintf(candidates->last, sizeof(candidates->last), "%s", path);
	memmove(&candidates->list[at + 1], &candidates->list[at],
		(candidates->nr - at) * sizeof(candidate));
	candidates->list[at] = candidate;
	candidates->nr++;
}

struct scan {
	const char *library;
	const char *exe; /* NULL: not known */
	struct candidates *candidates;
};

static void scan_mapping(void *context, const struct mapping *mapping, const char *path)
{
	const struct scan *scan = context;
	bool is_library = starts_with(base_name(path), scan->library);
	bool is_exe = scan->exe && strcmp(path, scan->exe) == 0;

	if (!mapping->executable || path[0] != '/')
		return;
	note_other(scan->candidates, path, is_exe);
	if (is_library || is_exe)
		add(scan->candidates, mapping->start, path, is_library);
}

/* Executable mappings of the executable and of libraries whose names begin so. */
static void scan(const struct maps *maps, pid_t pid, const char *library,
		 struct candidates *candidates)
{
	char *exe __freeing = maps_exe(pid);
	struct scan scan = { library, exe, candidates };

	maps_each(maps, scan_mapping, &scan);
}

/*
 * 0; -ENOENT: no interpreter; -EBUSY: it is not known now, *place then says what
 * the file's name does.
 */
static int look_at(struct symbols *symbols, struct maps *maps, pid_t pid,
		   const struct candidate *candidate, struct py_place *place)
{
	struct mapping *mapping = maps_find(maps, candidate->addr);
	struct symbols_mapped mapped = { pid, maps, mapping };
	uint64_t found[NAMES];
	int err;

	if (!mapping)
		return -ENOENT;
	memset(place, 0, sizeof(*place));
	parse_name(maps_path(maps, mapping), "python", place);
	/* Before 3.7 there is no _PyRuntime, and nothing that could be read. */
	if (place->major == 2 || (place->major == 3 && place->minor < 7))
		return 0;

	/* Whoever still embeds a static 3.9 is not worth reading all that an executable names. */
	err = symbols_addresses(symbols, &mapped, candidate->named, &wanted, found);
	if (err == -ENOENT || err == -EBUSY)
		return err;
	/* It is too much for the symbolizer: a Python by its name only. */
	if (err)
		return candidate->named ? 0 : -ENOENT;
	place->runtime = found[RUNTIME] ? found[RUNTIME] : found[RUNTIME_SECTION];
	place->version_addr = found[VERSION];
	place->debug |= found[NEGATIVE_REFCOUNT] != 0;
	return place->runtime ? 0 : -ENOENT;
}

static void free_maps(struct maps **maps)
{
	maps_free(*maps);
}

int py_find(struct symbols *symbols, const struct memory *target, struct py_place *places,
	    size_t max)
{
	struct maps *maps __attribute__((cleanup(free_maps))) = NULL;
	struct candidates candidates = { 0 };
	bool busy = false;
	int err, nr = 0;

	err = maps_read(&maps, target);
	if (err)
		return err;
	scan(maps, target->pid, "libpython", &candidates);
	for (size_t i = 0; i < candidates.nr && (size_t)nr < max; i++) {
		err = look_at(symbols, maps, target->pid, &candidates.list[i], &places[nr]);
		busy |= err == -EBUSY;
		places[nr].later = err == -EBUSY;
		if (err == 0 || (err == -EBUSY && candidates.list[i].named))
			nr++;
	}
	if (!nr && max && candidates.other.other)
		places[nr++] = candidates.other;
	return !nr && busy ? -EBUSY : nr;
}

/* _asyncio is a module of its own, or built into the interpreter. */
int py_find_asyncio(struct symbols *symbols, const struct memory *target, uint64_t *addr)
{
	static const char *const libraries[] = { "_asyncio.", "libpython" };
	struct maps *maps __attribute__((cleanup(free_maps))) = NULL;
	bool busy = false;
	int err = maps_read(&maps, target);

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		struct candidates candidates = { 0 };

		scan(maps, target->pid, libraries[i], &candidates);
		for (size_t k = 0; k < candidates.nr; k++) {
			struct mapping *mapping = maps_find(maps, candidates.list[k].addr);
			struct symbols_mapped mapped = { target->pid, maps, mapping };
			uint64_t found[NAMES];

			if (!mapping)
				continue;
			err = symbols_addresses(symbols, &mapped, false, &wanted, found);
			busy |= err == -EBUSY;
			*addr = err ? 0 : found[ASYNCIO_SECTION];
			if (*addr)
				return 0;
		}
	}
	return busy ? -EBUSY : -ENOENT;
}
