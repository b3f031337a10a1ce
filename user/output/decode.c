/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.c - JSON objects back into records: what json.c wrote, or someone else. */
#include "output/decode.h"

#include "output/escape.h"
#include "output/timestamp.h"
#include "proc/cleanup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* In one record; stack_new() cuts stacks at the same number. */
#define MAX_SLICES 65536
#define MAX_FRAMES 1024

enum need { OPTIONAL, REQUIRED };

/* What goes wrong is kept: the first -errno of a record. */
struct decoder {
	int error;
};

static void fail(struct decoder *decoder, int err)
{
	if (!decoder->error)
		decoder->error = err;
}

/* NULL: not there. */
static json_t *value_of(struct decoder *decoder, json_t *object, const char *key, json_type type,
			enum need need)
{
	json_t *value = json_object_get(object, key);

	if (value && json_typeof(value) == type)
		return value;
	if (value || need == REQUIRED)
		fail(decoder, -EBADMSG);
	return NULL;
}

static const char *string_of(struct decoder *decoder, json_t *object, const char *key,
			     enum need need)
{
	return json_string_value(value_of(decoder, object, key, JSON_STRING, need));
}

/* A copy that a slice or target owns. */
static char *own_string(struct decoder *decoder, json_t *object, const char *key)
{
	const char *s = string_of(decoder, object, key, OPTIONAL);
	char *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		fail(decoder, -ENOMEM);
	return copy;
}

static uint64_t number_within(struct decoder *decoder, json_t *object, const char *key,
			      enum need need, uint64_t most)
{
	json_t *value = value_of(decoder, object, key, JSON_INTEGER, need);
	json_int_t number = json_integer_value(value);

	if (number < 0 || (uint64_t)number > most) {
		fail(decoder, -EBADMSG);
		return 0;
	}
	return (uint64_t)number;
}

static uint64_t number_of(struct decoder *decoder, json_t *object, const char *key, enum need need)
{
	return number_within(decoder, object, key, need, INT64_MAX);
}

static pid_t pid_of(struct decoder *decoder, json_t *object, const char *key, enum need need)
{
	return (pid_t)number_within(decoder, object, key, need, INT_MAX);
}

static bool bool_of(struct decoder *decoder, json_t *object, const char *key, enum need need)
{
	json_t *value = json_object_get(object, key);

	if (value ? !json_is_boolean(value) : need == REQUIRED)
		fail(decoder, -EBADMSG);
	return json_is_true(value);
}

static void comm_of(struct decoder *decoder, json_t *object, char comm[16])
{
	const char *s = string_of(decoder, object, "comm", OPTIONAL);

	unescape_invalid(s ? s : "", comm, 16);
}

/* The strings of an id belong to the JSON object: whoever gets the record copies. */
static struct thread_id thread_of(struct decoder *decoder, json_t *object)
{
	struct thread_id id = {
		.pid = pid_of(decoder, object, "pid", REQUIRED),
		.tid = pid_of(decoder, object, "tid", REQUIRED),
		.runtime = (char *)string_of(decoder, object, "runtime", OPTIONAL),
	};

	comm_of(decoder, object, id.comm);
	return id;
}

static enum cause cause_of(struct decoder *decoder, json_t *object)
{
	const char *name = string_of(decoder, object, "cause", REQUIRED);
	enum cause cause = name ? cause_parse(name) : CAUSE_OTHER;

	/* A later version may know more of them. */
	return cause == CAUSE_NR ? CAUSE_OTHER : cause;
}

static struct frame frame_of(struct decoder *decoder, json_t *object)
{
	const char *fn = string_of(decoder, object, "fn", OPTIONAL);
	const char *kind = string_of(decoder, object, "kind", OPTIONAL);
	const char *by = string_of(decoder, object, "by", OPTIONAL);
	struct frame frame = {
		.kind = kind ? frame_kind_parse(kind) : FRAME_NATIVE,
		.fn = fn ? fn : "[unknown]",
		.file = string_of(decoder, object, "file", OPTIONAL),
		.module = string_of(decoder, object, "module", OPTIONAL),
		.line = (unsigned int)number_within(decoder, object, "line", OPTIONAL, UINT_MAX),
		.inlined = bool_of(decoder, object, "inlined", OPTIONAL),
		.by_frame_pointer = by && !strcmp(by, "frame_pointer"),
	};

