// SPDX-License-Identifier: GPL-2.0-or-later
/* decode_slice.c - slices, and the stacks, targets, parties and culprits in them, out of JSON of any origin. */
#include "recording/decode_slice.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"

/* Of one record, and of one stack; stack_new() cuts at the same number. */
#define MAX_SLICES 65536
#define MAX_FRAMES 1024

enum cause decode_cause_of(struct decoder *decoder, json_t *object)
{
	const char *name = decode_string_of(decoder, object, "cause", REQUIRED);
	enum cause cause = name ? cause_parse(name) : CAUSE_OTHER;

	/* A later version may know more of them. */
	return cause == CAUSE_NR ? CAUSE_OTHER : cause;
}

static struct frame frame_of(struct decoder *decoder, json_t *object)
{
	const char *fn = decode_string_of(decoder, object, "fn", OPTIONAL);
	const char *kind = decode_string_of(decoder, object, "kind", OPTIONAL);
	const char *by = decode_string_of(decoder, object, "by", OPTIONAL);
	struct frame frame = {
		.kind = kind ? frame_kind_parse(kind) : FRAME_NATIVE,
		.fn = fn ? fn : "[unknown]",
		.file = decode_string_of(decoder, object, "file", OPTIONAL),
		.module = decode_string_of(decoder, object, "module", OPTIONAL),
		.line = (unsigned int)decode_bounded(
			decoder, decode_number_of(decoder, object, "line", OPTIONAL), UINT_MAX),
		.build_id = decode_string_of(decoder, object, "build_id", OPTIONAL),
		.offset = decode_number_of(decoder, object, "offset", OPTIONAL),
		.inlined = decode_bool_of(decoder, object, "inlined", OPTIONAL),
		.by_frame_pointer = by && !strcmp(by, "frame_pointer"),
	};

	if (frame.kind == FRAME_KIND_NR)
		frame.kind = FRAME_NATIVE;
	return frame;
}

static struct stack *stack_of(struct decoder *decoder, json_t *object)
{
	json_t *array = decode_value_of(decoder, object, "stack", JSON_ARRAY, OPTIONAL);
	bool cut = decode_bool_of(decoder, object, "stack_cut", OPTIONAL);
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
		decode_fail(decoder, -ENOMEM);
	return stack;
}

static uint64_t addr_of(struct decoder *decoder, json_t *object, const char *key)
{
	const char *text = decode_string_of(decoder, object, key, OPTIONAL);
	uint64_t addr;
	char *end;

	if (!text)
		return 0;
	errno = 0;
	addr = strtoull(text, &end, 16);
	if (errno || end == text || *end)
		decode_fail(decoder, -EBADMSG);
	return addr;
}

static void read_target(struct decoder *decoder, json_t *slice, struct target *target)
{
	json_t *object = decode_value_of(decoder, slice, "target", JSON_OBJECT, OPTIONAL);
	const char *kind;

	if (!object)
		return;
	kind = decode_string_of(decoder, object, "kind", REQUIRED);
	target->kind = kind ? target_kind_parse(kind) : TARGET_NONE;
	if (target->kind == TARGET_KIND_NR)
		target->kind = TARGET_NONE;
	for (size_t i = 0; i < TARGET_FIELDS; i++) {
		const struct target_field *field = &target_fields[i];

		switch (field->type) {
		case TARGET_STRING:
			*(char **)target_at(target, field) =
				decode_own_string(decoder, object, field->name);
			break;
		case TARGET_PID:
			*(pid_t *)target_at(target, field) =
				decode_pid_of(decoder, object, field->name, OPTIONAL);
			break;
		case TARGET_ADDR:
			target->addr = addr_of(decoder, object, field->name);
		}
	}
}

static void read_party(struct decoder *decoder, json_t *slice, const char *key, struct party *party)
{
	json_t *object = decode_value_of(decoder, slice, key, JSON_OBJECT, OPTIONAL);

	if (!object)
		return;
	party->pid = decode_pid_of(decoder, object, "pid", REQUIRED);
	party->tid = decode_pid_of(decoder, object, "tid", OPTIONAL);
	decode_comm_of(decoder, object, party->comm);
	party->collects = decode_bool_of(decoder, object, "gc", OPTIONAL);
	party->stack = stack_of(decoder, object);
}

static void read_culprits(struct decoder *decoder, json_t *object, unsigned int depth,
			  struct culprits *culprits);

static void read_culprit(struct decoder *decoder, json_t *object, unsigned int depth,
			 struct culprit *culprit)
{
	const char *kind = decode_string_of(decoder, object, "kind", REQUIRED), *doubt;

