// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perfetto.c - a trace for ui.perfetto.dev: a track a loop with its stalls, inside of
 * them when it was blocked and where, flows from who ended that; how many turns it
 * had, and how long the longest was. Weights of all stacks add up to what the other
 * profiles have. Written as it comes: what is kept is bounded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/finals.h"
#include "output/formats.h"
#include "output/lanes.h"
#include "output/match.h"
#include "output/names.h"
#include "output/perfetto_packets.h"
#include "output/perfetto_parties.h"
#include "output/perfetto_words.h"
#include "output/sink.h"
#include "output/timeline.h"
#include "text/note_words.h"
#include "text/words.h"

/* Of Perfetto's TrackEvent and CounterDescriptor. */
enum { BEGIN = 1, END = 2, INSTANT = PERFETTO_INSTANT, COUNTER = 4 };
enum { UNIT_NS = 1 };

struct perfetto {
	struct sink *sink;
	bool stalls_only;
	const struct match *match;
	struct perfetto_packets *packets;
	struct finals *finals;
	struct names *names; /* of processes of the host that is read now */
	uint64_t host; /* its hash */
	struct lanes *lanes;
	uint64_t flows; /* that there were */
};

static int write_event(struct perfetto *out, uint64_t mono_ns, Perfetto__TrackEvent *event,
		       struct arguments *arguments, const struct perfetto_stack *stack)
{
	int err = arguments && arguments->failed ? -ENOMEM : 0;

	if (arguments) {
		event->debug_annotations = arguments->pointers;
		event->n_debug_annotations = arguments->nr;
	}
	err = err ? err : perfetto_event(out->packets, mono_ns, event, stack);
	if (arguments)
		arguments_free(arguments);
	return err;
}

/* -- tracks -- */

/* "asyncio loop of python3[4242]" */
static char *loop_name(const struct thread_id *id, uint64_t lane)
{
	__freeing char *thread = words_thread(id->comm, id->pid, id->tid);
	char *name = NULL, number[32] = "";

	if (lane)
		snprintf(number, sizeof(number), " (%" PRIu64 ")", lane + 1);
	if (!thread || asprintf(&name, "%s%s%s%s", id->runtime ? id->runtime : "",
				id->runtime ? " loop of " : "", thread, number) < 0)
		return NULL;
	return name;
}

static int process_track(struct perfetto *out, pid_t pid, uint64_t *uuid)
{
	return perfetto_process_track(out->packets, pid, names_of(out->names, pid), uuid);
}

static int loop_track(struct perfetto *out, const struct thread_id *id, uint64_t lane,
		      uint64_t *uuid)
{
	/* threads without a loop that is known have one each */
	struct perfetto_track track = {
		.kind = id->loop ? "loop" : "thread",
		.number = (id->loop ? id->loop : (uint64_t)id->tid) * LANES_OF_LOOP + lane
	};
	__freeing char *name = NULL;
	int err = names_learn(out->names, id, NULL);

	err = err ? err : process_track(out, id->pid, &track.within);
	if (err)
		return err;
	name = loop_name(id, lane);
	track.name = name;
	return name ? perfetto_track(out->packets, &track, uuid) : -ENOMEM;
}

/* A track below that of a loop. */
static int part_track(struct perfetto *out, const struct thread_id *id,
		      const struct perfetto_track *part, uint64_t *uuid)
{
	struct perfetto_track track = *part;
	int err = loop_track(out, id, 0, &track.within);

	return err ? err : perfetto_track(out->packets, &track, uuid);
}

/* A track in which nothing overlaps with the stall. -ENOSPC: there is none. */
static int free_lane(struct perfetto *out, const struct stall_record *stall, uint64_t *uuid)
{
	uint64_t begin_ns = perfetto_time(out->packets, stall->mono_ns);
	const struct lane_time time = { begin_ns, add_saturated(begin_ns, stall->duration_ns) };
	unsigned int lane;
	int err = lanes_take(out->lanes, out->host, &stall->id, &time, &lane);

	return err ? err : loop_track(out, &stall->id, lane, uuid);
}

