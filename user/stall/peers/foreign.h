/* SPDX-License-Identifier: GPL-2.0-or-later */
/* foreign.h - interpreters of processes that loops wait for, whether they are watched or not. */
#ifndef BLOCKPROF_STALL_PEERS_FOREIGN_H
#define BLOCKPROF_STALL_PEERS_FOREIGN_H

#include <sys/types.h>

struct engine;
struct foreign;
struct python;

/* A few are remembered. */
int foreign_new(struct foreign **out);
void foreign_free(struct foreign *foreign);

/* The interpreter of a process; NULL: it has none that can be read. Valid until the next call. */
struct python *foreign_python(struct engine *engine, pid_t pid);
/* CPU ticks that hit the process are sent from now on, with its interpreter's frames. */
void foreign_sample(struct engine *engine, pid_t pid);

#endif
