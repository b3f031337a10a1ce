/* SPDX-License-Identifier: GPL-2.0-or-later */
/* give_back.h - memory that was freed goes back to the kernel. */
#ifndef BLOCKPROF_BASE_GIVE_BACK_H
#define BLOCKPROF_BASE_GIVE_BACK_H

#include <stdint.h>

struct give_back {
	uint64_t next_ns; /* when it is looked at again */
};

/* Where much is free, and only now and then: it may be called all the time. */
void give_back(struct give_back *state, uint64_t now_ns);

#endif
