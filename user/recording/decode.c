// SPDX-License-Identifier: GPL-2.0-or-later
/* decode.c - which keys of a line become which fields of a record; the line may be of any origin. */
#include "recording/decode.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "recording/decode_slice.h"
#include "recording/impact.h"

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

/* Of no country's it is more than a day. */
static struct zone zone_of(struct decoder *decoder, json_t *line)
{
	json_t *value = decode_value_of(decoder, line, "utc_offset_s", JSON_INTEGER, OPTIONAL);
	json_int_t offset = json_integer_value(value);

	if (!value || offset < -86400 || offset > 86400)
		return (struct zone){ 0 };
	return (struct zone){ .known = true, .utc_offset_s = (int32_t)offset };
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
		.boot_ns = decode_number_of(&decoder, line, "boot_ns", OPTIONAL),
		.zone = zone_of(&decoder, line),
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

#define SOURCE_FDS_MAX 64

/* fds: room for SOURCE_FDS_MAX, to which the source points then. */
static struct source decode_source(struct decoder *decoder, json_t *line, int *fds)
{
	json_t *object = decode_value_of(decoder, line, "source", JSON_OBJECT, OPTIONAL), *values;
	struct source source = { .fds = fds };

	if (!object)
		return source;
	source.kind = decode_string_of(decoder, object, "kind", OPTIONAL);
	values = decode_value_of(decoder, object, "fds", JSON_ARRAY, OPTIONAL);
	while (source.nr_fds < json_array_size(values) && source.nr_fds < SOURCE_FDS_MAX) {
		json_int_t fd = json_integer_value(json_array_get(values, source.nr_fds));

		if (fd < 0 || fd > INT_MAX)
			decode_fail(decoder, -EBADMSG);
		fds[source.nr_fds++] = (int)fd;
	}
	return source;
}

static int decode_loop(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *wait = decode_value_of(&decoder, line, "wait", JSON_OBJECT, OPTIONAL);
	int fds[SOURCE_FDS_MAX];
	struct loop_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.id = decode_thread_of(&decoder, line),
		.exe = decode_string_of(&decoder, line, "exe", OPTIONAL),
		.runtime_version = decode_string_of(&decoder, line, "runtime_version", OPTIONAL),
		.wait_fd = -1,
		.source = decode_source(&decoder, line, fds),
		.cgroup = decode_string_of(&decoder, line, "cgroup", OPTIONAL),
		.unit = decode_string_of(&decoder, line, "unit", OPTIONAL),
		.container = decode_string_of(&decoder, line, "container", OPTIONAL),
		.container_name = decode_string_of(&decoder, line, "container_name", OPTIONAL),
		.pod = decode_string_of(&decoder, line, "pod", OPTIONAL),
		.namespace = decode_string_of(&decoder, line, "namespace", OPTIONAL),
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

/* A word of a later version is a doubt, too. */
static enum doubt doubt_of(struct decoder *decoder, json_t *line)
{
	const char *name = decode_string_of(decoder, line, "doubt", OPTIONAL);
	enum doubt doubt = name ? doubt_parse(name) : DOUBT_NONE;

	return doubt == DOUBT_NR ? DOUBT_OTHER : doubt;
}

/* The turn's own name, which has room for size bytes. */
static void decode_turn(struct decoder *decoder, json_t *line, char *turn, size_t size)
{
	const char *name = decode_string_of(decoder, line, "turn", REQUIRED);

	if (name && strlen(name) < size)
		memcpy(turn, name, strlen(name) + 1);
	else
		decode_fail(decoder, -EBADMSG);
}

static int decode_stall(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *ledger = decode_value_of(&decoder, line, "ledger", JSON_OBJECT, OPTIONAL);
	struct stall_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.ongoing = decode_bool_of(&decoder, line, "ongoing", REQUIRED),
		.at_end = decode_bool_of(&decoder, line, "at_end", OPTIONAL),
		.doubt = doubt_of(&decoder, line),
		.id = decode_thread_of(&decoder, line),
		.duration_ns = decode_number_of(&decoder, line, "duration_ns", REQUIRED),
		.before_attach = decode_bool_of(&decoder, line, "before_attach", OPTIONAL),
		.nested_ns = decode_number_of(&decoder, line, "nested_ns", OPTIONAL),
		.delayed_events = -1,
		.impact = decode_impact_of(&decoder, line),
		.cause = decode_cause_of(&decoder, line),
		.advice = decode_string_of(&decoder, line, "advice", OPTIONAL),
	};

	if (json_object_get(line, "delayed_events"))
		record.delayed_events =
			(int64_t)decode_number_of(&decoder, line, "delayed_events", REQUIRED);
	if (ledger)
		record.ledger = ledger_of(&decoder, ledger);
	decode_turn(&decoder, line, record.turn, sizeof(record.turn));
	decode_slices(&decoder, line, record.mono_ns, &record.slices);
	if (!decoder.error && reader->stall)
		reader->stall(reader->context, &record);
	slices_free(&record.slices);
	return decoder.error;
}

static int decode_withdrawn(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	struct withdrawn_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.id = decode_thread_of(&decoder, line),
		.reason = decode_string_of(&decoder, line, "reason", REQUIRED),
	};

