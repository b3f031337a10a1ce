// SPDX-License-Identifier: GPL-2.0-or-later
/* perfetto_words.c - the words of a trace: names for people, arguments by the names of JSON's keys. */
#include "output/perfetto_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "model/place.h"
#include "text/fold.h"
#include "text/party_words.h"
#include "text/words.h"

static Perfetto__DebugAnnotation *next_argument(struct arguments *arguments, const char *name)
{
	Perfetto__DebugAnnotation *one = &arguments->v[arguments->nr];

	*one = (Perfetto__DebugAnnotation)PERFETTO__DEBUG_ANNOTATION__INIT;
	one->name = (char *)name;
	arguments->pointers[arguments->nr++] = one;
	return one;
}

static void add_number(struct arguments *arguments, const char *name, uint64_t number)
{
	Perfetto__DebugAnnotation *one = next_argument(arguments, name);

	one->has_uint_value = true;
	one->uint_value = number;
}

/* Takes the text, NULL: no memory. */
static void add_own_text(struct arguments *arguments, const char *name, char *text)
{
	if (!text)
		arguments->failed = true;
	else
		next_argument(arguments, name)->string_value = text;
}

/* Foreign bytes; NULL: none. */
static void add_text(struct arguments *arguments, const char *name, const char *text)
{
	if (text)
		add_own_text(arguments, name, escape_text(text));
}

void arguments_free(struct arguments *arguments)
{
	for (size_t i = 0; i < arguments->nr; i++)
		free(arguments->v[i].string_value);
	arguments->nr = 0;
}

char *perfetto_name(const struct slice *place, enum cause cause)
{
	const struct frame *frame = place && place->stack ? place_of(place->stack) : NULL;
	__freeing char *where = NULL;
	char *name = NULL;

	if (!frame)
		return strdup(cause_name(cause));
	where = fold_place(frame);
	if (!where || asprintf(&name, "%s: %s", where, cause_name(cause)) < 0)
		return NULL;
	return name;
}

static void add_party(struct arguments *arguments, const char *name, const struct party *party)
{
	if (party->pid)
		add_own_text(arguments, name, words_thread(party->comm, party->pid, party->tid));
}

void arguments_of_slice(struct arguments *arguments, const struct slice *slice)
{
	struct detail detail;

	add_text(arguments, "cause", cause_name(slice->cause));
	if (words_detail(slice, &detail)) {
		arguments->failed = true;
		return;
	}
	if (detail.before || detail.object || detail.after)
		add_own_text(arguments, "what", detail_text(&detail));
	detail_free(&detail);
	add_text(arguments, "task", slice->task_name ? slice->task_name : slice->task_coro);
	if (slice->count)
		add_number(arguments, "blocks", slice->count);
	add_party(arguments, "woken by", &slice->waker);
	add_party(arguments, "held by", &slice->holder);
	if (slice->culprits.nr)
		add_own_text(arguments, "for", party_words(&slice->culprits.v[0]));
}

void arguments_of_stall(struct arguments *arguments, const struct stall_record *stall,
			bool unordered)
{
	add_text(arguments, "turn", stall->turn);
	add_number(arguments, "duration_ns", stall->duration_ns);
	add_number(arguments, "cpu_ns", stall->ledger.cpu_ns);
	add_number(arguments, "runqueue_ns", stall->ledger.runqueue_ns);
	add_number(arguments, "throttled_ns", stall->ledger.throttled_ns);
	add_number(arguments, "blocked_ns", stall->ledger.blocked_ns);
	add_number(arguments, "unknown_ns", stall->ledger.unknown_ns);
	if (stall->delayed_events > 0)
		add_number(arguments, "delayed_events", (uint64_t)stall->delayed_events);
	add_text(arguments, "doubt", doubt_name(stall->doubt));
	add_text(arguments, "advice", stall->advice);
	if (stall->ongoing)
		add_text(arguments, "end", "not known");
	if (stall->before_attach)
		add_text(arguments, "begin", "before the watch");
	if (unordered && stall->slices.nr > 1)
		add_text(arguments, "order", "not known");
}
