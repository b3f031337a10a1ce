/* SPDX-License-Identifier: GPL-2.0-or-later */
/* whom.h - those that a blocked thread waits for, as far as that can be told now. */
#ifndef BLOCKPROF_STALL_PEERS_WHOM_H
#define BLOCKPROF_STALL_PEERS_WHOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"

struct engine;

#define WHOMS_MAX	4
#define WHOM_NAME_BYTES 128

struct whom {
	enum culprit_kind kind;
	pid_t pid; /* 0: not of this machine */
	pid_t tid; /* the thread that is meant; 0: not known */
	pid_t not_tid; /* a thread that is not: the one that waits; 0: none */
	int fd; /* of the process, for what they share; -1: not known */
	enum culprit_doubt doubt;
	char name[WHOM_NAME_BYTES]; /* as in struct culprit */
	char comm[16];
};

struct whoms {
	struct whom v[WHOMS_MAX];
	size_t nr;
};

/* A thread, and what it is blocked in: slice has its cause, target and kernel frames. */
struct blocked {
	pid_t pid;
	pid_t tid;
	const struct bp_capture *capture;
	const struct slice *slice;
};

void whoms_find(struct engine *engine, const struct blocked *blocked, struct whoms *out);
/* Does it wait for a lock on a file? */
bool whom_locks_file(const struct bp_capture *capture);
/* Nobody holds what it waits for: whichever thread of the process will wake it. */
void whoms_add_waker(const struct blocked *blocked, struct whoms *out);
/* Who is the owner now of the lock, or the GIL, that the thread waits for. 0: not known. */
pid_t whom_owner(struct engine *engine, pid_t pid, const struct bp_block *block);
/* What is known of it by that alone; the caller's. */
struct culprit whom_culprit(const struct whom *whom);

#endif
