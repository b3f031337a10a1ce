// SPDX-License-Identifier: GPL-2.0-or-later
/* encode_slice.c - the keys of slices, and of the stacks, targets, parties and culprits in them. */
#include "recording/encode_slice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_frame(struct object *object, json_t *frames, const struct frame *frame)
{
	struct object entry = object_new();

	put_string(&entry, "fn", *frame->fn ? frame->fn : "[unknown]");
	put_string(&entry, "file", frame->file);
	if (frame->line)
		put_number(&entry, "line", frame->line);
	put_string(&entry, "module", frame->module);
	put_string(&entry, "kind", frame_kind_name(frame->kind));
	put_string(&entry, "build_id", frame->build_id);
	if (frame->offset)
		put_number(&entry, "offset", frame->offset);
	if (frame->inlined)
		put_bool(&entry, "inlined", true);
	if (frame->by_frame_pointer)
		put_string(&entry, "by", "frame_pointer");
	object->failed |= entry.failed;
	object_append(object, frames, entry.json);
}

void put_stack(struct object *object, const struct stack *stack)
{
	json_t *frames;

	if (!stack)
		return;
	frames = json_array();
	for (unsigned int i = 0; i < stack->nr; i++)
		put_frame(object, frames, &stack->frames[i]);
	put_array(object, "stack", frames);
	if (stack->cut)
		put_bool(object, "stack_cut", true);
}

void put_chain(struct object *object, const struct stack *chain)
{
	json_t *frames;

	if (!chain)
		return;
	frames = json_array();
	for (unsigned int i = chain->nr; i-- > 0;)
		put_frame(object, frames, &chain->frames[i]);
	put_array(object, "chain", frames);
	if (chain->cut)
		put_bool(object, "chain_cut", true);
}

void put_target(struct object *slice, const struct target *target)
{
	struct object object;
	char addr[32];

	if (target->kind == TARGET_NONE)
		return;
	object = object_new();
	put_string(&object, "kind", target_kind_name(target->kind));
	for (size_t i = 0; i < TARGET_FIELDS; i++) {
		const struct target_field *field = &target_fields[i];

		switch (field->type) {
		case TARGET_STRING:
			put_string(&object, field->name, target_string(target, field));
			break;
		case TARGET_PID:
			put_pid(&object, field->name, target_pid(target, field));
			break;
		case TARGET_ADDR:
			if (!target->addr)
				break;
			snprintf(addr, sizeof(addr), "0x%" PRIx64, target->addr);
			put_string(&object, field->name, addr);
		}
	}
	put_object(slice, "target", &object);
}

void put_party(struct object *slice, const char *key, const struct party *party)
{
	struct object object;

	if (!party->pid)
		return;
	object = object_new();
	put_pid(&object, "pid", party->pid);
	put_pid(&object, "tid", party->tid);
	put_string(&object, "comm", party->comm);
	if (party->collects)
		put_bool(&object, "gc", true);
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
		put_string(&entry, "comm", *culprit->comm ? culprit->comm : NULL);
		put_string(&entry, "name", culprit->name);
		put_string(&entry, "doubt", culprit_doubt_name(culprit->doubt));
		if (culprit->ns) {
			put_number(&entry, "ns", culprit->ns);
			put_number(&entry, "percent", culprits_percent(culprits, culprit->ns));
		}
		if (culprit->cycle)
			put_bool(&entry, "cycle", true);
		if (culprit->seen) {
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
		object_append(object, array, entry.json);
	}
	put_array(object, "culprits", array);
}

void put_task(struct object *object, const struct slice *slice)
{
	struct object task = object_new();

	put_string(&task, "name", slice->task_name);
	put_string(&task, "coro", slice->task_coro);
	put_object(object, "task", &task);
}

/*
 * Of a line of 1 MiB, what the slices may take; the rest of a record is bounded by
 * less. A slice that is longer by itself is shown with its own stack only, and of
 * that what fits.
 */
