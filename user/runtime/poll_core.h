/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * poll_core.h - the descriptors that a thread's polls have in common: those of its
 * outermost call of poll or select. They are the source of a loop that has no
 * instance of its own, and a poll for all of them, wherever, serves it.
 */
#ifndef BLOCKPROF_RUNTIME_POLL_CORE_H
#define BLOCKPROF_RUNTIME_POLL_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/memory.h"
#include "bpf/abi.h"

struct poll_core {
	unsigned int wait_class; /* BP_WAIT_NONE: nothing learnt yet */
	uint64_t sp; /* of the user stack in the outermost call */
	int fds[BP_POLL_FDS]; /* in all of them, as far as they were looked at */
	size_t nr;
	unsigned int times; /* how many calls were looked at */
	unsigned int most; /* descriptors in one of them */
	bool listens; /* a socket that listens was among them */
	bool connected; /* a connection was */
};

/* Of a candidate that is POLL or SELECT. A call further in, from the thread's callbacks, teaches nothing. */
void poll_core_learn(struct poll_core *core, const struct bp_candidate *candidate);
/* Of a poll that the thread has been found blocked in, from its memory. */
void poll_core_learn_block(struct poll_core *core, const struct memory *memory,
			   const struct bp_block *block);

/*
 * Those by which a poll is known, at most BP_CORE, into fds: wakeup descriptors rather than
 * sockets, which come and go; alike: both, as each poll of a thread has the former. Returns
 * how many.
 */
size_t poll_core_keys(const struct poll_core *core, pid_t pid, bool alike, int fds[BP_CORE]);

bool poll_core_has(const struct poll_core *core, int fd);

/*
 * Its descriptors show a loop: a socket that listens and connections, several besides the
 * wakeup one, or an epoll instance. With the first alone it may serve one at a time.
 */
bool poll_core_is_sure(const struct poll_core *core, pid_t pid);

#endif
