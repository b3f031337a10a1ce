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

#include "recording/encode_slice.h"
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
	put_string(&record, "cgroup", loop->cgroup);
	put_string(&record, "unit", loop->unit);
	put_string(&record, "container", loop->container);
	return write_line(to, &record);
}

static struct object stall_object(const struct stall_record *stall)
{
	struct object record = record_new("stall", stall->mono_ns, stall->time_ns);
	struct object ledger = object_new();

	put_string(&record, "turn", stall->turn);
	put_bool(&record, "ongoing", stall->ongoing);
	put_thread(&record, &stall->id);
	put_string(&record, "runtime", stall->id.runtime);
	put_number(&record, "duration_ns", stall->duration_ns);
	put_bool(&record, "before_attach", stall->before_attach);
	if (!stall->ongoing && stall->delayed_events >= 0)
		put_number(&record, "delayed_events", (uint64_t)stall->delayed_events);
	put_ledger(&ledger, &stall->ledger);
	put_object(&record, "ledger", &ledger);
	put_string(&record, "cause", cause_name(stall->cause));
	put_slices(&record, &stall->slices);
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

int encode_blocked(const struct line_writer *to, const struct blocked_record *blocked)
{
	struct object record = record_new("blocked", blocked->mono_ns, blocked->time_ns);

	put_thread(&record, &blocked->id);
	put_string(&record, "runtime", blocked->id.runtime);
	put_slices(&record, &blocked->slices);
	return write_line(to, &record);
}

int encode_exit(const struct line_writer *to, const struct exit_record *exited)
{
	struct object record = record_new("exit", exited->mono_ns, exited->time_ns);

	put_pid(&record, "pid", exited->pid);
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
		put_number(&record, "waiting", note->waiting);
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
	put_number(&object, "longest_ns", loop->longest_ns);
	put_number(&object, "p50_ns", loop->p50_ns);
	put_number(&object, "p99_ns", loop->p99_ns);
	record->failed |= object.failed;
	object_append(record, loops, object.json);
}

int encode_summary(const struct line_writer *to, const struct summary_record *summary)
{
	struct object record = record_new("summary", summary->mono_ns, summary->time_ns);
	json_t *loops = json_array(), *lost = json_object();

	put_number(&record, "duration_ns", summary->duration_ns);
	for (size_t i = 0; i < summary->nr_loops; i++)
		put_loop_summary(&record, loops, &summary->loops[i]);
	object_put(&record, "loops", loops);
	for (size_t i = 0; i < summary->nr_lost; i++) {
		struct object counts = { .json = lost };

		put_number(&counts, summary->lost[i].name, summary->lost[i].count);
		record.failed |= counts.failed;
	}
	object_put(&record, "lost", lost);
	if (summary->unmatched)
		put_number(&record, "unmatched", summary->unmatched);
	if (summary->command_status >= 0)
		object_put(&record, "command_status", json_integer(summary->command_status));
	return write_line(to, &record);
}
