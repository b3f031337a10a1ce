/* SPDX-License-Identifier: GPL-2.0-or-later */
/* groups.h - the slices of a stall by what they are to its reader: one cause in one place. */
#ifndef BLOCKPROF_TEXT_GROUPS_H
#define BLOCKPROF_TEXT_GROUPS_H

#include "model/model.h"

#define GROUPS_MAX 64 /* the largest; those of further places are only counted */

/* Slices that differ in what they waited for, and for which task, at most. */
struct group {
	const struct slice *largest;
	const struct slice **slices; /* largest first; they belong to the stall */
	size_t nr;
	uint64_t ns, count; /* of all */
	uint64_t place_hash; /* equal in all of them */
};

struct groups {
	const struct stall_record *stall;
	struct group v[GROUPS_MAX]; /* largest first */
	size_t nr;
	const struct group *verdict; /* what the stall is named after; NULL: nothing */
	const struct group *
		place; /* that, or where the thread mostly was, if that has no stack; NULL: not known */
	uint64_t left_ns; /* of slices in further places */
	const struct slice **slices; /* memory of the groups' */
};

/* apart: groups have one stack, not only one place. 0 or -ENOMEM. */
int groups_make(struct groups *groups, const struct stall_record *stall, bool apart);
void groups_free(struct groups *groups);

#endif
