// SPDX-License-Identifier: GPL-2.0-or-later
/* debug_files.c - the paths under which distributions, gdb and debuginfod keep debug files. */
#include "symbol/debug_files.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_DIGITS_MIN 8
#define ID_DIGITS_MAX 128
#define NAME_BYTES    256
#define DEBUG_DIR     "/usr/lib/debug"
/* Files with holes claim what they like; no debug information comes near it. */
#define SIZE_MAX_BYTES (32ll << 30)

/* What is tried in a root directory, then once in the caller's cache. */
enum {
	BY_ID,
	BESIDE,
	BELOW,
	ELSEWHERE,
	PLACES,
	CACHED = 2 * PLACES,
	CANDIDATES,
};

static int is_id(const char *id)
{
	size_t length = strlen(id);

	return length >= ID_DIGITS_MIN && length <= ID_DIGITS_MAX && length % 2 == 0 &&
	       strspn(id, "0123456789abcdef") == length;
}

static int __attribute__((format(printf, 2, 3))) print(char *path, const char *format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(path, PATH_MAX, format, arguments);
	va_end(arguments);
	return length > 0 && length < PATH_MAX ? 0 : -ENOENT;
}

/* By its name, in or beside the directory of the file that it belongs to. */
static int print_link(const struct debug_wanted *wanted, unsigned int place, char *path)
{
	const char *slash = strrchr(wanted->path, '/');
	int length = slash ? (int)(slash - wanted->path) : 0;

	if (!wanted->name[0] || strlen(wanted->name) >= NAME_BYTES)
		return -ENOENT;
	/* A path of its own, of what files share. */
	if (wanted->name[0] == '/')
		return place == BESIDE ? print(path, "%s", wanted->name) : -ENOENT;
	if (!slash || wanted->path[0] != '/' || strchr(wanted->name, '/') ||
	    !strcmp(wanted->name, ".") || !strcmp(wanted->name, ".."))
		return -ENOENT;
	switch (place) {
	case BESIDE:
		return print(path, "%.*s/%s", length, wanted->path, wanted->name);
	case BELOW:
		return print(path, "%.*s/.debug/%s", length, wanted->path, wanted->name);
	default:
		return print(path, DEBUG_DIR "%.*s/%s", length, wanted->path, wanted->name);
	}
}

static int print_place(const struct debug_wanted *wanted, unsigned int place, char *path)
{
	if (place != BY_ID)
		return print_link(wanted, place, path);
	if (!is_id(wanted->id))
		return -ENOENT;
	return print(path, DEBUG_DIR "/.build-id/%.2s/%s.debug", wanted->id, wanted->id + 2);
}

/* Where debuginfod's clients keep what they fetched: debuginfod_find_debuginfo(3). */
static int print_cached(const struct debug_wanted *wanted, char *path)
{
	const char *cache = getenv("DEBUGINFOD_CACHE_PATH"), *home = getenv("XDG_CACHE_HOME");

	if (!is_id(wanted->id))
		return -ENOENT;
	if (cache && *cache)
		return print(path, "%s/%s/debuginfo", cache, wanted->id);
	if (home && *home)
		return print(path, "%s/debuginfod_client/%s/debuginfo", home, wanted->id);
	home = getenv("HOME");
	if (!home || !*home)
		return -ENOENT;
	return print(path, "%s/.cache/debuginfod_client/%s/debuginfo", home, wanted->id);
}

int debug_files_open(const struct debug_wanted *wanted, unsigned int number,
		     struct file_opened *opened)
{
	char path[PATH_MAX];
	const struct file_wanted file = {
		.pid = wanted->target.pid,
		.path = path,
		.from_our_root = number >= PLACES,
		.aside = wanted->aside,
	};
	int err;

	*opened = FILE_NOT_OPENED;
	if (number >= CANDIDATES)
		return -ERANGE;
	err = number == CACHED ? print_cached(wanted, path)
			       : print_place(wanted, number % PLACES, path);
	if (err)
		return err;
	if (files_open(wanted->target.source, &file, opened))
		return -ENOENT;
	if (opened->status.st_size > 0 && opened->status.st_size <= SIZE_MAX_BYTES)
		return 0;
	files_close(opened);
	return -ENOENT;
}