	if (frame.kind == FRAME_KIND_NR)
		frame.kind = FRAME_NATIVE;
	return frame;
}

static struct stack *stack_of(struct decoder *decoder, json_t *object)
{
	json_t *array = value_of(decoder, object, "stack", JSON_ARRAY, OPTIONAL);
	bool cut = bool_of(decoder, object, "stack_cut", OPTIONAL);
	size_t nr = json_array_size(array);
	__freeing struct frame *frames = NULL;
	struct stack *stack;

	if (!nr)
		return NULL;
	if (nr > MAX_FRAMES) {
		nr = MAX_FRAMES;
		cut = true;
	}
	frames = calloc(nr, sizeof(frames[0]));
	for (size_t i = 0; frames && i < nr; i++)
		frames[i] = frame_of(decoder, json_array_get(array, i));
	stack = frames ? stack_new(frames, nr, cut) : NULL;
	if (!stack)
		fail(decoder, -ENOMEM);
	return stack;
}

static uint64_t addr_of(struct decoder *decoder, json_t *object)
{
	const char *text = string_of(decoder, object, "addr", OPTIONAL);
	uint64_t addr;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	addr = strtoull(text, &end, 16);
	if (errno || end == text || *end)
		fail(decoder, -EBADMSG);
	return addr;
}

static void read_target(struct decoder *decoder, json_t *slice, struct target *target)
{
	json_t *object = value_of(decoder, slice, "target", JSON_OBJECT, OPTIONAL);
	const char *kind;

	if (!object)
		return;
	kind = string_of(decoder, object, "kind", REQUIRED);
	target->kind = kind ? target_kind_parse(kind) : TARGET_NONE;
	if (target->kind == TARGET_KIND_NR)
		target->kind = TARGET_NONE;
	target->path = own_string(decoder, object, "path");
	target->proto = own_string(decoder, object, "proto");
	target->local = own_string(decoder, object, "local");
	target->peer = own_string(decoder, object, "peer");
	target->peer_pid = pid_of(decoder, object, "peer_pid", OPTIONAL);
	target->peer_comm = own_string(decoder, object, "peer_comm");
	target->addr = addr_of(decoder, object);
	target->pid = pid_of(decoder, object, "pid", OPTIONAL);
	target->comm = own_string(decoder, object, "comm");
	target->name = own_string(decoder, object, "name");
	target->server = own_string(decoder, object, "server");
}

static void read_party(struct decoder *decoder, json_t *slice, const char *key, struct party *party)
{
	json_t *object = value_of(decoder, slice, key, JSON_OBJECT, OPTIONAL);

	if (!object)
		return;
	party->pid = pid_of(decoder, object, "pid", REQUIRED);
	party->tid = pid_of(decoder, object, "tid", OPTIONAL);
	comm_of(decoder, object, party->comm);
	party->stack = stack_of(decoder, object);
}

static void read_culprits(struct decoder *decoder, json_t *object, unsigned int depth,
			  struct culprits *culprits);

static void read_culprit(struct decoder *decoder, json_t *object, unsigned int depth,
			 struct culprit *culprit)
{
	const char *kind = string_of(decoder, object, "kind", REQUIRED);

