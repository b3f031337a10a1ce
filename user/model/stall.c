// SPDX-License-Identifier: GPL-2.0-or-later
/* stall.c - what a copy of a stall owns, and which of its slices the stall is named after. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/strings.h"
#include "model/model.h"

#define PLACES_MAX 64 /* places; further ones cannot be the largest but by many small slices */

int stall_copy(struct stall_record *to, const struct stall_record *from)
{
	char *advice = NULL;
	int err;

	*to = *from;
	to->home = NULL; /* whoever has that has it for a moment */
	err = copy_string(&to->id.runtime, from->id.runtime);
	err |= copy_string(&advice, from->advice);
	err |= slices_copy(&to->slices, &from->slices);
	to->advice = advice;
	if (err) {
		stall_clear(to);
		return -ENOMEM;
	}
	return 0;
}

void stall_clear(struct stall_record *stall)
{
	free(stall->id.runtime);
	free((char *)stall->advice);
	slices_free(&stall->slices);
	memset(stall, 0, sizeof(*stall));
}

static bool is_of_cause(const struct stall_record *stall, const struct slice *slice)
{
	return slice->cause == stall->cause;
}

static bool has_place(const struct stall_record *stall, const struct slice *slice)
{
	(void)stall;
	return slice->stack != NULL;
}

/* Of the slices that count, the largest in the place that sums up to most. */
static const struct slice *largest_of(const struct stall_record *stall,
				      bool (*counts)(const struct stall_record *stall,
						     const struct slice *slice))
{
	struct {
		const struct slice *largest; /* the first: they are sorted */
		uint64_t
			hash; /* which frames make a place takes long to say, for each pair of thousands */
		uint64_t ns;
	} places[PLACES_MAX];
	size_t nr = 0, most = 0;

	for (size_t i = 0; i < stall->slices.nr; i++) {
		const struct slice *slice = &stall->slices.v[i];
		uint64_t hash;
		size_t at = 0;

		if (!counts(stall, slice))
			continue;
		hash = slice_place_hash(slice);
		while (at < nr &&
		       (places[at].hash != hash || !slice_same_place(places[at].largest, slice)))
			at++;
		if (at == PLACES_MAX)
			continue;
		if (at == nr) {
			places[nr].largest = slice;
			places[nr].hash = hash;
			places[nr++].ns = 0;
		}
		places[at].ns = add_saturated(places[at].ns, slice->ns);
		if (places[at].ns > places[most].ns)
			most = at;
	}
	return nr ? places[most].largest : NULL;
}

const struct slice *stall_verdict(const struct stall_record *stall)
{
	return largest_of(stall, is_of_cause);
}

const struct slice *stall_place(const struct stall_record *stall)
{
	const struct slice *verdict = stall_verdict(stall);

	if (verdict && verdict->stack)
		return verdict;
	return stall->cause == CAUSE_RUNQUEUE || stall->cause == CAUSE_THROTTLED
		       ? largest_of(stall, has_place)
		       : NULL;
}

struct withdrawn_record stall_withdrawn(const struct stall_record *stall, enum discard reason)
{
	struct withdrawn_record withdrawn = {
		.mono_ns = stall->mono_ns + stall->duration_ns,
		.time_ns = stall->time_ns ? stall->time_ns + stall->duration_ns : 0,
		.id = stall->id,
		.reason = discard_name(reason),
	};

	memcpy(withdrawn.turn, stall->turn, sizeof(withdrawn.turn));
	return withdrawn;
}
