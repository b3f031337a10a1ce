// SPDX-License-Identifier: GPL-2.0-or-later
/* decode.c - which keys of a line become which fields of a record; the line may be of any origin. */
#include "recording/decode.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/timestamp.h"
#include "recording/decode_slice.h"

static struct ledger ledger_of(struct decoder *decoder, json_t *object)
{
	return (struct ledger){
		.cpu_ns = decode_number_of(decoder, object, "cpu_ns", OPTIONAL),
		.runqueue_ns = decode_number_of(decoder, object, "runqueue_ns", OPTIONAL),
		.throttled_ns = decode_number_of(decoder, object, "throttled_ns", OPTIONAL),
		.blocked_ns = decode_number_of(decoder, object, "blocked_ns", OPTIONAL),
		.unknown_ns = decode_number_of(decoder, object, "unknown_ns", OPTIONAL),
	};
}

static uint64_t time_of(struct decoder *decoder, json_t *record)
{
	const char *text = decode_string_of(decoder, record, "time", REQUIRED);
	uint64_t time_ns = 0;

	if (text && timestamp_parse(text, &time_ns))
		decode_fail(decoder, -EBADMSG);
	return time_ns;
}

/* What the system was filtered by: nr of them, which the caller frees. */
static int decode_only(json_t *scope, struct name_value **out, size_t *nr)
{
	static const char *const kinds[] = { "comm", "unit", "cgroup" };
	struct name_value *only;
	size_t room = 1;

	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++)
		room += json_array_size(json_object_get(scope, kinds[kind]));
	only = calloc(room, sizeof(only[0]));
	*out = only;
	*nr = 0;
	if (!only)
		return -ENOMEM;
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		json_t *given = json_object_get(scope, kinds[kind]), *value;
		size_t i;

		json_array_foreach (given, i, value) {
			if (!json_is_string(value))
				return -EBADMSG;
			only[(*nr)++] =
				(struct name_value){ kinds[kind], json_string_value(value) };
		}
	}
	return 0;
}

static int decode_start(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *scope = decode_value_of(&decoder, line, "scope", JSON_OBJECT, OPTIONAL);
	json_t *pids =
		scope ? decode_value_of(&decoder, scope, "pids", JSON_ARRAY, OPTIONAL) : NULL;
	json_t *features = decode_value_of(&decoder, line, "features", JSON_OBJECT, OPTIONAL),
	       *value;
	size_t nr_pids = json_array_size(pids), nr_features = json_object_size(features);
	__freeing pid_t *own_pids = calloc(nr_pids + 1, sizeof(own_pids[0]));
	__freeing struct name_value *own_features =
		calloc(nr_features + 1, sizeof(own_features[0]));
	__freeing struct name_value *only = NULL;
	struct start_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.version = decode_string_of(&decoder, line, "version", OPTIONAL),
		.host = decode_string_of(&decoder, line, "host", OPTIONAL),
		.kernel = decode_string_of(&decoder, line, "kernel", OPTIONAL),
		.threshold_ns = decode_number_of(&decoder, line, "threshold_ns", OPTIONAL),
		.pids = own_pids,
		.nr_pids = nr_pids,
		.features = own_features,
	};
	const char *key;
	int err;

	if (!own_pids || !own_features)
		return -ENOMEM;
	err = decode_only(scope, &only, &record.nr_only);
	if (err)
		return err;
	record.only = only;
	for (size_t i = 0; i < nr_pids; i++) {
		json_int_t pid = json_integer_value(json_array_get(pids, i));

		if (pid <= 0 || pid > INT_MAX)
			return -EBADMSG;
		own_pids[i] = (pid_t)pid;
	}
	json_object_foreach (features, key, value) {
		if (!json_is_string(value))
			return -EBADMSG;
		own_features[record.nr_features++] =
			(struct name_value){ key, json_string_value(value) };
	}
	if (!decoder.error && reader->start)
		reader->start(reader->context, &record);
	return decoder.error;
}

