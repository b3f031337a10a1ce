/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwinder.h - unwinds stacks from their registers and a copy of the stack, by the
 * call frame information of what is mapped, and nothing else of a process.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWINDER_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWINDER_H

#include <stddef.h>
#include <stdint.h>

#include "symbol/wire/protocol.h"
#include "symbol/wire/unwind_payload.h"

struct unwinder;

/* looking: called before a file's contents decide over what happens next. */
int unwinder_new(struct unwinder **out, void (*looking)(void *context, uint32_t file),
		 void *context);
void unwinder_free(struct unwinder *unwinder);
/* Drops what was not used since the last call. */
void unwinder_expire(struct unwinder *unwinder);

/* As unwind_spaces_add(). */
int unwinder_mappings(struct unwinder *unwinder, uint64_t space, uint64_t first,
		      const struct unwind_mapping *mappings, size_t nr);
/*
 * The file of the mapping that begins at start; 0: it has none that can be read.
 * Takes fd (-1: none came), on failure too. 0 or -errno: -ESTALE: it is not at hand,
 * it has to come with a descriptor; -ENOENT: no such mapping; as cfi_open(), and
 * then the mapping has none.
 */
int unwinder_file(struct unwinder *unwinder, uint64_t space, uint64_t start, uint32_t file, int fd);
/* cfi_cache_add_debug(): an answer -ENOKEY wants it. */
int unwinder_debug(struct unwinder *unwinder, uint32_t file, int fd);
/*
 * input->bytes of its stack are there. 0: the frames are in out; -ENOENT, -ESTALE,
 * -ENOKEY: as of an answer (protocol.h); -ENOTSUP: not of a machine that is known.
 */
int unwinder_run(struct unwinder *unwinder, uint64_t space, const struct unwind_input *input,
		 struct answer_unwind *out);

#endif
