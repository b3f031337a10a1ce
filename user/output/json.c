/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.c - records as JSON Lines: one object a line, its keys in the contract's
 * order. Read back by recording.c: what one writes the other understands.
 *
 * Names may hold any bytes. Those that are no UTF-8 become \xNN (escape.h), all
 * beyond ASCII is written in JSON's own escapes, so a line is harmless to print.
 */
#include "output/formats.h"
#include "output/escape.h"
#include "output/json.h"
#include "output/sink.h"
#include "output/timestamp.h"
#include "proc/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* An object under construction. A key that could not be added (no memory) spoils it as a whole. */
struct object {
	json_t *json;
	bool failed;
};

static struct object object_new(void)
{
	json_t *json = json_object();

	return (struct object){ .json = json, .failed = !json };
}

/* Takes value. NULL: there was no memory for it. */
static void put(struct object *object, const char *key, json_t *value)
{
	if (json_object_set_new(object->json, key, value))
		object->failed = true;
}

/* Takes child, and leaves the key out when it is empty. */
static void put_object(struct object *object, const char *key, struct object *child)
{
	object->failed |= child->failed;
	if (json_object_size(child->json))
		put(object, key, child->json);
	else
		json_decref(child->json);
}

/* Takes child, and leaves the key out when it is empty. */
static void put_array(struct object *object, const char *key, json_t *child)
{
	if (json_array_size(child))
		put(object, key, child);
	else
		json_decref(child);
}

static void append(struct object *object, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		object->failed = true;
}

/* NULL: no memory. */
static json_t *json_text(const char *value)
{
	__freeing char *escaped = escape_invalid(value);

	return escaped ? json_string(escaped) : NULL;
}

/* NULL and "": not known, left out. */
static void put_string(struct object *object, const char *key, const char *value)
{
	if (value && *value)
		put(object, key, json_text(value));
}