	culprit->kind = kind ? culprit_kind_parse(kind) : CULPRIT_PEER;
	culprit->pid = pid_of(decoder, object, "pid", OPTIONAL);
	culprit->tid = pid_of(decoder, object, "tid", OPTIONAL);
	comm_of(decoder, object, culprit->comm);
	culprit->ns = number_of(decoder, object, "ns", OPTIONAL);
	culprit->cycle = bool_of(decoder, object, "cycle", OPTIONAL);
	culprit->told = json_object_get(object, "cause") != NULL;
	if (culprit->told)
		culprit->cause = cause_of(decoder, object);
	culprit->idle = bool_of(decoder, object, "idle", OPTIONAL);
	culprit->syscall = own_string(decoder, object, "syscall");
	read_target(decoder, object, &culprit->target);
	culprit->stack = stack_of(decoder, object);
	culprit->cgroup = own_string(decoder, object, "cgroup");
	culprit->quota_ns = number_of(decoder, object, "quota_ns", OPTIONAL);
	culprit->period_ns = number_of(decoder, object, "period_ns", OPTIONAL);
	if (depth + 1 < CULPRITS_DEPTH)
		read_culprits(decoder, object, depth + 1, &culprit->culprits);
}

/* Of a later version's kinds nothing can be said. */
static void read_culprits(struct decoder *decoder, json_t *object, unsigned int depth,
			  struct culprits *culprits)
{
	json_t *array = value_of(decoder, object, "culprits", JSON_ARRAY, OPTIONAL);

	for (size_t i = 0; i < json_array_size(array) && !decoder->error; i++) {
		struct culprit culprit = { 0 };

		read_culprit(decoder, json_array_get(array, i), depth, &culprit);
		if (culprit.kind == CULPRIT_KIND_NR)
			culprit_clear(&culprit);
		else if (culprits_add(culprits, &culprit))
			fail(decoder, -ENOMEM);
	}
}

static void read_slice(struct decoder *decoder, json_t *object, struct slice *slice)
{
	json_t *task = value_of(decoder, object, "task", JSON_OBJECT, OPTIONAL);

	slice->cause = cause_of(decoder, object);
	slice->syscall = own_string(decoder, object, "syscall");
	slice->ns = number_of(decoder, object, "ns", REQUIRED);
	slice->count = number_of(decoder, object, "count", OPTIONAL);
	slice->max_ns = number_of(decoder, object, "max_ns", OPTIONAL);
	read_target(decoder, object, &slice->target);
	read_party(decoder, object, "waker", &slice->waker);
	read_party(decoder, object, "holder", &slice->holder);
	read_culprits(decoder, object, 0, &slice->culprits);
	if (task) {
		slice->task_name = own_string(decoder, task, "name");
		slice->task_coro = own_string(decoder, task, "coro");
	}
	slice->stack = stack_of(decoder, object);
}

/* As they are in the record, in its order: nothing is merged. */
static void read_slices(struct decoder *decoder, json_t *record, struct slices *slices)
{
	json_t *array = value_of(decoder, record, "slices", JSON_ARRAY, REQUIRED);
	size_t nr = json_array_size(array);

	if (nr > MAX_SLICES)
		fail(decoder, -EBADMSG);
	if (!nr || decoder->error)
		return;
	slices->v = calloc(nr, sizeof(slices->v[0]));
	if (!slices->v) {
		fail(decoder, -ENOMEM);
		return;
	}
	slices->capacity = nr;
	while (slices->nr < nr && !decoder->error) {
		json_t *object = json_array_get(array, slices->nr);

		read_slice(decoder, object, &slices->v[slices->nr++]);
	}
}

static struct ledger ledger_of(struct decoder *decoder, json_t *object)
{
	return (struct ledger){
		.cpu_ns = number_of(decoder, object, "cpu_ns", OPTIONAL),
		.runqueue_ns = number_of(decoder, object, "runqueue_ns", OPTIONAL),
		.throttled_ns = number_of(decoder, object, "throttled_ns", OPTIONAL),
		.blocked_ns = number_of(decoder, object, "blocked_ns", OPTIONAL),
		.unknown_ns = number_of(decoder, object, "unknown_ns", OPTIONAL),
	};
}

static uint64_t time_of(struct decoder *decoder, json_t *record)
{
	const char *text = string_of(decoder, record, "time", REQUIRED);
	uint64_t time_ns = 0;

	if (text && timestamp_parse(text, &time_ns))
		fail(decoder, -EBADMSG);
	return time_ns;
}

