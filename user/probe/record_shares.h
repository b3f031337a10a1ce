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

#define RECORD_OWNER_UNKNOWN ((struct record_owner){ UINT32_MAX, 0 }) /* no user has this number */

static inline bool record_owner_is_known(struct record_owner owner)
{
	return owner.user != UINT32_MAX;
}

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