/* -- slices -- */

static const char *word_of(enum cause cause, char word[32])
{
	snprintf(word, 32, "[%s]", cause_name(cause));
	return word;
}

/* What is of the slice begins, or is somewhere. */
static int write_slice(struct perfetto *out, uint64_t mono_ns, Perfetto__TrackEvent *event,
		       const struct slice *slice, uint64_t ns)
{
	char word[32];
	const struct perfetto_stack stack = { slice->stack, word_of(slice->cause, word) };
	struct arguments arguments = { 0 };
	__freeing char *name = perfetto_name(slice, slice->cause);

	if (!name)
		return -ENOMEM;
	event->name = name;
	event->callstack_weight = (double)ns;
	arguments_of_slice(&arguments, slice);
	return write_event(out, mono_ns, event, &arguments, &stack);
}

/* moments: the stall has no track of its own, and nothing can be inside of another. */
static int write_timeline(struct perfetto *out, const struct timeline *timeline, uint64_t uuid,
			  bool moments)
{
	int err = 0;

	for (size_t i = 0; i < timeline->nr && !err; i++) {
		const struct timeline_event *from = &timeline->v[i];
		Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
		uint64_t flows[FLOWS_MAX];
		int nr = 0;

		if (from->kind == TIMELINE_END && moments)
			continue;
		if (from->longest && (moments || from->kind != TIMELINE_BEGIN))
			nr = perfetto_parties(out->packets, from, &out->flows, flows);
		if (nr < 0)
			return nr;
		event.track_uuid = uuid;
		event.terminating_flow_ids = flows;
		event.n_terminating_flow_ids = (size_t)nr;
		event.type = moments || from->kind == TIMELINE_MOMENT ? INSTANT
			     : from->kind == TIMELINE_BEGIN	      ? BEGIN
								      : END;
		if (from->kind == TIMELINE_END)
			err = write_event(out, from->mono_ns, &event, NULL, NULL);
		else
			err = write_slice(out, from->mono_ns, &event, from->slice, from->ns);
	}
	return err;
}

/* -- stalls -- */

static int write_stall_event(struct perfetto *out, const struct stall_record *stall, uint64_t uuid,
			     uint32_t type, bool unordered)
{
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
	struct arguments arguments = { 0 };
	__freeing char *name = perfetto_name(stall_place(stall), stall->cause);

	if (!name)
		return -ENOMEM;
	event.type = type;
	event.track_uuid = uuid;
	event.name = name;
	arguments_of_stall(&arguments, stall, unordered);
	return write_event(out, stall->mono_ns, &event, &arguments, NULL);
}

static int write_stall(struct perfetto *out, const struct stall_record *stall,
		       const struct timeline *timeline)
{
	Perfetto__TrackEvent end = PERFETTO__TRACK_EVENT__INIT;
	uint64_t uuid;
	int err = free_lane(out, stall, &uuid);
	bool moments = err == -ENOSPC;

	if (moments)
		err = loop_track(out, &stall->id, 0, &uuid);
	err = err ? err
		  : write_stall_event(out, stall, uuid, moments ? INSTANT : BEGIN,
				      timeline->unordered);
	err = err ? err : write_timeline(out, timeline, uuid, moments);
	if (err || moments)
		return err;
	end.type = END;
	end.track_uuid = uuid;
	return write_event(out, add_saturated(stall->mono_ns, stall->duration_ns), &end, NULL,
			   NULL);
}

static int emit_stall(void *context, const struct stall_record *stall)
{
	struct perfetto *out = context;
	struct timeline timeline;
	int err = timeline_make(&timeline, stall, out->match);

	if (err)
		return err;
	err = write_stall(out, stall, &timeline);
	timeline_free(&timeline);
	return err;
}

/* -- records -- */

static void perfetto_free(struct perfetto *out)
{
	finals_free(out->finals);
	names_free(out->names);
	lanes_free(out->lanes);
	perfetto_packets_free(out->packets);
	free(out);
}

