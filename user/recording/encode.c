// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * encode.c - records as JSON Lines: one object a line, its keys as
 * blockprof-json(5) describes them. Read back by decode.c: what one writes the
 * other understands.
 *
 * Names may hold any bytes. Those that are no UTF-8 become \xNN (escape.h), all
 * beyond ASCII is written in JSON's own escapes, so a line is harmless to print.
 */
#include "recording/encode.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "recording/encode_slice.h"
#include "recording/impact.h"
#include "recording/recording.h"

static void put_ledger(struct object *object, const struct ledger *ledger)
{
	put_number(object, "cpu_ns", ledger->cpu_ns);
	put_number(object, "runqueue_ns", ledger->runqueue_ns);
	put_number(object, "throttled_ns", ledger->throttled_ns);
	put_number(object, "blocked_ns", ledger->blocked_ns);
	put_number(object, "unknown_ns", ledger->unknown_ns);
}

/* The whole system, and what it was filtered by. */
static void put_system(struct object *scope, const struct start_record *start)
{
	static const char *const kinds[] = { "comm", "unit", "cgroup" };

	put_bool(scope, "system", true);
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		json_t *given = json_array();

		for (size_t i = 0; i < start->nr_only; i++)
			if (!strcmp(start->only[i].name, kinds[kind]))
				object_append(scope, given, json_text(start->only[i].value));
		put_array(scope, kinds[kind], given);
	}
}

int encode_start(const struct line_writer *to, const struct start_record *start)
{
	struct object record = record_new("start", start->mono_ns, start->time_ns);
	struct object scope = object_new(), features = object_new();
	json_t *pids = json_array();

	put_number(&record, "schema", RECORDING_SCHEMA);
	put_string(&record, "version", start->version);
	if (start->boot_ns)
		put_number(&record, "boot_ns", start->boot_ns);
	if (start->zone.known)
		object_put(&record, "utc_offset_s", json_integer(start->zone.utc_offset_s));
	put_string(&record, "host", start->host);
	put_string(&record, "kernel", start->kernel);
	for (size_t i = 0; i < start->nr_pids; i++)
		object_append(&scope, pids, json_integer(start->pids[i]));
	put_array(&scope, "pids", pids);
	if (!start->nr_pids)
		put_system(&scope, start);
	put_object(&record, "scope", &scope);
	put_number(&record, "threshold_ns", start->threshold_ns);
	for (size_t i = 0; i < start->nr_features; i++)
		put_string(&features, start->features[i].name, start->features[i].value);
	put_object(&record, "features", &features);
	return write_line(to, &record);
}

static void put_source(struct object *record, const struct source *source)
{
	struct object object = object_new();
	json_t *fds = json_array();

	put_string(&object, "kind", source->kind);
	for (size_t i = 0; i < source->nr_fds; i++)
		object_append(&object, fds, json_integer(source->fds[i]));
	put_array(&object, "fds", fds);
	put_object(record, "source", &object);
}

int encode_loop(const struct line_writer *to, const struct loop_record *loop)
{
	struct object record = record_new("loop", loop->mono_ns, loop->time_ns);
	struct object wait = object_new();

	put_thread(&record, &loop->id);
	put_string(&record, "exe", loop->exe);
	put_string(&record, "runtime", loop->id.runtime);
	put_string(&record, "runtime_version", loop->runtime_version);
	put_string(&wait, "syscall", loop->wait_syscall);
	if (loop->wait_syscall && loop->wait_fd >= 0)
		put_number(&wait, "fd", (uint64_t)loop->wait_fd);
	put_object(&record, "wait", &wait);
	put_source(&record, &loop->source);
	put_string(&record, "cgroup", loop->cgroup);
	put_string(&record, "unit", loop->unit);
	put_string(&record, "container", loop->container);
	put_string(&record, "container_name", loop->container_name);
	put_string(&record, "pod", loop->pod);
	put_string(&record, "namespace", loop->namespace);
	return write_line(to, &record);
}