	decode_turn(&decoder, line, record.turn, sizeof(record.turn));
	if (!decoder.error && reader->withdrawn)
		reader->withdrawn(reader->context, &record);
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

	decode_slices(&decoder, line, 0, &record.slices);
	if (!decoder.error && reader->blocked)
		reader->blocked(reader->context, &record);
	slices_free(&record.slices);
	return decoder.error;
}

/* The caller frees them; their names are the object's. NULL: no memory. */
static struct name_count *decode_counts(struct decoder *decoder, json_t *object, size_t *nr)
{
	struct name_count *counts = calloc(json_object_size(object) + 1, sizeof(counts[0]));
	const char *key;
	json_t *value;

	if (!counts)
		return NULL;
	json_object_foreach (object, key, value)
		counts[(*nr)++] = (struct name_count){
			.name = key,
			.count = decode_number_of(decoder, object, key, REQUIRED),
		};
	return counts;
}

static void read_causes(struct decoder *decoder, json_t *object, uint64_t by_cause_ns[CAUSE_NR])
{
	const char *key;
	json_t *value;

	json_object_foreach (object, key, value) {
		enum cause cause = cause_parse(key);
		uint64_t *ns = &by_cause_ns[cause == CAUSE_NR ? CAUSE_OTHER : cause];

		*ns = add_saturated(*ns, decode_number_of(decoder, object, key, REQUIRED));
	}
}

/* Buckets that only a later version knows are left out. */
static void read_buckets(struct decoder *decoder, json_t *array, uint64_t buckets[SECOND_BUCKETS])
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		uint64_t upper_ns, count;
		unsigned int bucket;

		if (!decode_pair(decoder, json_array_get(array, i), &upper_ns, &count))
			return;
		bucket = second_bucket(upper_ns);
		if (bucket < SECOND_BUCKETS)
			buckets[bucket] = add_saturated(buckets[bucket], count);
	}
}

static int decode_second(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *ledger = decode_value_of(&decoder, line, "ledger", JSON_OBJECT, OPTIONAL);
	json_t *lost = decode_value_of(&decoder, line, "lost", JSON_OBJECT, OPTIONAL);
	struct second_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.id = decode_thread_of(&decoder, line),
		.turns = decode_number_of(&decoder, line, "turns", REQUIRED),
		.longest_ns = decode_number_of(&decoder, line, "longest_ns", OPTIONAL),
		.idle_ns = decode_number_of(&decoder, line, "idle_ns", REQUIRED),
		.delayed_events = decode_number_of(&decoder, line, "delayed_events", OPTIONAL),
	};
	__freeing struct name_count *own_lost = decode_counts(&decoder, lost, &record.nr_lost);

	record.lost = own_lost;
	if (ledger)
		record.ledger = ledger_of(&decoder, ledger);
	read_causes(&decoder, decode_value_of(&decoder, line, "by_cause", JSON_OBJECT, OPTIONAL),
		    record.by_cause_ns);
	read_buckets(&decoder, decode_value_of(&decoder, line, "histogram", JSON_ARRAY, OPTIONAL),
		     record.buckets);
	if (!decoder.error && reader->second)
		reader->second(reader->context, &record);
	return decoder.error;
}

