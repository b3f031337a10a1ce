// SPDX-License-Identifier: GPL-2.0-or-later
/* store.c - how recordings are named, which files are ours, and which are deleted first. */
#include "serve/store.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define PREFIX	    "blockprof-"
#define PART	    ".part"
#define STAMP	    "00000000T000000.000Z" /* the shape: 0 stands for a digit */
#define STEM_BYTES  (sizeof(PREFIX STAMP) - 1)
#define BLOCK	    4096u /* a file's bytes are counted in whole blocks of so many */
#define ENTRIES_MAX 100000u /* of the directory: further ones are not read */

static const char *const suffixes[STORE_NR] = {
	[STORE_JSON] = ".jsonl.gz",
	[STORE_FOLDED] = ".folded",
};

struct store {
	int fd;
	int64_t last_ms; /* of the latest name, since 1970 */
};

/* A file of ours in the directory. */
struct entry {
	struct store_name name;
	enum store_file file;
	bool part;
	uint64_t bytes;
};

struct entries {
	struct entry *v;
	size_t nr;
	size_t capacity;
};

/* Is it one of ours? */
static bool parse_name(const char *name, struct entry *entry)
{
	const char *rest = name + STEM_BYTES;

	if (strlen(name) < STEM_BYTES || strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return false;
	for (size_t i = strlen(PREFIX); i < STEM_BYTES; i++) {
		char shape = STAMP[i - strlen(PREFIX)];

		if (shape == '0' ? !isdigit((unsigned char)name[i]) : name[i] != shape)
			return false;
	}
	for (int file = 0; file < STORE_NR; file++) {
		size_t length = strlen(suffixes[file]);

		if (strncmp(rest, suffixes[file], length) != 0)
			continue;
		entry->part = strcmp(rest + length, PART) == 0;
		if (rest[length] && !entry->part)
			return false;
		entry->file = (enum store_file)file;
		memcpy(entry->name.text, name, STEM_BYTES);
		entry->name.text[STEM_BYTES] = '\0';
		return true;
	}
	return false;
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return strcmp(a->name.text, b->name.text);
}

static int add_entry(struct entries *entries, const struct entry *entry)
{
	if (entries->nr == entries->capacity) {
		size_t capacity = entries->capacity ? 2 * entries->capacity : 64;
		struct entry *grown = realloc(entries->v, capacity * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		entries->v = grown;
		entries->capacity = capacity;
	}
	entries->v[entries->nr++] = *entry;
	return 0;
}

/* All files of ours, oldest first. The caller frees entries->v, also on failure. */
static int list(const struct store *store, struct entries *entries)
{
	int fd = openat(store->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *found;

	*entries = (struct entries){ 0 };
	if (!directory) {
		err = -errno;
		if (fd >= 0)
			close(fd);
		return err;
	}
	while (!err && entries->nr < ENTRIES_MAX && (found = readdir(directory))) {
		struct entry entry = { 0 };
		struct stat st;

		if (!parse_name(found->d_name, &entry) ||
		    fstatat(store->fd, found->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		entry.bytes = ((uint64_t)st.st_size + BLOCK - 1) / BLOCK * BLOCK;
		err = add_entry(entries, &entry);
	}
	closedir(directory);
	if (entries->nr)
		qsort(entries->v, entries->nr, sizeof(entries->v[0]), compare_entries);
	return err;
}

static int open_directory(const char *path)
{
	int fd;

	if (mkdir(path, 0750) && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int store_open(struct store **out, const char *directory)
{
	struct store *store = calloc(1, sizeof(*store));
	int err = 0;

	*out = NULL;
	if (!store)
		return -ENOMEM;
	store->fd = open_directory(directory);
	if (store->fd < 0)
		err = store->fd;
	else if (flock(store->fd, LOCK_EX | LOCK_NB))
		err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	else if (faccessat(store->fd, ".", R_OK | W_OK | X_OK, AT_EACCESS))
		err = -errno;
	if (err) {
		store_close(store);
		return err;
	}
	*out = store;
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	if (store->fd >= 0)
		close(store->fd);
	free(store);
}

static void full_name(const struct store_name *name, enum store_file file, bool part,
		      char text[STORE_FILE_BYTES])
{
	snprintf(text, STORE_FILE_BYTES, "%s%s%s", name->text, suffixes[file], part ? PART : "");
}

void store_file_name(const struct store_name *name, enum store_file file,
		     char text[STORE_FILE_BYTES])
{
	full_name(name, file, false, text);
}

static void put_name(int64_t ms, struct store_name *name)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	size_t nr;

	gmtime_r(&seconds, &tm);
	nr = strftime(name->text, sizeof(name->text), PREFIX "%Y%m%dT%H%M%S", &tm);
	snprintf(name->text + nr, sizeof(name->text) - nr, ".%03dZ", (int)(ms % 1000));
}

/* The time in a name, in milliseconds since 1970. */
static int64_t name_ms(const struct store_name *name)
{
	struct tm tm = { 0 };
	const char *rest = strptime(name->text + strlen(PREFIX), "%Y%m%dT%H%M%S.", &tm);

	return rest ? (int64_t)timegm(&tm) * 1000 + strtol(rest, NULL, 10) : 0;
}

void store_repair(struct store *store)
{
	struct entries entries;

	if (list(store, &entries)) {
		free(entries.v);
		return;
	}
	for (size_t i = 0; i < entries.nr; i++) {
		const struct entry *entry = &entries.v[i];

		/* a profile is written at the end, all at once: a part of it is of no use */
		if (entry->part)
			store_finish(store, &entry->name, entry->file, entry->file == STORE_JSON);
	}
	if (entries.nr)
		store->last_ms = name_ms(&entries.v[entries.nr - 1].name);
	free(entries.v);
}

void store_new_name(struct store *store, struct store_name *name)
{
	struct timespec now = { 0 };
	int64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
	/*
	 * Recordings are deleted in the order of their names, so a clock that was put back
	 * must not make the newest one the oldest. A name from far in the future is ignored.
	 */
	if (ms <= store->last_ms && store->last_ms - ms < 86400000)
		ms = store->last_ms + 1;
	store->last_ms = ms;
	put_name(ms, name);
}

int store_create(struct store *store, const struct store_name *name, enum store_file file)
{
	char text[STORE_FILE_BYTES];
	int fd;

	full_name(name, file, true, text);
	fd = openat(store->fd, text, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	return fd < 0 ? -errno : fd;
}

int store_finish(struct store *store, const struct store_name *name, enum store_file file,
		 bool keep)
{
	char part[STORE_FILE_BYTES], whole[STORE_FILE_BYTES];

	struct stat st;

	full_name(name, file, true, part);
	full_name(name, file, false, whole);
	if (keep && !fstatat(store->fd, part, &st, AT_SYMLINK_NOFOLLOW) && st.st_size)
		return renameat(store->fd, part, store->fd, whole) ? -errno : 0;
	return unlinkat(store->fd, part, 0) ? -errno : 0;
}

int store_limit(struct store *store, uint64_t bytes)
{
	struct entries entries;
	uint64_t all = 0;
	int err = list(store, &entries);

	for (size_t i = 0; i < entries.nr; i++)
		all += entries.v[i].bytes;
	for (size_t i = 0; !err && i < entries.nr; i++) {
		const struct entry *entry = &entries.v[i];
		bool same = i && !compare_entries(entry, entry - 1);
		char text[STORE_FILE_BYTES];

		/* both files of a recording go, or none */
		if (all <= bytes && !same)
			break;
		full_name(&entry->name, entry->file, entry->part, text);
		if (unlinkat(store->fd, text, 0) && errno != ENOENT)
			err = -errno;
		else
			all -= entry->bytes;
	}
	free(entries.v);
	return err;
}

uint64_t store_free_bytes(const struct store *store)
{
	struct statvfs fs;

	return fstatvfs(store->fd, &fs) ? 0 : (uint64_t)fs.f_bavail * fs.f_frsize;
}
