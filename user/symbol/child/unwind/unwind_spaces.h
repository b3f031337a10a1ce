/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind_spaces.h - the executable mappings of the processes whose stacks are unwound.
 * Kept by the number of the reading of maps that they came with, the least recently
 * used dropped first.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_SPACES_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_SPACES_H

#include <stddef.h>
#include <stdint.h>

#include "symbol/wire/unwind_payload.h"

struct unwind_spaces;
struct unwind_space;

/* What is known of a mapping's file. */
#define SPACE_FILE_UNKNOWN 0
#define SPACE_FILE_NONE	   UINT32_MAX

struct unwind_spot {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* of start, in the file */
	uint32_t file; /* its id, or SPACE_FILE_* */
};

int unwind_spaces_new(struct unwind_spaces **out);
void unwind_spaces_free(struct unwind_spaces *spaces);
/* Drops those that were not used since the last call. */
void unwind_spaces_expire(struct unwind_spaces *spaces);

/* Valid until the next unwind_spaces_add(); NULL: not known. */
struct unwind_space *unwind_spaces_get(struct unwind_spaces *spaces, uint64_t id);
/*
 * Mappings by address, of which first came before; 0 begins anew. 0 or -errno: -EINVAL:
 * they do not follow each other; -E2BIG: too many; -ENOENT: those before are not there.
 */
int unwind_spaces_add(struct unwind_spaces *spaces, uint64_t id, uint64_t first,
		      const struct unwind_mapping *mappings, size_t nr);
/* NULL: nothing executable is there. */
struct unwind_spot *unwind_space_find(struct unwind_space *space, uint64_t addr);

#endif
