/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_pointers.h - a blocked thread's return addresses, by the frame pointers on its stack. */
#ifndef BLOCKPROF_CAPTURE_FRAME_POINTERS_H
#define BLOCKPROF_CAPTURE_FRAME_POINTERS_H

#include <stddef.h>
#include <stdint.h>

struct memory;

/* Where a thread stands. */
struct innermost_frame {
	uint64_t ip; /* 0: not known */
	uint64_t sp;
	uint64_t fp;
};

/*
 * Innermost first, from ip on. Programs that keep no frame pointers give what
 * looks like frames: whoever names them checks. Returns how many.
 */
size_t frame_pointers_walk(const struct memory *memory, const struct innermost_frame *from,
			   uint64_t *frames, size_t max);

#endif
