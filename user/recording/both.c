// SPDX-License-Identifier: GPL-2.0-or-later
/* both.c - that each record goes to the one, then to the other. */
#include "recording/both.h"

#define DEFINE_TAKE(record)                                                         \
	static void take_##record(void *context, const struct record##_record *one) \
	{                                                                           \
		const struct both_readers *both = context;                          \
                                                                                    \
		for (int i = 0; i < 2; i++)                                         \
			if (both->v[i]->record && !recording_is_enough(both->v[i])) \
				both->v[i]->record(both->v[i]->context, one);       \
	}

DEFINE_TAKE(start)
DEFINE_TAKE(loop)
DEFINE_TAKE(stall)
DEFINE_TAKE(withdrawn)
DEFINE_TAKE(blocked)
DEFINE_TAKE(second)
DEFINE_TAKE(exit)
DEFINE_TAKE(note)
DEFINE_TAKE(summary)

static bool is_enough(void *context)
{
	const struct both_readers *both = context;

	return recording_is_enough(both->v[0]) && recording_is_enough(both->v[1]);
}

struct recording_reader both_reader(struct both_readers *both)
{
	return (struct recording_reader){
		.context = both,
		.start = take_start,
		.loop = take_loop,
		.stall = take_stall,
		.withdrawn = take_withdrawn,
		.blocked = take_blocked,
		.second = take_second,
		.exit = take_exit,
		.note = take_note,
		.summary = take_summary,
		.enough = is_enough,
	};
}