/* What the system was filtered by: {kind, what was given}, as many as are counted in nr. */
static int decode_only(json_t *scope, const char *(**out)[2], size_t *nr)
{
	static const char *const kinds[] = { "comm", "unit", "cgroup" };
	const char *(*only)[2];
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
			only[*nr][0] = kinds[kind];
			only[(*nr)++][1] = json_string_value(value);
		}
	}
	return 0;
}

static int decode_start(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *scope = value_of(&decoder, line, "scope", JSON_OBJECT, OPTIONAL);
	json_t *pids = scope ? value_of(&decoder, scope, "pids", JSON_ARRAY, OPTIONAL) : NULL;
	json_t *features = value_of(&decoder, line, "features", JSON_OBJECT, OPTIONAL), *value;
	size_t nr_pids = json_array_size(pids), nr_features = json_object_size(features);
	__freeing pid_t *own_pids = calloc(nr_pids + 1, sizeof(own_pids[0]));
	__freeing const char *(*own_features)[2] = calloc(nr_features + 1, sizeof(own_features[0]));
	__freeing const char *(*only)[2] = NULL;
	struct start_record record = {
		.mono_ns = number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.version = string_of(&decoder, line, "version", OPTIONAL),
		.host = string_of(&decoder, line, "host", OPTIONAL),
		.kernel = string_of(&decoder, line, "kernel", OPTIONAL),
		.threshold_ns = number_of(&decoder, line, "threshold_ns", OPTIONAL),
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
		own_features[record.nr_features][0] = key;
		own_features[record.nr_features++][1] = json_string_value(value);
	}
	if (!decoder.error && reader->start)
		reader->start(reader->context, &record);
	return decoder.error;
}

static int decode_loop(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *wait = value_of(&decoder, line, "wait", JSON_OBJECT, OPTIONAL);
	struct loop_record record = {
		.mono_ns = number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.id = thread_of(&decoder, line),
		.exe = string_of(&decoder, line, "exe", OPTIONAL),
		.runtime_version = string_of(&decoder, line, "runtime_version", OPTIONAL),
		.wait_fd = -1,
		.cgroup = string_of(&decoder, line, "cgroup", OPTIONAL),
		.unit = string_of(&decoder, line, "unit", OPTIONAL),
		.container = string_of(&decoder, line, "container", OPTIONAL),
	};

	if (wait) {
		record.wait_syscall = string_of(&decoder, wait, "syscall", OPTIONAL);
		if (json_object_get(wait, "fd"))
			record.wait_fd = pid_of(&decoder, wait, "fd", REQUIRED);
	}
	if (!decoder.error && reader->loop)
		reader->loop(reader->context, &record);
	return decoder.error;
}

static int decode_stall(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *ledger = value_of(&decoder, line, "ledger", JSON_OBJECT, OPTIONAL);
	const char *turn = string_of(&decoder, line, "turn", REQUIRED);
	struct stall_record record = {
		.mono_ns = number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.ongoing = bool_of(&decoder, line, "ongoing", REQUIRED),
		.id = thread_of(&decoder, line),
		.duration_ns = number_of(&decoder, line, "duration_ns", REQUIRED),
		.before_attach = bool_of(&decoder, line, "before_attach", OPTIONAL),
		.delayed_events = -1,
		.cause = cause_of(&decoder, line),
	};

	if (json_object_get(line, "delayed_events"))
		record.delayed_events =
			(int64_t)number_of(&decoder, line, "delayed_events", REQUIRED);
	if (ledger)
		record.ledger = ledger_of(&decoder, ledger);
	if (turn && strlen(turn) < sizeof(record.turn))
		memcpy(record.turn, turn, strlen(turn) + 1);
	else
		fail(&decoder, -EBADMSG);
	read_slices(&decoder, line, &record.slices);
	if (!decoder.error && reader->stall)
		reader->stall(reader->context, &record);
	slices_free(&record.slices);
	return decoder.error;
}

