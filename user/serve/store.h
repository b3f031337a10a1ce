/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store.h - the directory of the recordings: their names, and which of them are
 * still kept. Files of other names are not touched, symbolic links not followed.
 */
#ifndef BLOCKPROF_SERVE_STORE_H
#define BLOCKPROF_SERVE_STORE_H

#include <stdbool.h>
#include <stdint.h>

struct store;

enum store_file {
	STORE_JSON,
	STORE_FOLDED,
	STORE_NR,
};

#define STORE_NAME_BYTES 64
#define STORE_FILE_BYTES 96

/* A recording's name, without suffix. */
struct store_name {
	char text[STORE_NAME_BYTES];
};

/*
 * Opens the directory, for this process alone, and makes it when only its last
 * part is missing. -EBUSY: another process has it; -ELOOP or -ENOTDIR: a
 * symbolic link, or no directory; another -errno.
 */
int store_open(struct store **out, const char *directory);
void store_close(struct store *store);

/* What a crash has left: JSON that was cut gets its final name; a profile that was not is deleted. */
void store_repair(struct store *store);
/* A name later than all there are. */
void store_new_name(struct store *store, struct store_name *name);
/* Makes the file of a recording, to be completed: its descriptor, or -errno. */
int store_create(struct store *store, const struct store_name *name, enum store_file file);
/* Gives a file its final name. It is deleted instead where keep is false, or it is empty. 0 or -errno. */
int store_finish(struct store *store, const struct store_name *name, enum store_file file,
		 bool keep);
/* The file's final name. */
void store_file_name(const struct store_name *name, enum store_file file,
		     char text[STORE_FILE_BYTES]);
/* Deletes whole recordings, oldest first, until those that are left have so many bytes. 0 or -errno. */
int store_limit(struct store *store, uint64_t bytes);
/* Bytes free on the file system, for us; 0 where that cannot be found out. */
uint64_t store_free_bytes(const struct store *store);

#endif
