/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lost.h - what is to be done where records found no room. */
#ifndef BLOCKPROF_STALL_LOST_H
#define BLOCKPROF_STALL_LOST_H

#include <stdint.h>

struct engine;

/* Says of which processes stalls may be missing. */
void lost_note(struct engine *engine);
/* When all records have been read: does that, and ends what has ended without a record. */
void lost_look(struct engine *engine, uint64_t now_ns);

#endif
