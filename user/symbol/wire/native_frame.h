/* SPDX-License-Identifier: GPL-2.0-or-later */
/* native_frame.h - the frames that unwinding a native stack gives. */
#ifndef BLOCKPROF_SYMBOL_WIRE_NATIVE_FRAME_H
#define BLOCKPROF_SYMBOL_WIRE_NATIVE_FRAME_H

#include <stdint.h>

enum native_flags {
	NATIVE_BY_FRAME_POINTER = 1 << 0, /* found by frame pointer, not by CFI */
	NATIVE_EXACT = 1 << 1, /* addr is where it was interrupted, not a return address */
};

struct native_frame {
	uint64_t addr;
	uint64_t cfa; /* canonical frame address: sp before the call; 0: not known */
	uint64_t fp; /* the frame pointer's register as it is in this frame */
	uint32_t flags; /* enum native_flags */
	uint32_t pad;
};

/* None of them: up to the outermost frame. */
enum unwind_flags {
	UNWIND_CUT = 1 << 0, /* the copy, or the room for frames, ended before */
	UNWIND_LOST = 1 << 1, /* no rule was found to go on */
};

#endif
