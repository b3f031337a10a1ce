// SPDX-License-Identifier: GPL-2.0-or-later
/* outputs.c - which records, and which part of them, all outputs of a set are fed. */
#include "output/outputs.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/timestamp.h"
#include "output/ignore.h"
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

DEFINE_FEED_ALL(loop)
DEFINE_FEED_ALL(second)
DEFINE_FEED_ALL(exit)
DEFINE_FEED_ALL(dump)
DEFINE_FEED_ALL(diff)
DEFINE_FEED_ALL(note)

/* -- those that last, where there are rules -- */

static struct lasting *find_lasting(struct outputs *outputs, const struct thread_id *id,
				    const char *turn)
{
	for (size_t i = 0; i < outputs->nr_lasting; i++) {
		struct lasting *lasting = &outputs->lasting[i];

		if (lasting->tid == id->tid && lasting->pid == id->pid &&
		    !strcmp(lasting->turn, turn))
			return lasting;
	}
	return NULL;
}

/* Whether it had been reported. */
static bool forget_lasting(struct outputs *outputs, const struct thread_id *id, const char *turn)
{
	struct lasting *lasting = find_lasting(outputs, id, turn);

	if (lasting)
		*lasting = outputs->lasting[--outputs->nr_lasting];
	return lasting;
}

/* false: there is no room, and so only its end can be reported. */
static bool keep_lasting(struct outputs *outputs, const struct stall_record *stall)
{
	struct lasting *lasting;

	if (!outputs->ignore || find_lasting(outputs, &stall->id, stall->turn))
		return true;
	if (outputs->nr_lasting == OUTPUTS_LASTING)
		return false;
	lasting = &outputs->lasting[outputs->nr_lasting++];
	lasting->pid = stall->id.pid;
	lasting->tid = stall->id.tid;
	memcpy(lasting->turn, stall->turn, sizeof(lasting->turn));
	return true;
}

/* Another recording, perhaps of another machine, whose threads may have the same numbers. */
void outputs_start(struct outputs *outputs, const struct start_record *start)
{
	struct start_record timed = *start;

	outputs->nr_lasting = 0;
	timed.time_ns = TIMED(outputs, start);
	for (size_t i = 0; i < outputs->nr; i++)
		output_start(outputs->v[i], &timed);
}

void outputs_withdrawn(struct outputs *outputs, const struct withdrawn_record *withdrawn)
{
	struct withdrawn_record timed = *withdrawn;

	forget_lasting(outputs, &withdrawn->id, withdrawn->turn);
	timed.time_ns = TIMED(outputs, withdrawn);
	for (size_t i = 0; i < outputs->nr; i++)
		output_withdrawn(outputs->v[i], &timed);
}

/* -- stalls, blocked time, the summary -- */

bool outputs_stall(struct outputs *outputs, const struct stall_record *stall)
{
	struct stall_record timed = *stall;

	if (!match_slices(outputs->match, &stall->slices)) {
		outputs->unmatched += !stall->ongoing;
		return false;
	}
	if (ignore_stall(outputs->ignore, stall)) {
		struct withdrawn_record withdrawn = stall_withdrawn(stall, DISCARD_IGNORED);

		if (find_lasting(outputs, &stall->id, stall->turn))
			outputs_withdrawn(outputs, &withdrawn);
		return false;
	}
	if (!stall->ongoing)
		forget_lasting(outputs, &stall->id, stall->turn);
	else if (!keep_lasting(outputs, stall))
		return false;
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

/* What the rules have left out, and what a recording was made without: the caller frees it. NULL: nothing more. */
static struct name_count *all_ignored(struct outputs *outputs, const struct summary_record *summary,
				      size_t *nr)
{
	struct name_count *own = NULL, *all = NULL;
	size_t nr_own = 0;

	if (!ignore_take_counts(outputs->ignore, &own, &nr_own) && nr_own)
		all = reallocarray(own, nr_own + summary->nr_ignored, sizeof(*all));
	if (!all) {
		free(own);
		return NULL;
	}
	for (size_t i = 0; i < summary->nr_ignored; i++) {
		size_t at = 0;

		while (at < nr_own && strcmp(all[at].name, summary->ignored[i].name) != 0)
			at++;
		if (at < nr_own)
			all[at].count += summary->ignored[i].count;
		else
			all[nr_own++] = summary->ignored[i];
	}
	*nr = nr_own;
	return all;
}

/* The summary of a recording has counted those that it was made without. */
void outputs_summary(struct outputs *outputs, const struct summary_record *summary)
{
	struct summary_record whole = *summary;
	__freeing struct name_count *ignored = all_ignored(outputs, summary, &whole.nr_ignored);

	if (ignored)
		whole.ignored = ignored;
	whole.time_ns = TIMED(outputs, summary);
	whole.unmatched += outputs->unmatched;
	outputs->unmatched = 0;
	for (size_t i = 0; i < outputs->nr; i++)
		output_summary(outputs->v[i], &whole);
}

void outputs_hide(struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->nr; i++)
		output_hide(outputs->v[i]);
}

bool outputs_try(struct outputs *outputs)
{
	bool left = false;

	for (size_t i = 0; i < outputs->nr; i++)
		left |= output_try(outputs->v[i]);
	return left;
}

uint64_t outputs_bytes(const struct outputs *outputs)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < outputs->nr; i++)
		bytes += output_bytes(outputs->v[i]);
	return bytes;
}

bool outputs_are_dead(const struct outputs *outputs)
{
	for (size_t i = 0; i < outputs->nr; i++)
		if (!output_error(outputs->v[i]))
			return false;
	return true;
}
