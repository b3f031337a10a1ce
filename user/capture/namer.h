/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * namer.h - what the frames of processes are named by: their symbols, and V8 where
 * they run JavaScript.
 */
#ifndef BLOCKPROF_CAPTURE_NAMER_H
#define BLOCKPROF_CAPTURE_NAMER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/memory.h"
#include "model/model.h"

struct namer;
struct symbols;
struct v8;

/* symbols and memory outlive it. 0 or -ENOMEM. */
int namer_new(struct namer **out, struct symbols *symbols, struct memory_source *memory);
void namer_free(struct namer *namer);

struct symbols *namer_symbols(const struct namer *namer);
struct memory namer_memory(const struct namer *namer, pid_t pid);
/*
 * V8 in a process. NULL: none that can be read, or with *unread (NULL: it is all one) it has ended meanwhile, or
 * did not come in time. Valid until the next call. What has to be read for it is read the
 * first time.
 */
struct v8 *namer_v8(struct namer *namer, pid_t pid, bool *unread);
/* The name of an interpreter's frame could not be read: how often that was, of each kind. */
void namer_count_unread(struct namer *namer, enum frame_kind kind);
uint64_t namer_unread(const struct namer *namer, enum frame_kind kind);
/* The process executes another program, or has ended: nothing that is known of it holds. */
void namer_forget(struct namer *namer, pid_t pid);

#endif
