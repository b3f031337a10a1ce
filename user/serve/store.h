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

/* After a crash: gives JSON that was cut its final name, and deletes the profile beside it. */
void store_repair(struct store *store);
/* A name that is later than all others. */
void store_new_name(struct store *store, struct store_name *name);
/* Makes a file of a recording, under the name of one in the making. Its descriptor, or -errno. */
int store_create(struct store *store, const struct store_name *name, enum store_file file);
/* Gives a file its final name, or deletes it, if keep is false or it is empty. 0 or -errno. */
int store_finish(struct store *store, const struct store_name *name, enum store_file file,
		 bool keep);
/* The file's final name. */
void store_file_name(const struct store_name *name, enum store_file file,
		     char text[STORE_FILE_BYTES]);
/* Deletes whole recordings, oldest first, until the rest takes no more than so many bytes. 0 or -errno. */
int store_limit(struct store *store, uint64_t bytes);
/* Bytes that are free for us on the file system; 0: not known. */
uint64_t store_free_bytes(const struct store *store);

#endif
