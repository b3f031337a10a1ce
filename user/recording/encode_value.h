/* SPDX-License-Identifier: GPL-2.0-or-later */
/* encode_value.h - what the records of JSON Lines are put together from. */
#ifndef BLOCKPROF_RECORDING_ENCODE_VALUE_H
#define BLOCKPROF_RECORDING_ENCODE_VALUE_H

#include <jansson.h>

#include "model/model.h"
#include "recording/encode.h"

/* An object that is being built. It fails as a whole when there is no memory for one key. */
struct object {
	json_t *json;
	bool failed;
};

struct object object_new(void);
/* Has the keys that every record begins with. */
struct object record_new(const char *type, uint64_t mono_ns, uint64_t time_ns);
/* A key for each name. */
struct object counts_object(const struct name_count *counts, size_t nr);
/* Takes value. NULL: there was no memory for it. */
void object_put(struct object *object, const char *key, json_t *value);
void object_append(struct object *object, json_t *array, json_t *value);
/* An array of two numbers. */
void object_append_pair(struct object *object, json_t *array, uint64_t first, uint64_t second);
/* Foreign text, escaped. NULL: no memory. */
json_t *json_text(const char *value);

/* These leave the key out where its value is empty, or not known, and take children over. */
void put_object(struct object *object, const char *key, struct object *child);
void put_array(struct object *object, const char *key, json_t *child);
void put_string(struct object *object, const char *key, const char *value);
void put_pid(struct object *object, const char *key, pid_t pid);
void put_number(struct object *object, const char *key, uint64_t value);
void put_bool(struct object *object, const char *key, bool value);

/* "histogram": [[upper_ns, count], ...] of turns */
void put_buckets(struct object *object, const uint64_t buckets[SECOND_BUCKETS]);

void put_thread(struct object *object, const struct thread_id *id);

/* How much of a line it is. */
size_t object_bytes(const struct object *object);
/* Ends the record and returns its line, with its newline; the caller frees; NULL: no memory. */
char *line_of(struct object *record);
/* Ends the record, and writes its line. 0 or -errno. */
int write_line(const struct line_writer *to, struct object *record);

#endif