static int perfetto_open(void **state, struct sink *sink, const struct output_options *options)
{
	struct perfetto *out = calloc(1, sizeof(*out));

	if (!out)
		return -ENOMEM;
	out->sink = sink;
	out->stalls_only = options->stalls_only;
	out->match = options->match;
	out->host = HASH_START;
	*state = out;
	if (!perfetto_packets_new(&out->packets, sink) &&
	    !finals_new(&out->finals, emit_stall, out) && !names_new(&out->names) &&
	    !lanes_new(&out->lanes))
		return 0;
	perfetto_free(out);
	return -ENOMEM;
}

/* Of a recording without its first line the first record says what the clocks were. */
static int begin(struct perfetto *out, uint64_t mono_ns, uint64_t time_ns)
{
	const struct perfetto_clocks clocks = { .mono_ns = mono_ns, .time_ns = time_ns };

	return perfetto_has_begun(out->packets) ? 0 : perfetto_host(out->packets, NULL, &clocks);
}

static int perfetto_start(void *state, const struct start_record *start)
{
	struct perfetto *out = state;
	const struct perfetto_clocks clocks = { start->mono_ns, start->time_ns, start->boot_ns };
	/* another recording, with threads of the same numbers */
	int err = finals_end(out->finals);

	names_free(out->names);
	out->names = NULL;
	err = err ? err : names_new(&out->names);
	out->host =
		start->host ? hash_bytes(HASH_START, start->host, strlen(start->host)) : HASH_START;
	return err ? err : perfetto_host(out->packets, start->host, &clocks);
}

static int perfetto_loop(void *state, const struct loop_record *loop)
{
	struct perfetto *out = state;
	uint64_t uuid;
	int err = begin(out, loop->mono_ns, loop->time_ns);

	err = err ? err : names_learn(out->names, &loop->id, loop->exe);
	return err ? err : loop_track(out, &loop->id, 0, &uuid);
}

static int perfetto_stall(void *state, const struct stall_record *stall)
{
	struct perfetto *out = state;
	int err = begin(out, stall->mono_ns, stall->time_ns);

	return err ? err : finals_stall(out->finals, stall);
}

static int perfetto_withdrawn(void *state, const struct withdrawn_record *withdrawn)
{
	finals_withdraw(((struct perfetto *)state)->finals, withdrawn);
	return 0;
}

/* When in these seconds it was is not known. */
static int perfetto_blocked(void *state, const struct blocked_record *blocked)
{
	static const struct perfetto_track track = { .kind = "small",
						     .name = "in turns that were no stalls" };
	struct perfetto *out = state;
	uint64_t uuid;
	int err = begin(out, blocked->mono_ns, blocked->time_ns);

	if (out->stalls_only || err)
		return err;
	err = part_track(out, &blocked->id, &track, &uuid);
	for (size_t i = 0; i < blocked->slices.nr && !err; i++) {
		const struct slice *slice = &blocked->slices.v[i];
		Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;

		/* time on a CPU is lost in stalls only */
		if (slice_is_cpu(slice) || !match_stack(out->match, slice->stack))
			continue;
		event.type = INSTANT;
		event.track_uuid = uuid;
		err = write_slice(out, blocked->mono_ns, &event, slice, slice->ns);
	}
	return err;
}

/* What was lost on the way to us: on a track of our own. */
static int write_lost(struct perfetto *out, const struct second_record *second)
{
	static const struct perfetto_track track = { .kind = "blockprof", .name = "blockprof" };
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
	uint64_t uuid;
	int err = perfetto_track(out->packets, &track, &uuid);

	for (size_t i = 0; i < second->nr_lost && !err; i++) {
		__freeing char *loss = escape_text(second->lost[i].name);
		__freeing char *name = NULL;

		if (!loss || asprintf(&name, "lost: %s, %" PRIu64, loss, second->lost[i].count) < 0)
			return -ENOMEM;
		event.type = INSTANT;
		event.track_uuid = uuid;
		event.name = name;
		err = write_event(out, second->mono_ns, &event, NULL, NULL);
	}
	return err;
}

