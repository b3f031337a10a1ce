// SPDX-License-Identifier: GPL-2.0-or-later
#include "recording/json_object.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/timestamp.h"
#include "output/sink.h"

struct object object_new(void)
{
	json_t *json = json_object();

	return (struct object){ .json = json, .failed = !json };
}

/* Takes value. NULL: there was no memory for it. */
void object_put(struct object *object, const char *key, json_t *value)
{
	if (json_object_set_new(object->json, key, value))
		object->failed = true;
}

/* Takes child, and leaves the key out when it is empty. */
void put_object(struct object *object, const char *key, struct object *child)
{
	object->failed |= child->failed;
	if (json_object_size(child->json))
		object_put(object, key, child->json);
	else
		json_decref(child->json);
}

/* Takes child, and leaves the key out when it is empty. */
void put_array(struct object *object, const char *key, json_t *child)
{
	if (json_array_size(child))
		object_put(object, key, child);
	else
		json_decref(child);
}

void object_append(struct object *object, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		object->failed = true;
}

/* NULL: no memory. */
json_t *json_text(const char *value)
{
	__freeing char *escaped = escape_invalid(value);

	return escaped ? json_string(escaped) : NULL;
}

/* NULL and "": not known, left out. */
void put_string(struct object *object, const char *key, const char *value)
{
	if (value && *value)
		object_put(object, key, json_text(value));
}

/* JSON's numbers are read as signed ones by most. */
void put_number(struct object *object, const char *key, uint64_t value)
{
	object_put(object, key, json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value));
}

void put_pid(struct object *object, const char *key, pid_t pid)
{
	if (pid > 0)
		object_put(object, key, json_integer(pid));
}

void put_bool(struct object *object, const char *key, bool value)
{
	object_put(object, key, json_boolean(value));
}

struct object record_new(const char *type, uint64_t mono_ns, uint64_t time_ns)
{
	struct object record = object_new();
	char time[TIMESTAMP_BYTES];

	timestamp_format(time_ns, time);
	put_string(&record, "type", type);
	put_string(&record, "time", time);
	put_number(&record, "mono_ns", mono_ns);
	return record;
}

void put_thread(struct object *object, const struct thread_id *id)
{
	put_pid(object, "pid", id->pid);
	put_pid(object, "tid", id->tid);
	put_string(object, "comm", id->comm);
}

static void put_frame(struct object *object, json_t *frames, const struct frame *frame)
{
	struct object entry = object_new();

	put_string(&entry, "fn", *frame->fn ? frame->fn : "[unknown]");
	put_string(&entry, "file", frame->file);
	if (frame->line)
		put_number(&entry, "line", frame->line);
	put_string(&entry, "module", frame->module);
	put_string(&entry, "kind", frame_kind_name(frame->kind));
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

void put_party(struct object *slice, const char *key, const struct party *party)
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

char *line_of(struct object *record)
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
int write_line(struct sink *sink, struct object *record)
{
	__freeing char *line = line_of(record);

	if (!line)
		return -ENOMEM;
	sink_write(sink, line, strlen(line));
	return sink_flush(sink);
}