static int decode_loop(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *wait = decode_value_of(&decoder, line, "wait", JSON_OBJECT, OPTIONAL);
	struct loop_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.id = decode_thread_of(&decoder, line),
		.exe = decode_string_of(&decoder, line, "exe", OPTIONAL),
		.runtime_version = decode_string_of(&decoder, line, "runtime_version", OPTIONAL),
		.wait_fd = -1,
		.cgroup = decode_string_of(&decoder, line, "cgroup", OPTIONAL),
		.unit = decode_string_of(&decoder, line, "unit", OPTIONAL),
		.container = decode_string_of(&decoder, line, "container", OPTIONAL),
	};

	if (wait) {
		record.wait_syscall = decode_string_of(&decoder, wait, "syscall", OPTIONAL);
		if (json_object_get(wait, "fd"))
			record.wait_fd = decode_pid_of(&decoder, wait, "fd", REQUIRED);
	}
	if (!decoder.error && reader->loop)
		reader->loop(reader->context, &record);
	return decoder.error;
}

static int decode_stall(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *ledger = decode_value_of(&decoder, line, "ledger", JSON_OBJECT, OPTIONAL);
	const char *turn = decode_string_of(&decoder, line, "turn", REQUIRED);
	struct stall_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.ongoing = decode_bool_of(&decoder, line, "ongoing", REQUIRED),
		.id = decode_thread_of(&decoder, line),
		.duration_ns = decode_number_of(&decoder, line, "duration_ns", REQUIRED),
		.before_attach = decode_bool_of(&decoder, line, "before_attach", OPTIONAL),
		.delayed_events = -1,
		.cause = decode_cause_of(&decoder, line),
	};

	if (json_object_get(line, "delayed_events"))
		record.delayed_events =
			(int64_t)decode_number_of(&decoder, line, "delayed_events", REQUIRED);
	if (ledger)
		record.ledger = ledger_of(&decoder, ledger);
	if (turn && strlen(turn) < sizeof(record.turn))
		memcpy(record.turn, turn, strlen(turn) + 1);
	else
		decode_fail(&decoder, -EBADMSG);
	decode_slices(&decoder, line, &record.slices);
	if (!decoder.error && reader->stall)
		reader->stall(reader->context, &record);
	slices_free(&record.slices);
	return decoder.error;
}

static int decode_blocked(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	struct blocked_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.id = decode_thread_of(&decoder, line),
	};

	decode_slices(&decoder, line, &record.slices);
	if (!decoder.error && reader->blocked)
		reader->blocked(reader->context, &record);
	slices_free(&record.slices);
	return decoder.error;
}

static int decode_exit(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	struct exit_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.pid = decode_pid_of(&decoder, line, "pid", REQUIRED),
		.status = (int)decode_bounded(
			&decoder, decode_number_of(&decoder, line, "status", REQUIRED), INT_MAX),
	};

	if (!decoder.error && reader->exit)
		reader->exit(reader->context, &record);
	return decoder.error;
}

static struct loop_summary loop_summary_of(struct decoder *decoder, json_t *object)
{
	return (struct loop_summary){
		.id = decode_thread_of(decoder, object),
		.turns = decode_number_of(decoder, object, "turns", OPTIONAL),
		.wall_ns = decode_number_of(decoder, object, "wall_ns", OPTIONAL),
		.idle_ns = decode_number_of(decoder, object, "idle_ns", OPTIONAL),
		.ledger = ledger_of(decoder, object),
		.stalls = decode_number_of(decoder, object, "stalls", OPTIONAL),
		.longest_ns = decode_number_of(decoder, object, "longest_ns", OPTIONAL),
		.p50_ns = decode_number_of(decoder, object, "p50_ns", OPTIONAL),
		.p99_ns = decode_number_of(decoder, object, "p99_ns", OPTIONAL),
	};
}

