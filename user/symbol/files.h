/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.h - the files seen in mappings, each known once, and which are not asked about again. */
#ifndef BLOCKPROF_SYMBOL_FILES_H
#define BLOCKPROF_SYMBOL_FILES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "symbol/wire/protocol.h"

/* Addresses that were asked for, and the answer. */
struct file_addresses {
	uint64_t offset; /* of the mapping */
	bool asked;
	bool local;
	bool known; /* else there is nothing at the offset */
	uint64_t vaddr; /* of the offset, as linked */
	uint64_t v[ANSWER_ADDRESSES_MAX]; /* as linked, 0: none */
};

struct files;

/* One content: a file that was changed is another one. */
struct file {
	dev_t dev;
	ino_t ino;
	off_t bytes;
	struct timespec changed;
	struct timespec status_changed; /* what changes it cannot be set back */
	uint32_t id; /* from 1, never used again */
	bool aside; /* only the child aside is asked about it */
	uint64_t generation; /* of the child that was sent it last, 0: none */
	unsigned int strikes; /* children that were killed while they had it */
	bool refused;
	bool lines_refused; /* its debug information, which killed a child */
	uint64_t cfi_generation; /* as generation, for its call frame information */
	unsigned int cfi_strikes;
	bool cfi_refused;
	const char *before; /* what a version was looked for behind last; NULL: none was */
	char version[ANSWER_VERSION_BYTES]; /* what was found; "": nothing */
	bool asked; /* which of the known names it defines: */
	uint64_t defined; /* the answer */
	struct file_addresses addresses; /* of the known names */
	unsigned int absent; /* files that belong to it and are not there, enum debug_file */
	bool identified;
	uint64_t identity; /* what files of equal content have in common; 0: not known */
	char build_id[ANSWER_ID_BYTES]; /* hexadecimal; "": none, or not known yet */
	uint32_t same; /* tag of the file known before that has the same; 0: none */
};

int files_new(struct files **out);
void files_free(struct files *files);

/*
 * The file of this status, known before or new, by its tag: a number above 0
 * that stays until files_clear(). -ENOSPC: there are too many; -ENOMEM.
 */
int files_tag(struct files *files, const struct stat *status, uint32_t *tag);
/* That file, or the first that was known of those with the same content. */
struct file *files_get(struct files *files, uint32_t tag);
/* Its own entry in any case. */
struct file *files_own(struct files *files, uint32_t tag);
/* Says that it has this identity (not 0). */
void files_identify(struct files *files, uint32_t tag, uint64_t identity);
/* NULL: not known any more. */
struct file *files_by_id(struct files *files, uint32_t id);
/* No new file would be taken. */
bool files_full(const struct files *files);
/* Forgets all; ids go on. */
void files_clear(struct files *files);

#endif