static struct object stall_object(const struct stall_record *stall)
{
	struct object record = record_new("stall", stall->mono_ns, stall->time_ns);
	struct object ledger = object_new();

	put_string(&record, "turn", stall->turn);
	put_bool(&record, "ongoing", stall->ongoing);
	if (stall->at_end)
		put_bool(&record, "at_end", true);
	put_string(&record, "doubt", doubt_name(stall->doubt));
	put_thread(&record, &stall->id);
	put_string(&record, "runtime", stall->id.runtime);
	put_number(&record, "duration_ns", stall->duration_ns);
	put_bool(&record, "before_attach", stall->before_attach);
	if (stall->nested_ns)
		put_number(&record, "nested_ns", stall->nested_ns);
	if (!stall->ongoing && stall->delayed_events >= 0)
		put_number(&record, "delayed_events", (uint64_t)stall->delayed_events);
	if (!stall->ongoing && !impact_is_none(&stall->impact))
		put_impact(&record, &stall->impact);
	put_ledger(&ledger, &stall->ledger);
	put_object(&record, "ledger", &ledger);
	put_string(&record, "cause", cause_name(stall->cause));
	put_string(&record, "advice", stall->advice);
	put_slices(&record, &stall->slices, stall->mono_ns);
	return record;
}

int encode_stall(const struct line_writer *to, const struct stall_record *stall)
{
	struct object record = stall_object(stall);

	return write_line(to, &record);
}

char *encode_stall_line(const struct stall_record *stall)
{
	struct object record = stall_object(stall);

	return line_of(&record);
}

int encode_withdrawn(const struct line_writer *to, const struct withdrawn_record *withdrawn)
{
	struct object record = record_new("withdrawn", withdrawn->mono_ns, withdrawn->time_ns);

	put_string(&record, "turn", withdrawn->turn);
	put_thread(&record, &withdrawn->id);
	put_string(&record, "runtime", withdrawn->id.runtime);
	put_string(&record, "reason", withdrawn->reason);
	return write_line(to, &record);
}

int encode_blocked(const struct line_writer *to, const struct blocked_record *blocked)
{
	struct object record = record_new("blocked", blocked->mono_ns, blocked->time_ns);

	put_thread(&record, &blocked->id);
	put_string(&record, "runtime", blocked->id.runtime);
	put_slices(&record, &blocked->slices, 0);
	return write_line(to, &record);
}

int encode_second(const struct line_writer *to, const struct second_record *second)
{
	struct object record = record_new("second", second->mono_ns, second->time_ns);
	struct object ledger = object_new(), by_cause = object_new();
	struct object lost = counts_object(second->lost, second->nr_lost);

	put_thread(&record, &second->id);
	put_string(&record, "runtime", second->id.runtime);
	put_number(&record, "turns", second->turns);
	if (second->turns)
		put_number(&record, "longest_ns", second->longest_ns);
	put_number(&record, "idle_ns", second->idle_ns);
	put_ledger(&ledger, &second->ledger);
	put_object(&record, "ledger", &ledger);
	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (second->by_cause_ns[cause])
			put_number(&by_cause, cause_name((enum cause)cause),
				   second->by_cause_ns[cause]);
	put_object(&record, "by_cause", &by_cause);
	put_buckets(&record, second->buckets);
	if (second->delayed_events)
		put_number(&record, "delayed_events", second->delayed_events);
	put_object(&record, "lost", &lost);
	return write_line(to, &record);
}

int encode_exit(const struct line_writer *to, const struct exit_record *exited)
{
	struct object record = record_new("exit", exited->mono_ns, exited->time_ns);

	put_pid(&record, "pid", exited->pid);
	if (exited->status != EXIT_STATUS_UNKNOWN)
		object_put(&record, "status", json_integer(exited->status));
	return write_line(to, &record);
}

