/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode_value.h - values of a JSON object that may be of any origin: each may
 * have another type than is expected, be out of range, or missing.
 */
#ifndef BLOCKPROF_RECORDING_DECODE_VALUE_H
#define BLOCKPROF_RECORDING_DECODE_VALUE_H

#include <jansson.h>

#include "model/model.h"

enum need { OPTIONAL, REQUIRED };

/* Keeps the first -errno of a record. */
struct decoder {
	int error;
};

void decode_fail(struct decoder *decoder, int err);
/* NULL: it is not there. */
json_t *decode_value_of(struct decoder *decoder, json_t *object, const char *key, json_type type,
			enum need need);
const char *decode_string_of(struct decoder *decoder, json_t *object, const char *key,
			     enum need need);
/* A copy that a slice or target owns. */
char *decode_own_string(struct decoder *decoder, json_t *object, const char *key);
uint64_t decode_number_of(struct decoder *decoder, json_t *object, const char *key, enum need need);
/* The number, which must not be above most. */
uint64_t decode_bounded(struct decoder *decoder, uint64_t number, uint64_t most);
/* The two numbers of an array. Whether it is one. */
bool decode_pair(struct decoder *decoder, json_t *array, uint64_t *first, uint64_t *second);
pid_t decode_pid_of(struct decoder *decoder, json_t *object, const char *key, enum need need);
bool decode_bool_of(struct decoder *decoder, json_t *object, const char *key, enum need need);
void decode_comm_of(struct decoder *decoder, json_t *object, char comm[16]);
/* Strings of the id belong to the JSON object: to keep them, copy them. */
struct thread_id decode_thread_of(struct decoder *decoder, json_t *object);

#endif