static int perfetto_second(void *state, const struct second_record *second)
{
	static const struct perfetto_track turns = {
		.kind = "turns", .name = "turns a second", .counter = true, .unit_name = "turns/s"
	};
	static const struct perfetto_track longest = {
		.kind = "longest", .name = "longest turn", .counter = true, .unit = UNIT_NS
	};
	uint64_t length_ns = add_saturated(second->idle_ns, ledger_sum(&second->ledger));
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
	struct perfetto *out = state;
	uint64_t uuid;
	int err = begin(out, second->mono_ns, second->time_ns);

	err = err ? err : part_track(out, &second->id, &turns, &uuid);
	if (err)
		return err;
	event.type = COUNTER;
	event.track_uuid = uuid;
	event.has_double_counter_value = true;
	event.double_counter_value =
		length_ns ? (double)second->turns * (double)NS_PER_SEC / (double)length_ns : 0;
	err = write_event(out, second->mono_ns, &event, NULL, NULL);
	err = err ? err : part_track(out, &second->id, &longest, &uuid);
	if (err)
		return err;
	event.track_uuid = uuid;
	event.has_double_counter_value = false;
	event.has_counter_value = true;
	event.counter_value =
		(int64_t)(second->longest_ns < INT64_MAX ? second->longest_ns : INT64_MAX);
	err = write_event(out, second->mono_ns, &event, NULL, NULL);
	return err ? err : second->nr_lost ? write_lost(out, second) : 0;
}

static int write_moment(struct perfetto *out, uint64_t mono_ns, pid_t pid, const char *name)
{
	Perfetto__TrackEvent event = PERFETTO__TRACK_EVENT__INIT;
	uint64_t uuid;
	int err = process_track(out, pid, &uuid);

	event.type = INSTANT;
	event.track_uuid = uuid;
	event.name = (char *)name;
	return err ? err : write_event(out, mono_ns, &event, NULL, NULL);
}

static int perfetto_exit(void *state, const struct exit_record *exited)
{
	struct perfetto *out = state;
	char status[DURATION_BYTES];
	int err = begin(out, exited->mono_ns, exited->time_ns);

	/* a process of which nothing else was said */
	if (err || !names_of(out->names, exited->pid))
		return err;
	if (exited->status == EXIT_STATUS_UNKNOWN)
		return write_moment(out, exited->mono_ns, exited->pid, "ended");
	words_status(exited->status, status);
	return write_moment(out, exited->mono_ns, exited->pid, status);
}

static int perfetto_note(void *state, const struct note_record *note)
{
	__freeing char *words = note_words(note);
	int err = begin(state, note->mono_ns, note->time_ns);

	if (!words)
		return -ENOMEM;
	return err ? err : write_moment(state, note->mono_ns, note->pid, words);
}

static int perfetto_summary(void *state, const struct summary_record *summary)
{
	struct perfetto *out = state;
	int err = begin(out, summary->mono_ns, summary->time_ns);

	return err ? err : finals_end(out->finals);
}

static int perfetto_close(void *state)
{
	struct perfetto *out = state;
	int err = finals_end(out->finals);

	if (!err)
		err = sink_error(out->sink);
	perfetto_free(out);
	return err;
}

static const char *const suffixes[] = { ".perfetto-trace", ".perfetto-trace.gz", ".pftrace", NULL };

const struct output_format output_perfetto = {
	.name = "perfetto",
	.suffixes = suffixes,
	.binary = true,
	.open = perfetto_open,
	.start = perfetto_start,
	.loop = perfetto_loop,
	.stall = perfetto_stall,
	.withdrawn = perfetto_withdrawn,
	.blocked = perfetto_blocked,
	.second = perfetto_second,
	.exit = perfetto_exit,
	.note = perfetto_note,
	.summary = perfetto_summary,
	.close = perfetto_close,
};
