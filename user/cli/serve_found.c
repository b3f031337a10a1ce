// SPDX-License-Identifier: GPL-2.0-or-later
/* serve_found.c - what of all that the engine finds goes where, and in what order. */
#include "cli/serve_found.h"

#include "base/cleanup.h"
#include "base/timestamp.h"
#include "cli/message.h"
#include "cli/why.h"
#include "output/where.h"
#include "probe/probe.h"
#include "serve/entry.h"
#include "serve/journal.h"
#include "serve/news.h"
#include "serve/recorder.h"
#include "text/note_words.h"
#include "text/words.h"

static void on_loop(void *context, const struct loop_record *record)
{
	struct serve_found *found = context;

	message_detail("loop: %s[%d] thread %d: %s", record->id.comm, record->id.pid,
		       record->id.tid, record->id.runtime);
	recorder_loop(found->recorder, record);
	/* without memory an entry has the names of its cgroup only */
	where_learn(found->where, record);
	serve_web_loop(&found->web, record);
}

static void on_stall(void *context, const struct stall_record *record)
{
	struct serve_found *found = context;
	struct stall_record timed = *record;
	__freeing char *message = NULL;

	/* the handler gets the same time as the recording */
	timed.time_ns = timestamp_of(&found->realtime_offset_ns, record->mono_ns);
	if (found->no_advice)
		timed.advice = NULL;
	if (!recorder_stall(found->recorder, &timed)) {
		struct withdrawn_record withdrawn = stall_withdrawn(&timed, DISCARD_IGNORED);

		stall_command_withdrawn(&found->command, &withdrawn);
		serve_web_withdrawn(&found->web, &withdrawn);
		news_withdraw(found->news, &withdrawn);
		return;
	}
	found->stalls += !record->ongoing && !record->doubt;
	serve_web_stall(&found->web, &timed);
	stall_command_run(&found->command, &timed);
	if (!news_is(found->news, record, probe_now_ns()))
		return;
	timed.home = where_of(found->where, record->id.pid);
	if (found->in_journal && !journal_stall(&timed))
		return;
	message = entry_message(record);
	if (message)
		message_note("%s", message);
}

static void on_withdrawn(void *context, const struct withdrawn_record *record)
{
	struct serve_found *found = context;

	recorder_withdrawn(found->recorder, record);
	serve_web_withdrawn(&found->web, record);
	stall_command_withdrawn(&found->command, record);
	if (news_withdraw(found->news, record))
		message_note("what lasted in %s[%d] thread %d was no stall: %s", record->id.comm,
			     record->id.pid, record->id.tid, discard_words(record->reason));
}

static void on_blocked(void *context, const struct blocked_record *record)
{
	struct serve_found *found = context;

	recorder_blocked(found->recorder, record);
	serve_web_blocked(&found->web, record);
}

static void on_second(void *context, const struct second_record *record)
{
	struct serve_found *found = context;

	recorder_second(found->recorder, record);
	serve_web_second(&found->web, record);
}

static void on_discarded(void *context, const struct thread_id *id, enum discard reason,
			 uint64_t ns)
{
	struct serve_found *found = context;

	why_discarded(context, id, reason, ns);
	metrics_discarded(found->web.metrics, reason);
}

static void on_blind(void *context, const struct thread_id *id, enum blind blind)
{
	struct serve_found *found = context;

	why_blind(context, id, blind);
	metrics_blind(found->web.metrics, blind);
}

static void on_note(void *context, const struct note_record *record)
{
	struct serve_found *found = context;
	__freeing char *text = NULL;

	recorder_note(found->recorder, record);
	metrics_note(found->web.metrics, record);
	if (!news_is_note(found->news, record, probe_now_ns()))
		return;
	if (found->in_journal && !journal_note(record, where_of(found->where, record->pid)))
		return;
	text = note_words(record);
	if (text)
		message_note("%s", text);
}

/* Processes come and go by the thousand, and nobody asked for a single one. */
static void on_exit_record(void *context, const struct exit_record *record, bool asked_for)
{
	(void)context;
	(void)record;
	(void)asked_for;
}

struct engine_sink serve_found_sink(struct serve_found *found)
{
	return (struct engine_sink){
		.context = found,
		.loop = on_loop,
		.stall = on_stall,
		.withdrawn = on_withdrawn,
		.thread = why_thread,
		.discarded = on_discarded,
		.blind = on_blind,
		.blocked = on_blocked,
		.second = on_second,
		.exit = on_exit_record,
		.note = on_note,
	};
}