int encode_note(const struct line_writer *to, const struct note_record *note)
{
	struct object record = record_new("note", note->mono_ns, note->time_ns);
	json_t *calls = json_array();

	put_string(&record, "note", note_kind_name(note->kind));
	put_pid(&record, "pid", note->pid);
	put_string(&record, "comm", note->comm);
	put_number(&record, "duration_ns", note->duration_ns);
	if (note_kind_growing(note->kind)) {
		put_number(&record, "from", note->from);
		put_number(&record, "to", note->to);
	} else {
		put_number(&record, "workers", note->workers);
		if (note->waiting)
			put_number(&record, "waiting", note->waiting);
		put_string(&record, "pool", note->pool);
	}
	for (size_t i = 0; i < note->nr_calls; i++) {
		const struct note_call *call = &note->calls[i];
		struct object object = object_new();

		put_string(&object, "fn", call->fn);
		put_string(&object, "file", call->file);
		if (call->line)
			put_number(&object, "line", call->line);
		put_string(&object, "host", call->host);
		put_number(&object, "workers", call->workers);
		record.failed |= object.failed;
		object_append(&record, calls, object.json);
	}
	put_array(&record, "calls", calls);
	return write_line(to, &record);
}

static void put_loop_summary(struct object *record, json_t *loops, const struct loop_summary *loop)
{
	struct object object = object_new();

	put_thread(&object, &loop->id);
	put_string(&object, "runtime", loop->id.runtime);
	put_number(&object, "turns", loop->turns);
	put_number(&object, "wall_ns", loop->wall_ns);
	put_number(&object, "idle_ns", loop->idle_ns);
	put_ledger(&object, &loop->ledger);
	put_number(&object, "stalls", loop->stalls);
	if (loop->doubtful)
		put_number(&object, "doubtful", loop->doubtful);
	put_number(&object, "longest_ns", loop->longest_ns);
	put_number(&object, "p50_ns", loop->p50_ns);
	put_number(&object, "p99_ns", loop->p99_ns);
	record->failed |= object.failed;
	object_append(record, loops, object.json);
}

static void put_discarded(struct object *record, const struct summary_record *summary)
{
	struct object discarded = object_new();

	for (size_t i = 0; i < summary->nr_discarded; i++) {
		const struct discard_count *count = &summary->discarded[i];
		struct object object = object_new();

		put_number(&object, "count", count->count);
		put_number(&object, "longest_ns", count->longest_ns);
		put_object(&discarded, count->name, &object);
	}
	put_object(record, "discarded", &discarded);
}

/* A rule holds any bytes, as names do. */
static void put_ignored(struct object *record, const struct summary_record *summary)
{
	struct object ignored = object_new();

	for (size_t i = 0; i < summary->nr_ignored; i++) {
		__freeing char *rule = escape_text(summary->ignored[i].name);

		if (!rule)
			ignored.failed = true;
		else
			put_number(&ignored, rule, summary->ignored[i].count);
	}
	put_object(record, "ignored", &ignored);
}

int encode_summary(const struct line_writer *to, const struct summary_record *summary)
{
	struct object record = record_new("summary", summary->mono_ns, summary->time_ns);
	struct object lost = counts_object(summary->lost, summary->nr_lost);
	struct object blind = counts_object(summary->blind, summary->nr_blind);
	json_t *loops = json_array();

	put_number(&record, "duration_ns", summary->duration_ns);
	for (size_t i = 0; i < summary->nr_loops; i++)
		put_loop_summary(&record, loops, &summary->loops[i]);
	object_put(&record, "loops", loops);
	record.failed |= lost.failed;
	object_put(&record, "lost", lost.json);
	put_discarded(&record, summary);
	put_ignored(&record, summary);
	put_object(&record, "blind", &blind);
	if (summary->unmatched)
		put_number(&record, "unmatched", summary->unmatched);
	if (summary->switches_unseen)
		put_number(&record, "switches_unseen", summary->switches_unseen);
	if (summary->command_status >= 0)
		object_put(&record, "command_status", json_integer(summary->command_status));
	return write_line(to, &record);
}
