/* SPDX-License-Identifier: GPL-2.0-or-later */
/* several.h - who is at the other ends of the sockets and pipes that a thread waits for at a time. */
#ifndef BLOCKPROF_STALL_PEERS_SEVERAL_H
#define BLOCKPROF_STALL_PEERS_SEVERAL_H

#include "stall/peers/whom.h"

struct engine;

/* Of a thread that need not be watched, and is blocked in a wait for several descriptors. */
void several_find(struct engine *engine, const struct blocked *blocked, struct whoms *out);

#endif