	culprit->kind = kind ? culprit_kind_parse(kind) : CULPRIT_PEER;
	culprit->pid = decode_pid_of(decoder, object, "pid", OPTIONAL);
	culprit->tid = decode_pid_of(decoder, object, "tid", OPTIONAL);
	decode_comm_of(decoder, object, culprit->comm);
	culprit->name = decode_own_string(decoder, object, "name");
	doubt = decode_string_of(decoder, object, "doubt", OPTIONAL);
	culprit->doubt = doubt ? culprit_doubt_parse(doubt) : CULPRIT_CERTAIN;
	culprit->ns = decode_number_of(decoder, object, "ns", OPTIONAL);
	culprit->cycle = decode_bool_of(decoder, object, "cycle", OPTIONAL);
	culprit->seen = json_object_get(object, "cause") != NULL;
	if (culprit->seen)
		culprit->cause = decode_cause_of(decoder, object);
	culprit->idle = decode_bool_of(decoder, object, "idle", OPTIONAL);
	culprit->syscall = decode_own_string(decoder, object, "syscall");
	read_target(decoder, object, &culprit->target);
	culprit->stack = stack_of(decoder, object);
	culprit->cgroup = decode_own_string(decoder, object, "cgroup");
	culprit->quota_ns = decode_number_of(decoder, object, "quota_ns", OPTIONAL);
	culprit->period_ns = decode_number_of(decoder, object, "period_ns", OPTIONAL);
	if (depth + 1 < CULPRITS_DEPTH)
		read_culprits(decoder, object, depth + 1, &culprit->culprits);
}

/* Kinds that only a later version knows are left out. */
static void read_culprits(struct decoder *decoder, json_t *object, unsigned int depth,
			  struct culprits *culprits)
{
	json_t *array = decode_value_of(decoder, object, "culprits", JSON_ARRAY, OPTIONAL);

	for (size_t i = 0; i < json_array_size(array) && !decoder->error; i++) {
		struct culprit culprit = { 0 };

		read_culprit(decoder, json_array_get(array, i), depth, &culprit);
		if (culprit.kind == CULPRIT_KIND_NR)
			culprit_clear(&culprit);
		else if (culprits_add(culprits, &culprit))
			decode_fail(decoder, -ENOMEM);
	}
}

static void read_intervals(struct decoder *decoder, json_t *slice, uint64_t turn_ns,
			   struct intervals *intervals)
{
	json_t *array = decode_value_of(decoder, slice, "intervals", JSON_ARRAY, OPTIONAL);
	size_t nr = json_array_size(array);

	for (size_t i = 0; i < nr && i < INTERVALS_MAX; i++) {
		struct interval part;

		if (!decode_pair(decoder, json_array_get(array, i), &part.mono_ns, &part.ns))
			return;
		part.mono_ns = add_saturated(turn_ns, part.mono_ns);
		intervals_add(intervals, part, 0);
	}
	if (json_object_get(slice, "at_ns"))
		intervals->first_ns =
			add_saturated(turn_ns, decode_number_of(decoder, slice, "at_ns", OPTIONAL));
}

static void read_slice(struct decoder *decoder, json_t *object, uint64_t turn_ns,
		       struct slice *slice)
{
	json_t *task = decode_value_of(decoder, object, "task", JSON_OBJECT, OPTIONAL);

	slice->cause = decode_cause_of(decoder, object);
	slice->syscall = decode_own_string(decoder, object, "syscall");
	slice->ns = decode_number_of(decoder, object, "ns", REQUIRED);
	slice->count = decode_number_of(decoder, object, "count", OPTIONAL);
	slice->max_ns = decode_number_of(decoder, object, "max_ns", OPTIONAL);
	slice->timed_out = decode_bool_of(decoder, object, "timed_out", OPTIONAL);
	read_intervals(decoder, object, turn_ns, &slice->intervals);
	read_target(decoder, object, &slice->target);
	read_party(decoder, object, "waker", &slice->waker);
	read_party(decoder, object, "holder", &slice->holder);
	read_culprits(decoder, object, 0, &slice->culprits);
	if (task) {
		slice->task_name = decode_own_string(decoder, task, "name");
		slice->task_coro = decode_own_string(decoder, task, "coro");
	}
	slice->stack = stack_of(decoder, object);
}

void decode_slices(struct decoder *decoder, json_t *record, uint64_t turn_ns, struct slices *slices)
{
	json_t *array = decode_value_of(decoder, record, "slices", JSON_ARRAY, REQUIRED);
	size_t nr = json_array_size(array);

	slices->cut = decode_number_of(decoder, record, "slices_cut", OPTIONAL);
	if (nr > MAX_SLICES)
		decode_fail(decoder, -EBADMSG);
	if (!nr || decoder->error)
		return;
	slices->v = calloc(nr, sizeof(slices->v[0]));
	if (!slices->v) {
		decode_fail(decoder, -ENOMEM);
		return;
	}
	slices->capacity = nr;
	while (slices->nr < nr && !decoder->error) {
		json_t *object = json_array_get(array, slices->nr);

		read_slice(decoder, object, turn_ns, &slices->v[slices->nr++]);
	}
}
