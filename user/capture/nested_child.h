/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nested_child.h - a callback that waits for a child by a loop within the loop (Node's execSync). */
#ifndef BLOCKPROF_CAPTURE_NESTED_CHILD_H
#define BLOCKPROF_CAPTURE_NESTED_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "model/model.h"

/*
 * Makes of a slice of process pid, which is a wait for anything on another epoll
 * instance than the loop's own, one for a child: the youngest since turn_start_ns.
 */
void nested_child(pid_t pid, uint64_t turn_start_ns, struct slice *slice);

#endif
