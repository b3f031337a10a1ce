// SPDX-License-Identifier: GPL-2.0-or-later
/* decode_value.c - which values are taken for a key, and which make a line a bad one. */
#include "recording/decode_value.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/escape.h"

void decode_fail(struct decoder *decoder, int err)
{
	if (!decoder->error)
		decoder->error = err;
}

json_t *decode_value_of(struct decoder *decoder, json_t *object, const char *key, json_type type,
			enum need need)
{
	json_t *value = json_object_get(object, key);

	if (value && json_typeof(value) == type)
		return value;
	if (value || need == REQUIRED)
		decode_fail(decoder, -EBADMSG);
	return NULL;
}

const char *decode_string_of(struct decoder *decoder, json_t *object, const char *key,
			     enum need need)
{
	return json_string_value(decode_value_of(decoder, object, key, JSON_STRING, need));
}

char *decode_own_string(struct decoder *decoder, json_t *object, const char *key)
{
	const char *s = decode_string_of(decoder, object, key, OPTIONAL);
	char *copy = s ? strdup(s) : NULL;

	if (s && !copy)
		decode_fail(decoder, -ENOMEM);
	return copy;
}

uint64_t decode_bounded(struct decoder *decoder, uint64_t number, uint64_t most)
{
	if (number <= most)
		return number;
	decode_fail(decoder, -EBADMSG);
	return 0;
}

uint64_t decode_number_of(struct decoder *decoder, json_t *object, const char *key, enum need need)
{
	json_t *value = decode_value_of(decoder, object, key, JSON_INTEGER, need);

	/* a negative one is above any bound */
	return decode_bounded(decoder, (uint64_t)json_integer_value(value), INT64_MAX);
}

bool decode_pair(struct decoder *decoder, json_t *array, uint64_t *first, uint64_t *second)
{
	json_int_t a, b;

	if (json_unpack(array, "[I,I!]", &a, &b) || a < 0 || b < 0) {
		decode_fail(decoder, -EBADMSG);
		return false;
	}
	*first = (uint64_t)a;
	*second = (uint64_t)b;
	return true;
}

pid_t decode_pid_of(struct decoder *decoder, json_t *object, const char *key, enum need need)
{
	return (pid_t)decode_bounded(decoder, decode_number_of(decoder, object, key, need),
				     INT_MAX);
}

bool decode_bool_of(struct decoder *decoder, json_t *object, const char *key, enum need need)
{
	json_t *value = json_object_get(object, key);

	if (value ? !json_is_boolean(value) : need == REQUIRED)
		decode_fail(decoder, -EBADMSG);
	return json_is_true(value);
}

void decode_comm_of(struct decoder *decoder, json_t *object, char comm[16])
{
	const char *s = decode_string_of(decoder, object, "comm", OPTIONAL);

	unescape_invalid(s ? s : "", comm, 16);
}

struct thread_id decode_thread_of(struct decoder *decoder, json_t *object)
{
	struct thread_id id = {
		.pid = decode_pid_of(decoder, object, "pid", REQUIRED),
		.tid = decode_pid_of(decoder, object, "tid", REQUIRED),
		.runtime = (char *)decode_string_of(decoder, object, "runtime", OPTIONAL),
		.loop = decode_number_of(decoder, object, "loop", OPTIONAL),
	};

	decode_comm_of(decoder, object, id.comm);
	return id;
}