static int decode_blocked(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	struct blocked_record record = {
		.mono_ns = number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.id = thread_of(&decoder, line),
	};

	read_slices(&decoder, line, &record.slices);
	if (!decoder.error && reader->blocked)
		reader->blocked(reader->context, &record);
	slices_free(&record.slices);
	return decoder.error;
}

static int decode_exit(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	struct exit_record record = {
		.mono_ns = number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.pid = pid_of(&decoder, line, "pid", REQUIRED),
		.status = (int)number_within(&decoder, line, "status", REQUIRED, INT_MAX),
	};

	if (!decoder.error && reader->exit)
		reader->exit(reader->context, &record);
	return decoder.error;
}

static struct loop_summary loop_summary_of(struct decoder *decoder, json_t *object)
{
	return (struct loop_summary){
		.id = thread_of(decoder, object),
		.turns = number_of(decoder, object, "turns", OPTIONAL),
		.wall_ns = number_of(decoder, object, "wall_ns", OPTIONAL),
		.idle_ns = number_of(decoder, object, "idle_ns", OPTIONAL),
		.ledger = ledger_of(decoder, object),
		.stalls = number_of(decoder, object, "stalls", OPTIONAL),
		.longest_ns = number_of(decoder, object, "longest_ns", OPTIONAL),
		.p50_ns = number_of(decoder, object, "p50_ns", OPTIONAL),
		.p99_ns = number_of(decoder, object, "p99_ns", OPTIONAL),
	};
}

static int decode_summary(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	json_t *loops = value_of(&decoder, line, "loops", JSON_ARRAY, REQUIRED);
	json_t *lost = value_of(&decoder, line, "lost", JSON_OBJECT, OPTIONAL), *value;
	size_t nr_loops = json_array_size(loops);
	__freeing struct loop_summary *own_loops = calloc(nr_loops + 1, sizeof(own_loops[0]));
	__freeing struct loss *own_lost = calloc(json_object_size(lost) + 1, sizeof(own_lost[0]));
	struct summary_record record = {
		.mono_ns = number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.duration_ns = number_of(&decoder, line, "duration_ns", REQUIRED),
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
		own_lost[record.nr_lost++].count = number_of(&decoder, lost, key, REQUIRED);
	}
	record.unmatched = number_of(&decoder, line, "unmatched", OPTIONAL);
	if (json_object_get(line, "command_status"))
		record.command_status =
			(int)number_within(&decoder, line, "command_status", REQUIRED, INT_MAX);
	if (!decoder.error && reader->summary)
		reader->summary(reader->context, &record);
	return decoder.error;
}

static struct note_call call_of(struct decoder *decoder, json_t *object)
{
	const char *fn = string_of(decoder, object, "fn", OPTIONAL);

	return (struct note_call){
		.fn = fn ? fn : "[unknown]",
		.file = string_of(decoder, object, "file", OPTIONAL),
		.line = (unsigned int)number_within(decoder, object, "line", OPTIONAL, UINT_MAX),
		.host = string_of(decoder, object, "host", OPTIONAL),
		.workers = number_of(decoder, object, "workers", OPTIONAL),
	};
}

static int decode_note(json_t *line, const struct recording_reader *reader)
{
	struct decoder decoder = { 0 };
	const char *kind = string_of(&decoder, line, "note", REQUIRED);
	json_t *calls = value_of(&decoder, line, "calls", JSON_ARRAY, OPTIONAL);
	struct note_record record = {
		.mono_ns = number_of(&decoder, line, "mono_ns", REQUIRED),
		.time_ns = time_of(&decoder, line),
		.kind = kind ? note_kind_parse(kind) : NOTE_KIND_NR,
		.pid = pid_of(&decoder, line, "pid", REQUIRED),
		.duration_ns = number_of(&decoder, line, "duration_ns", OPTIONAL),
		.workers = number_of(&decoder, line, "workers", OPTIONAL),
		.waiting = number_of(&decoder, line, "waiting", OPTIONAL),
		.from = number_of(&decoder, line, "from", OPTIONAL),
		.to = number_of(&decoder, line, "to", OPTIONAL),
	};

	comm_of(&decoder, line, record.comm);
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
