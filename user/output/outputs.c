// SPDX-License-Identifier: GPL-2.0-or-later
/* outputs.c - which records, and which part of them, all outputs of a set are fed. */
#include "output/outputs.h"

#include "base/timestamp.h"
#include "output/match.h"

/* A live record has no time of day yet. */
#define TIMED(outputs, record)                 \
	((record)->time_ns ? (record)->time_ns \
			   : timestamp_of(&(outputs)->realtime_offset_ns, (record)->mono_ns))

#define DEFINE_FEED_ALL(record)                                                           \
	void outputs_##record(struct outputs *outputs, const struct record##_record *one) \
	{                                                                                 \
		struct record##_record timed = *one;                                      \
                                                                                          \
		timed.time_ns = TIMED(outputs, one);                                      \
		for (size_t i = 0; i < outputs->nr; i++)                                  \
			output_##record(outputs->v[i], &timed);                           \
	}

DEFINE_FEED_ALL(start)
DEFINE_FEED_ALL(loop)
DEFINE_FEED_ALL(exit)
DEFINE_FEED_ALL(dump)
DEFINE_FEED_ALL(note)

bool outputs_stall(struct outputs *outputs, const struct stall_record *stall)
{
	struct stall_record timed = *stall;

	if (!match_slices(outputs->match, &stall->slices)) {
		outputs->unmatched += !stall->ongoing;
		return false;
	}
	timed.time_ns = TIMED(outputs, stall);
	for (size_t i = 0; i < outputs->nr; i++)
		output_stall(outputs->v[i], &timed);
	return true;
}

bool outputs_blocked(struct outputs *outputs, const struct blocked_record *blocked)
{
	struct blocked_record timed = *blocked;
	struct slices matching;
	/* without memory to choose, all of it is shown */
	bool less = outputs->match && !match_copy(outputs->match, &matching, &blocked->slices);
	bool any;

	if (less)
		timed.slices = matching;
	any = timed.slices.nr > 0;
	timed.time_ns = TIMED(outputs, blocked);
	for (size_t i = 0; i < outputs->nr && any; i++)
		output_blocked(outputs->v[i], &timed);
	if (less)
		slices_free(&matching);
	return any;
}

/* The summary of a recording has counted those that it was made without. */
void outputs_summary(struct outputs *outputs, const struct summary_record *summary)
{
	struct summary_record whole = *summary;

	whole.time_ns = TIMED(outputs, summary);
	whole.unmatched += outputs->unmatched;
	outputs->unmatched = 0;
	for (size_t i = 0; i < outputs->nr; i++)
		output_summary(outputs->v[i], &whole);
}

bool outputs_are_dead(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->nr; i++)
		if (!output_error(outputs->v[i]))
			return false;
	return true;
}
