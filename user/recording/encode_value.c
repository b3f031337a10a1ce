// SPDX-License-Identifier: GPL-2.0-or-later
/* encode_value.c - JSON objects and their lines: which values are left out, and what is escaped. */
#include "recording/encode_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/timestamp.h"
#include "recording/redact.h"

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

/* most readers take JSON's numbers for signed ones */
static json_int_t limited(uint64_t value)
{
	return value > INT64_MAX ? INT64_MAX : (json_int_t)value;
}

void object_append_pair(struct object *object, json_t *array, uint64_t first, uint64_t second)
{
	object_append(object, array, json_pack("[I,I]", limited(first), limited(second)));
}

/* Nearly all names are UTF-8, and a line has ten thousand. NULL: no memory. */
json_t *json_text(const char *value)
{
	json_t *text = json_string(value);
	char *escaped __freeing = text ? NULL : escape_invalid(value);

	return escaped ? json_string(escaped) : text;
}

/* NULL and "": not known, left out. */
void put_string(struct object *object, const char *key, const char *value)
{
	if (value && *value)
		object_put(object, key, json_text(value));
}

void put_number(struct object *object, const char *key, uint64_t value)
{
	object_put(object, key, json_integer(limited(value)));
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

struct object counts_object(const struct name_count *counts, size_t nr)
{
	struct object object = object_new();

	for (size_t i = 0; i < nr; i++)
		put_number(&object, counts[i].name, counts[i].count);
	return object;
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
	if (id->runtime && id->loop)
		put_number(object, "loop", id->loop);
}

#define LINE_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII)

/* A character beyond ASCII is one escape, or two. */
static size_t character_bytes(unsigned char c)
{
	if (c >= 0x80)
		return c >= 0xf0 ? 12 : c >= 0xc0 ? 6 : 0;
	if (c == '"' || c == '\\' || (c >= '\b' && c <= '\r' && c != '\v'))
		return 2;
	return c < ' ' ? 6 : 1;
}

static size_t string_bytes(const char *string)
{
	size_t bytes = strlen("\"\"");

	for (; *string; string++)
		bytes += character_bytes((unsigned char)*string);
	return bytes;
}

static size_t integer_bytes(json_int_t value)
{
	size_t bytes = 1 + (value < 0);

	while (value /= 10)
		bytes++;
	return bytes;
}

static size_t value_bytes(json_t *value)
{
	size_t bytes = strlen("{}"), i = 0;
	const char *key;
	json_t *child;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_object_foreach (value, key, child)
			bytes += (i++ > 0) + string_bytes(key) + 1 + value_bytes(child);
		return bytes;
	case JSON_ARRAY:
		json_array_foreach (value, i, child)
			bytes += (i > 0) + value_bytes(child);
		return bytes;
	case JSON_STRING:
		return string_bytes(json_string_value(value));
	case JSON_INTEGER:
		return integer_bytes(json_integer_value(value));
	default:
		return json_dumpb(value, NULL, 0, LINE_FLAGS | JSON_ENCODE_ANY);
	}
}

size_t object_bytes(const struct object *object)
{
	return object->json ? value_bytes(object->json) : 0;
}

char *line_of(struct object *record)
{
	char *line = NULL;

	if (!record->failed)
		line = json_dumps(record->json, LINE_FLAGS);
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

static int write_to_file(void *out, const char *line, size_t bytes)
{
	return fwrite(line, 1, bytes, out) == bytes ? 0 : -EIO;
}

struct line_writer line_writer_of(FILE *out)
{
	return (struct line_writer){ .write = write_to_file, .context = out };
}

int write_line(const struct line_writer *to, struct object *record)
{
	__freeing char *line = NULL;

	record->failed |= to->redact && redact(to->redact, record->json);
	line = line_of(record);
	return line ? to->write(to->context, line, strlen(line)) : -ENOMEM;
}

void put_buckets(struct object *record, const uint64_t buckets[SECOND_BUCKETS])
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < SECOND_BUCKETS; i++)
		if (buckets[i])
			object_append_pair(record, array, second_upper_ns(i), buckets[i]);
	put_array(record, "histogram", array);
}