/* JSON's numbers are read as signed ones by most. */
static void put_number(struct object *object, const char *key, uint64_t value)
{
	put(object, key, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

static void put_pid(struct object *object, const char *key, pid_t pid)
{
	if (pid > 0)
		put(object, key, json_integer(pid));
}

static void put_bool(struct object *object, const char *key, bool value)
{
	put(object, key, json_boolean(value));
}

static struct object record_new(const char *type, uint64_t mono_ns, uint64_t time_ns)
{
	struct object record = object_new();
	char time[TIMESTAMP_BYTES];

	timestamp_format(time_ns, time);
	put_string(&record, "type", type);
	put_string(&record, "time", time);
	put_number(&record, "mono_ns", mono_ns);
	return record;
}

static void put_thread(struct object *object, const struct thread_id *id)
{
	put_pid(object, "pid", id->pid);
	put_pid(object, "tid", id->tid);
	put_string(object, "comm", id->comm);
}

static void put_stack(struct object *object, const struct stack *stack)
{
	json_t *frames;

	if (!stack)
		return;
	frames = json_array();
	for (unsigned int i = 0; i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];
		struct object entry = object_new();

		put_string(&entry, "fn", *frame->fn ? frame->fn : "[unknown]");
		put_string(&entry, "file", frame->file);
		if (frame->line)
			put_number(&entry, "line", frame->line);
		put_string(&entry, "module", frame->module);
		put_string(&entry, "kind", frame_kind_name(frame->kind));
		object->failed |= entry.failed;
		append(object, frames, entry.json);
	}
	put_array(object, "stack", frames);
	if (stack->cut)
		put_bool(object, "stack_cut", true);
}

static void put_target(struct object *slice, const struct target *target)
{
	struct object object;
	char addr[32];

	if (target->kind == TARGET_NONE)
		return;
	object = object_new();
	put_string(&object, "kind", target_kind_name(target->kind));
	put_string(&object, "path", target->path);
	put_string(&object, "proto", target->proto);
	put_string(&object, "local", target->local);
	put_string(&object, "peer", target->peer);
	put_pid(&object, "peer_pid", target->peer_pid);
	put_string(&object, "peer_comm", target->peer_comm);
	if (target->addr) {
		snprintf(addr, sizeof(addr), "0x%" PRIx64, target->addr);
		put_string(&object, "addr", addr);
	}
	put_pid(&object, "pid", target->pid);
	put_string(&object, "comm", target->comm);
	put_string(&object, "name", target->name);
	put_string(&object, "server", target->server);
	put_object(slice, "target", &object);
}

static void put_party(struct object *slice, const char *key, const struct party *party)
{
	struct object object;

	if (!party->pid)
		return;
	object = object_new();
	put_pid(&object, "pid", party->pid);
	put_pid(&object, "tid", party->tid);
	put_string(&object, "comm", party->comm);
	put_stack(&object, party->stack);
	put_object(slice, key, &object);
}

static void put_culprits(struct object *object, const struct culprits *culprits)
{
	json_t *array = json_array();

	for (size_t i = 0; i < culprits->nr; i++) {
		const struct culprit *culprit = &culprits->v[i];
		struct object entry = object_new();

		put_string(&entry, "kind", culprit_kind_name(culprit->kind));
		put_pid(&entry, "pid", culprit->pid);
		put_pid(&entry, "tid", culprit->tid);
		put_string(&entry, "comm", culprit->comm);
		if (culprit->ns) {
			put_number(&entry, "ns", culprit->ns);
			put_number(&entry, "percent", culprits_percent(culprits, culprit->ns));
		}
		if (culprit->cycle)
			put_bool(&entry, "cycle", true);
		if (culprit->told) {
			put_bool(&entry, "idle", culprit->idle);
			put_string(&entry, "cause", cause_name(culprit->cause));
			put_string(&entry, "syscall", culprit->syscall);
			put_target(&entry, &culprit->target);
			put_stack(&entry, culprit->stack);
		}
		put_string(&entry, "cgroup", culprit->cgroup);
		if (culprit->period_ns) {
			put_number(&entry, "quota_ns", culprit->quota_ns);
			put_number(&entry, "period_ns", culprit->period_ns);
		}
		put_culprits(&entry, &culprit->culprits);
		object->failed |= entry.failed;
		append(object, array, entry.json);
	}
	put_array(object, "culprits", array);
}

static void put_slices(struct object *record, const struct slices *slices)
{
	json_t *array = json_array();

	for (size_t i = 0; i < slices->nr; i++) {
		const struct slice *slice = &slices->v[i];
		struct object object = object_new(), task = object_new();

		put_string(&object, "cause", cause_name(slice->cause));
		put_string(&object, "syscall", slice->syscall);
		put_number(&object, "ns", slice->ns);
		put_number(&object, "count", slice->count);
		put_number(&object, "max_ns", slice->max_ns);
		put_target(&object, &slice->target);
		put_party(&object, "waker", &slice->waker);
		put_party(&object, "holder", &slice->holder);
		put_culprits(&object, &slice->culprits);
		put_string(&task, "name", slice->task_name);
		put_string(&task, "coro", slice->task_coro);
		put_object(&object, "task", &task);
		put_stack(&object, slice->stack);
		record->failed |= object.failed;
		append(record, array, object.json);
	}
	put(record, "slices", array);
}

static void put_ledger(struct object *object, const struct ledger *ledger)
{
	put_number(object, "cpu_ns", ledger->cpu_ns);
	put_number(object, "runqueue_ns", ledger->runqueue_ns);
	put_number(object, "throttled_ns", ledger->throttled_ns);
	put_number(object, "blocked_ns", ledger->blocked_ns);
	put_number(object, "unknown_ns", ledger->unknown_ns);
}

/* With its newline; the caller frees; NULL: no memory. */
static char *line_of(struct object *record)
{
	char *line = NULL;

	if (!record->failed)
		line = json_dumps(record->json, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(record->json);
	if (line) {
		size_t length = strlen(line);
		char *whole = realloc(line, length + 2);

		if (whole)
			memcpy(whole + length, "\n", 2);
		else
			free(line);
		line = whole;
	}
	return line;
}

/* The whole line goes to the sink at once, and on from there at once. */
static int write_line(struct sink *sink, struct object *record)
{
	__freeing char *line = line_of(record);

	if (!line)
		return -ENOMEM;
	sink_write(sink, line, strlen(line));
	return sink_flush(sink);
}

static int json_open(void **state, struct sink *sink, const struct output_options *options)
{
	(void)options;
	*state = sink;
	return 0;
}

/* The whole system; of each kind of filter what was given. */
static void put_system(struct object *scope, const struct start_record *start)
{
	static const char *const kinds[] = { "comm", "unit", "cgroup" };

	put_bool(scope, "system", true);
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		json_t *given = json_array();

		for (size_t i = 0; i < start->nr_only; i++)
			if (!strcmp(start->only[i][0], kinds[kind]))
				append(scope, given, json_text(start->only[i][1]));
		put_array(scope, kinds[kind], given);
	}
}

static int json_start(void *state, const struct start_record *start)
{
	struct object record = record_new("start", start->mono_ns, start->time_ns);
	struct object scope = object_new(), features = object_new();
	json_t *pids = json_array();

	put_string(&record, "version", start->version);
	put_string(&record, "host", start->host);
	put_string(&record, "kernel", start->kernel);
	for (size_t i = 0; i < start->nr_pids; i++)
		append(&scope, pids, json_integer(start->pids[i]));
	put_array(&scope, "pids", pids);
	if (!start->nr_pids)
		put_system(&scope, start);
	put_object(&record, "scope", &scope);
	put_number(&record, "threshold_ns", start->threshold_ns);
	for (size_t i = 0; i < start->nr_features; i++)
		put_string(&features, start->features[i][0], start->features[i][1]);
	put_object(&record, "features", &features);
	return write_line(state, &record);
}

static int json_loop(void *state, const struct loop_record *loop)
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
	return write_line(state, &record);
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

static int json_stall(void *state, const struct stall_record *stall)
{
	struct object record = stall_object(stall);

	return write_line(state, &record);
}

char *json_stall_line(const struct stall_record *stall)
{
	struct object record = stall_object(stall);

	return line_of(&record);
}

static int json_blocked(void *state, const struct blocked_record *blocked)
{
	struct object record = record_new("blocked", blocked->mono_ns, blocked->time_ns);

	put_thread(&record, &blocked->id);
	put_string(&record, "runtime", blocked->id.runtime);
	put_slices(&record, &blocked->slices);
	return write_line(state, &record);
}

static int json_exit(void *state, const struct exit_record *exited)
{
	struct object record = record_new("exit", exited->mono_ns, exited->time_ns);

	put_pid(&record, "pid", exited->pid);
	put(&record, "status", json_integer(exited->status));
	return write_line(state, &record);
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
	append(record, loops, object.json);
}

static int json_summary(void *state, const struct summary_record *summary)
{
	struct object record = record_new("summary", summary->mono_ns, summary->time_ns);
	json_t *loops = json_array(), *lost = json_object();

	put_number(&record, "duration_ns", summary->duration_ns);
	for (size_t i = 0; i < summary->nr_loops; i++)
		put_loop_summary(&record, loops, &summary->loops[i]);
	put(&record, "loops", loops);
	for (size_t i = 0; i < summary->nr_lost; i++) {
		struct object counts = { .json = lost };

		put_number(&counts, summary->lost[i].name, summary->lost[i].count);
		record.failed |= counts.failed;
	}
	put(&record, "lost", lost);
	if (summary->unmatched)
		put_number(&record, "unmatched", summary->unmatched);
	if (summary->command_status >= 0)
		put(&record, "command_status", json_integer(summary->command_status));
	return write_line(state, &record);
}

static const char *const suffixes[] = { ".jsonl", ".jsonl.gz", NULL };

const struct output_format output_json = {
	.name = "json",
	.suffixes = suffixes,
	.open = json_open,
	.start = json_start,
	.loop = json_loop,
	.stall = json_stall,
	.blocked = json_blocked,
	.exit = json_exit,
	.summary = json_summary,
};
