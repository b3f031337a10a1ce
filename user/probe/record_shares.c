// SPDX-License-Identifier: GPL-2.0-or-later
/* record_shares.c - how many bytes of whose records wait, and when they are too many. */
#include "probe/record_shares.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/siphash.h"

#define COUNTERS 4096 /* a power of two; two may share one */
/* Each leaves one byte free for so many that it has. */
#define OWN_PART 3

enum owner_kind { OWNER_PROCESS, OWNER_USER, OWNER_CGROUP, OWNER_KINDS };

/* Who has how much: bytes of records that wait. */
struct room {
	size_t all;
	size_t own[OWNER_KINDS][COUNTERS];
};

struct record_shares {
	size_t capacity;
	struct siphash_key key; /* else a process could be made to share another's counter */
	/* What is large does not take the room of what is small, nor does that take its room. */
	struct room copies; /* of stacks */
	struct room others;
};

int record_shares_new(struct record_shares **out, size_t capacity)
{
	struct record_shares *shares = calloc(1, sizeof(*shares));
	int err = shares ? siphash_new_key(&shares->key) : -ENOMEM;

	if (err) {
		free(shares);
		return err;
	}
	shares->capacity = capacity;
	*out = shares;
	return 0;
}

void record_shares_free(struct record_shares *shares)
{
	free(shares);
}

struct record_owner record_owner_of(const struct bp_header *record, size_t bytes,
				    const struct bp_slot *slots, unsigned int nr_slots)
{
	const struct bp_candidate *candidate = (const struct bp_candidate *)record;
	const struct bp_process *process = (const struct bp_process *)record;
	const struct bp_slot *slot;

	if (record->slot != BP_NO_SLOT && record->slot <= nr_slots) {
		slot = &slots[record->slot];
		return (struct record_owner){ slot->user, slot->cgroup };
	}
	switch (record->type) {
	case BP_RECORD_CANDIDATE:
		if (bytes >= offsetof(struct bp_candidate, comm))
			return (struct record_owner){ candidate->user, RECORD_OWNER_UNKNOWN };
		break;
	case BP_RECORD_FORK:
	case BP_RECORD_EXEC:
	case BP_RECORD_EXIT:
		if (bytes >= sizeof(*process))
			return (struct record_owner){ process->user, RECORD_OWNER_UNKNOWN };
		break;
	}
	return (struct record_owner){ RECORD_OWNER_UNKNOWN, RECORD_OWNER_UNKNOWN };
}

static struct room *room_of(struct record_shares *shares, const struct bp_header *record)
{
	return record->type == BP_RECORD_STACK_COPY ? &shares->copies : &shares->others;
}

/* NULL: nobody who is counted. */
static size_t *own_of(struct record_shares *shares, const struct bp_header *record,
		      struct record_owner owner, enum owner_kind kind)
{
	const uint32_t numbers[OWNER_KINDS] = {
		record->tgid,
		owner.user,
		owner.cgroup,
	};
	uint64_t hash = siphash(&shares->key, &numbers[kind], sizeof(numbers[kind]));

	if (!numbers[kind] || (kind != OWNER_PROCESS && numbers[kind] == RECORD_OWNER_UNKNOWN))
		return NULL;
	return &room_of(shares, record)->own[kind][hash & (COUNTERS - 1)];
}

static size_t most_of(struct record_shares *shares, const struct bp_header *record,
		      struct record_owner owner)
{
	size_t most = 0;

	for (int kind = 0; kind < OWNER_KINDS; kind++) {
		const size_t *own = own_of(shares, record, owner, (enum owner_kind)kind);

		if (own && *own > most)
			most = *own;
	}
	return most;
}

/* more may wrap: then it is less. */
static void add(struct record_shares *shares, const struct bp_header *record,
		struct record_owner owner, size_t more)
{
	room_of(shares, record)->all += more;
	for (int kind = 0; kind < OWNER_KINDS; kind++) {
		size_t *own = own_of(shares, record, owner, (enum owner_kind)kind);

		if (own)
			*own += more;
	}
}

static bool always_may(const struct bp_header *record)
{
	switch (record->type) {
	case BP_RECORD_TURN:
	case BP_RECORD_FORK:
	case BP_RECORD_EXEC:
	case BP_RECORD_EXIT:
		return true;
	default:
		return false;
	}
}

bool record_shares_take(struct record_shares *shares, const struct bp_header *record,
			struct record_owner owner, size_t bytes)
{
	struct room *room = room_of(shares, record);
	size_t most = most_of(shares, record, owner), left = shares->capacity;

	if (room == &shares->copies)
		left /= 2;
	else
		left -= shares->copies.all;
	if (!always_may(record) && room->all + most / OWN_PART + bytes > left)
		return false;
	add(shares, record, owner, bytes);
	return true;
}

void record_shares_give(struct record_shares *shares, const struct bp_header *record,
			struct record_owner owner, size_t bytes)
{
	add(shares, record, owner, -bytes);
}