static int decode_summary(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *loops = decode_value_of(&decoder, line, "loops", JSON_ARRAY, REQUIRED);
	json_t *lost = decode_value_of(&decoder, line, "lost", JSON_OBJECT, OPTIONAL), *value;
	size_t nr_loops = json_array_size(loops);
	__freeing struct loop_summary *own_loops = calloc(nr_loops + 1, sizeof(own_loops[0]));
	__freeing struct loss_count *own_lost =
		calloc(json_object_size(lost) + 1, sizeof(own_lost[0]));
	struct summary_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.duration_ns = decode_number_of(&decoder, line, "duration_ns", REQUIRED),
		.loops = own_loops,
		.nr_loops = nr_loops,
		.lost = own_lost,
		.command_status = -1,
	};
	const char *key;

	if (!own_loops || !own_lost)
		return -ENOMEM;
	for (size_t i = 0; i < nr_loops; i++)
		own_loops[i] = loop_summary_of(&decoder, json_array_get(loops, i));
	json_object_foreach (lost, key, value) {
		own_lost[record.nr_lost].name = key;
		own_lost[record.nr_lost++].count = decode_number_of(&decoder, lost, key, REQUIRED);
	}
	record.unmatched = decode_number_of(&decoder, line, "unmatched", OPTIONAL);
	if (json_object_get(line, "command_status"))
		record.command_status = (int)decode_bounded(
			&decoder, decode_number_of(&decoder, line, "command_status", REQUIRED),
			INT_MAX);
	if (!decoder.error && reader->summary)
		reader->summary(reader->context, &record);
	return decoder.error;
}

static struct note_call call_of(struct decoder *decoder, json_t *object)
{
	const char *fn = decode_string_of(decoder, object, "fn", OPTIONAL);

	return (struct note_call){
		.fn = fn ? fn : "[unknown]",
		.file = decode_string_of(decoder, object, "file", OPTIONAL),
		.line = (unsigned int)decode_bounded(
			decoder, decode_number_of(decoder, object, "line", OPTIONAL), UINT_MAX),
		.host = decode_string_of(decoder, object, "host", OPTIONAL),
		.workers = decode_number_of(decoder, object, "workers", OPTIONAL),
	};
}

static int decode_note(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	const char *kind = decode_string_of(&decoder, line, "note", REQUIRED);
	json_t *calls = decode_value_of(&decoder, line, "calls", JSON_ARRAY, OPTIONAL);
	struct note_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.kind = kind ? note_kind_parse(kind) : NOTE_KIND_NR,
		.pid = decode_pid_of(&decoder, line, "pid", REQUIRED),
		.duration_ns = decode_number_of(&decoder, line, "duration_ns", OPTIONAL),
		.workers = decode_number_of(&decoder, line, "workers", OPTIONAL),
		.waiting = decode_number_of(&decoder, line, "waiting", OPTIONAL),
		.from = decode_number_of(&decoder, line, "from", OPTIONAL),
		.to = decode_number_of(&decoder, line, "to", OPTIONAL),
	};

	decode_comm_of(&decoder, line, record.comm);
	while (record.nr_calls < json_array_size(calls) && record.nr_calls < NOTE_CALLS_MAX) {
		record.calls[record.nr_calls] =
			call_of(&decoder, json_array_get(calls, record.nr_calls));
		record.nr_calls++;
	}
	/* a later version may know more of them */
	if (!decoder.error && record.kind == NOTE_KIND_NR)
		return -ENOTSUP;
	if (!decoder.error && reader->note)
		reader->note(reader->context, &record);
	return decoder.error;
}

int decode_record(json_t *line, const struct recording_reader *reader)
{
	static const struct {
		const char *type;
		int (*decode)(json_t *line, const struct recording_reader *reader);
	} types[] = {
		{ "start", decode_start }, { "loop", decode_loop },
		{ "stall", decode_stall }, { "blocked", decode_blocked },
		{ "exit", decode_exit },   { "summary", decode_summary },
		{ "note", decode_note },
	};
	const char *type = json_string_value(json_object_get(line, "type"));

	if (!type)
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].type, type) == 0)
			return types[i].decode(line, reader);
	return -ENOTSUP;
}
