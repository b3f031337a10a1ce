/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * waiting.h - records that wait, a line for each process: what one has much of, or what
 * takes long, does not keep others waiting. Within a process they stay in order.
 */
#ifndef BLOCKPROF_PROBE_WAITING_H
#define BLOCKPROF_PROBE_WAITING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi.h"
#include "probe/record_shares.h"

struct waiting;

/* 0 or -ENOMEM. */
int waiting_new(struct waiting **out, size_t capacity_bytes, size_t record_bytes_max);
void waiting_free(struct waiting *waiting);

/* What a record of so many bytes takes of the capacity. */
size_t waiting_room(size_t bytes);
bool waiting_fits(const struct waiting *waiting, size_t bytes);
/* Appends a copy to the line of its process. 0 or -ENOMEM. */
int waiting_add(struct waiting *waiting, const struct bp_header *record, size_t bytes,
		struct record_owner owner);
/* Whether records of the process wait. */
bool waiting_has(const struct waiting *waiting, pid_t pid);

/* The record whose turn it is: it stays where it is until waiting_drop(). NULL: none waits. */
const struct bp_header *waiting_first(struct waiting *waiting, size_t *bytes,
				      struct record_owner *owner);
/* It has been dealt with, in so much time. */
void waiting_drop(struct waiting *waiting, uint64_t spent_ns);

#endif
