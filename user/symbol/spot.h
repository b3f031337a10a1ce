/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spot.h - a user address with the mapping and the file that it lies in, and how
 * the child is asked about that. For the files that make up symbol.h.
 */
#ifndef BLOCKPROF_SYMBOL_SPOT_H
#define BLOCKPROF_SYMBOL_SPOT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "proc/maps.h"
#include "symbol/client.h"
#include "symbol/files.h"
#include "symbol/maps_cache.h"
#include "symbol/symbol.h"

struct symbols {
	struct memory_source *memory;
	struct client *client;
	struct maps_cache *spaces;
	struct files *files;
	struct answers *answers;
	struct jit *jit;
	int vdso_fd; /* -1: there is none */
	struct kernel_symbols *kernel; /* NULL: not read yet, or hidden */
	bool kernel_asked;
	uint64_t secret; /* of this run: see identity.h */
	uint64_t files_refused;
	uint64_t lookups_failed;
	uint64_t lines_left_out;
	char text[NAME_MAX + 32]; /* of the last name that had to be made up */
};

/* A user address, and what it was found in. */
struct spot {
	pid_t pid;
	uint64_t addr;
	bool is_return;
	struct maps *maps;
	struct mapping *mapping;
};

uint64_t spot_offset(const struct spot *spot);
/* For reading; the caller's. */
int spot_open(const struct symbols *symbols, const struct spot *spot, struct stat *status);
/* By the target's memory: code that was made at run time is nowhere else. */
bool spot_after_call(const struct symbols *symbols, const struct spot *spot, uint64_t addr);
void spot_refuse_file(struct symbols *symbols, struct file *file);
/* The same of its call frame information, without which it can still be named. */
void spot_blame_cfi(struct symbols *symbols, struct file *file, int how);
/* What became of an earlier question that was given up. */
void spot_note_ended(struct symbols *symbols);
/* client_ask(), and what became of an earlier question is noted. */
int spot_ask_client(struct symbols *symbols, struct request *request, int fd,
		    struct answer *answer);
/*
 * Finds out which file a mapping is of. *fd is left open for the child, which
 * mostly needs it next. NULL: none that can be read.
 */
struct file *spot_file(struct symbols *symbols, const struct spot *spot, int *fd);
/*
 * Asks about the spot's file (fd: open, or -1). 0; as client_ask() when there is no
 * answer now; -ENOENT: it cannot be opened any more; else the answer's own error.
 * What goes wrong is noted.
 */
int spot_ask(struct symbols *symbols, const struct spot *spot, struct file *file, int fd,
	     struct request *request, struct answer *answer);
/* Sees to it that the child has its debug file, if there is one to be found. */
void spot_send_debug(struct symbols *symbols, const struct spot *spot, struct file *file);
/* Too many files: all are forgotten, and those in use come back. */
void spot_renew_files(struct symbols *symbols);

#endif
