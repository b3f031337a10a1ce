/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record_shares.h - of the room for records that wait, no process, user or cgroup takes what others need. */
#ifndef BLOCKPROF_PROBE_RECORD_SHARES_H
#define BLOCKPROF_PROBE_RECORD_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"

struct record_shares;

/* Of so many bytes in all. 0 or -errno. */
int record_shares_new(struct record_shares **out, size_t capacity);
void record_shares_free(struct record_shares *shares);

/* With whom its process shares: as in struct bp_bind. Of a thread without a slot that is not known. */
struct record_owner {
	uint32_t user;
	uint32_t cgroup;
};

/* What is not known of it: no user, and no cgroup, has this number. */
#define RECORD_OWNER_UNKNOWN UINT32_MAX

/* How much of whom a record is, is known: 2 all, 1 the user, 0 nothing. */
static inline unsigned int record_owner_known(struct record_owner owner)
{
	return (owner.user != RECORD_OWNER_UNKNOWN) + (owner.cgroup != RECORD_OWNER_UNKNOWN);
}

/* Slots from 0 on. What a record of a thread that has none says of it is its user, if that. */
struct record_owner record_owner_of(const struct bp_header *record, size_t bytes,
				    const struct bp_slot *slots, unsigned int nr_slots);

/*
 * A record has come: whether it may wait. What says that a turn, or a process, has ended
 * always may: it is small, and stalls hang on it.
 */
bool record_shares_take(struct record_shares *shares, const struct bp_header *record,
			struct record_owner owner, size_t bytes);
/* One that waited is dealt with. */
void record_shares_give(struct record_shares *shares, const struct bp_header *record,
			struct record_owner owner, size_t bytes);

#endif