#define SLICES_MAX_BYTES (960u * 1024)
#define STACK_MAX_BYTES	 (640u * 1024)
#define FRAME_KEYS_BYTES 160u
#define ESCAPED_BYTES	 6u /* of one byte, at most */

/* [[at_ns, ns], ...]: what began before the turn is of it from its start on. */
static void put_intervals(struct object *object, const struct intervals *intervals,
			  uint64_t turn_ns)
{
	json_t *array = json_array();
	uint64_t first_ns = intervals->first_ns;

	if (first_ns)
		put_number(object, "at_ns", first_ns > turn_ns ? first_ns - turn_ns : 0);
	for (size_t i = 0; i < intervals->nr; i++) {
		struct interval part = intervals->v[i];
		uint64_t before_ns = part.mono_ns < turn_ns ? turn_ns - part.mono_ns : 0;

		if (before_ns < part.ns)
			object_append_pair(object, array, part.mono_ns + before_ns - turn_ns,
					   part.ns - before_ns);
	}
	put_array(object, "intervals", array);
}

/* turn_ns: when its turn began; 0: it is of many turns. */
static struct object slice_object(const struct slice *slice, uint64_t turn_ns)
{
	struct object object = object_new();

	put_string(&object, "cause", cause_name(slice->cause));
	put_string(&object, "syscall", slice->syscall);
	put_number(&object, "ns", slice->ns);
	put_number(&object, "count", slice->count);
	put_number(&object, "max_ns", slice->max_ns);
	if (turn_ns)
		put_intervals(&object, &slice->intervals, turn_ns);
	if (slice->timed_out)
		put_bool(&object, "timed_out", true);
	put_target(&object, &slice->target);
	put_party(&object, "waker", &slice->waker);
	put_party(&object, "holder", &slice->holder);
	put_culprits(&object, &slice->culprits);
	put_task(&object, slice);
	put_stack(&object, slice->stack);
	return object;
}

static size_t frame_bytes(const struct frame *frame)
{
	return FRAME_KEYS_BYTES +
	       ESCAPED_BYTES * (strlen(frame->fn) + (frame->file ? strlen(frame->file) : 0) +
				(frame->module ? strlen(frame->module) : 0) +
				(frame->build_id ? strlen(frame->build_id) : 0));
}

static struct stack *stack_that_fits(const struct stack *stack)
{
	size_t bytes = 0;
	unsigned int nr = 0;

	while (nr < stack->nr) {
		bytes += frame_bytes(&stack->frames[nr]);
		if (bytes > STACK_MAX_BYTES)
			break;
		nr++;
	}
	return stack_new(stack->frames, nr, stack->cut || nr < stack->nr);
}

static struct object lean_slice_object(const struct slice *slice, uint64_t turn_ns)
{
	struct slice lean = *slice;
	struct object object;

	lean.stack = slice->stack ? stack_that_fits(slice->stack) : NULL;
	lean.waker.stack = NULL;
	lean.holder.stack = NULL;
	lean.culprits = (struct culprits){ 0 };
	object = slice_object(&lean, turn_ns);
	stack_put(lean.stack);
	return object;
}

void put_slices(struct object *record, const struct slices *slices, uint64_t turn_ns)
{
	size_t room = SLICES_MAX_BYTES, nr = 0;
	json_t *array = json_array();

	for (; nr < slices->nr; nr++) {
		struct object object = slice_object(&slices->v[nr], turn_ns);
		size_t bytes = object_bytes(&object);

		if (bytes > room && !nr) {
			json_decref(object.json);
			object = lean_slice_object(&slices->v[nr], turn_ns);
			bytes = object_bytes(&object);
		}
		if (bytes > room) {
			json_decref(object.json);
			break;
		}
		room -= bytes;
		record->failed |= object.failed;
		object_append(record, array, object.json);
	}
	object_put(record, "slices", array);
	if (slices->cut + (slices->nr - nr))
		put_number(record, "slices_cut", slices->cut + (slices->nr - nr));
}
