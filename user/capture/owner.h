/* SPDX-License-Identifier: GPL-2.0-or-later */
/* owner.h - who holds the lock that a thread waits for, where the lock itself says so. */
#ifndef BLOCKPROF_CAPTURE_OWNER_H
#define BLOCKPROF_CAPTURE_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

#include "bpf/abi.h"

struct memory;

/*
 * The owner's thread number, of the same process as the thread that is blocked, and
 * maybe that very thread. false: it is not certain.
 */
bool owner_now(const struct memory *memory, const struct bp_block *block, pid_t *owner);

#endif