static int decode_exit(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	struct exit_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.pid = decode_pid_of(&decoder, line, "pid", REQUIRED),
		.status = EXIT_STATUS_UNKNOWN,
	};

	if (json_object_get(line, "status"))
		record.status = (int)decode_bounded(
			&decoder, decode_number_of(&decoder, line, "status", REQUIRED), INT_MAX);

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
		.doubtful = decode_number_of(decoder, object, "doubtful", OPTIONAL),
		.longest_ns = decode_number_of(decoder, object, "longest_ns", OPTIONAL),
		.p50_ns = decode_number_of(decoder, object, "p50_ns", OPTIONAL),
		.p99_ns = decode_number_of(decoder, object, "p99_ns", OPTIONAL),
	};
}

/* Into counts, which has room for all of them; how many there are. */
static size_t decode_discarded(struct decoder *decoder, json_t *discarded,
			       struct discard_count *counts)
{
	size_t nr = 0;
	const char *key;
	json_t *value;

	json_object_foreach (discarded, key, value)
		counts[nr++] = (struct discard_count){
			.name = key,
			.count = decode_number_of(decoder, value, "count", REQUIRED),
			.longest_ns = decode_number_of(decoder, value, "longest_ns", REQUIRED),
		};
	return nr;
}

static int decode_summary(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *loops = decode_value_of(&decoder, line, "loops", JSON_ARRAY, REQUIRED);
	json_t *lost = decode_value_of(&decoder, line, "lost", JSON_OBJECT, OPTIONAL);
	json_t *discarded = decode_value_of(&decoder, line, "discarded", JSON_OBJECT, OPTIONAL);
	json_t *ignored = decode_value_of(&decoder, line, "ignored", JSON_OBJECT, OPTIONAL);
	json_t *blind = decode_value_of(&decoder, line, "blind", JSON_OBJECT, OPTIONAL);
	size_t nr_loops = json_array_size(loops), nr_lost = 0, nr_ignored = 0, nr_blind = 0;
	__freeing struct name_count *own_lost = decode_counts(&decoder, lost, &nr_lost);
	__freeing struct name_count *own_ignored = decode_counts(&decoder, ignored, &nr_ignored);
	__freeing struct name_count *own_blind = decode_counts(&decoder, blind, &nr_blind);
	__freeing struct discard_count *own_discarded =
		calloc(json_object_size(discarded) + 1, sizeof(own_discarded[0]));
	__freeing struct loop_summary *own_loops = calloc(nr_loops + 1, sizeof(own_loops[0]));
	struct summary_record record = {
		.mono_ns = decode_number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.duration_ns = decode_number_of(&decoder, line, "duration_ns", REQUIRED),
		.loops = own_loops,
		.nr_loops = nr_loops,
		.lost = own_lost,
		.nr_lost = nr_lost,
		.discarded = own_discarded,
		.ignored = own_ignored,
		.nr_ignored = nr_ignored,
		.blind = own_blind,
		.nr_blind = nr_blind,
		.command_status = -1,
	};

	if (!own_loops || !own_lost || !own_discarded || !own_ignored || !own_blind)
		return -ENOMEM;
	for (size_t i = 0; i < nr_loops; i++)
		own_loops[i] = loop_summary_of(&decoder, json_array_get(loops, i));
	record.nr_discarded = decode_discarded(&decoder, discarded, own_discarded);
	record.unmatched = decode_number_of(&decoder, line, "unmatched", OPTIONAL);
	record.switches_unseen = decode_number_of(&decoder, line, "switches_unseen", OPTIONAL);
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
		.pool = decode_string_of(&decoder, line, "pool", OPTIONAL),
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
		{ "start", decode_start },     { "loop", decode_loop },
		{ "stall", decode_stall },     { "withdrawn", decode_withdrawn },
		{ "blocked", decode_blocked }, { "second", decode_second },
		{ "exit", decode_exit },       { "summary", decode_summary },
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
