/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read_ahead.h - the beginnings of objects whose size is not known yet, read in one question
 * before they are asked for part by part: each question to another process costs far more
 * than some bytes that nobody wants.
 */
#ifndef BLOCKPROF_BASE_READ_AHEAD_H
#define BLOCKPROF_BASE_READ_AHEAD_H

#include "base/memory.h"

#define READ_AHEAD_PIECES 128
#define READ_AHEAD_BYTES  (64u << 10)

/* For a moment only: what has been read is not read again. */
struct read_ahead {
	struct memory_source source;
	struct memory below;
	struct memory_piece pieces[READ_AHEAD_PIECES];
	size_t nr;
	size_t used;
	char bytes[READ_AHEAD_BYTES];
};

/* The memory of below's process, which comes from below where it was not read ahead. */
struct memory read_ahead_of(struct read_ahead *ahead, const struct memory *below);
/* Up to so many bytes from addr on, as far as its page goes and while there is room. */
void read_ahead_add(struct read_ahead *ahead, uint64_t addr, size_t bytes);
/* Asks for all that was added. What cannot be read is as if it had not been. */
void read_ahead_ask(struct read_ahead *ahead);

#endif
