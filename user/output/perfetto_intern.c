// SPDX-License-Identifier: GPL-2.0-or-later
/* perfetto_intern.c - the tables of a trace, and which of their rows have not been written yet. */
#include "output/perfetto_intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/strings.h"
#include "model/frame_owner.h"
#include "output/keys.h"

/* Of Perfetto's Frame. */
enum kind { KIND_NATIVE = 1, KIND_KERNEL = 2, KIND_INTERPRETED = 3, KIND_JIT = 4 };

enum table {
	FUNCTIONS, /* text */
	SOURCES, /* text */
	PATHS, /* text */
	BUILD_IDS, /* bytes */
	MAPPINGS, /* struct mapping_key */
	FRAMES, /* struct frame_key */
	STACKS, /* numbers of frames, uint64_t */
	TABLE_NR,
};

/* Numbers of rows are from 1 on, 0: none. */
struct mapping_key {
	uint64_t build_id;
	uint64_t path;
};

struct frame_key {
	uint64_t function;
	uint64_t mapping;
	uint64_t rel_pc;
	uint64_t source;
	uint32_t line;
	uint32_t kind;
};

/* A message each, and the list of them. */
struct rows {
	void *messages;
	void **pointers;
};

struct perfetto_intern {
	size_t bytes;
	size_t room;
	struct keys *tables[TABLE_NR];
	size_t written[TABLE_NR]; /* how many rows of each */
	struct rows rows[TABLE_NR];
	Perfetto__InternedData news;
};

/* -- memory -- */

static void free_rows(struct perfetto_intern *intern)
{
	for (int i = 0; i < TABLE_NR; i++) {
		free(intern->rows[i].messages);
		free(intern->rows[i].pointers);
		intern->rows[i] = (struct rows){ 0 };
	}
}

static void free_tables(struct perfetto_intern *intern)
{
	for (int i = 0; i < TABLE_NR; i++) {
		keys_free(intern->tables[i]);
		intern->tables[i] = NULL;
		intern->written[i] = 0;
	}
}

int perfetto_intern_forget(struct perfetto_intern *intern)
{
	free_rows(intern);
	free_tables(intern);
	intern->room = intern->bytes;
	for (int i = 0; i < TABLE_NR; i++)
		if (keys_new(&intern->tables[i], SIZE_MAX, &intern->room))
			return -ENOMEM;
	return 0;
}

int perfetto_intern_new(struct perfetto_intern **out, size_t bytes)
{
	struct perfetto_intern *intern = calloc(1, sizeof(*intern));

	if (!intern)
		return -ENOMEM;
	intern->bytes = bytes;
	if (perfetto_intern_forget(intern)) {
		perfetto_intern_free(intern);
		return -ENOMEM;
	}
	*out = intern;
	return 0;
}

void perfetto_intern_free(struct perfetto_intern *intern)
{
	if (!intern)
		return;
	free_rows(intern);
	free_tables(intern);
	free(intern);
}

/* -- what is added -- */

static int add(struct perfetto_intern *intern, enum table table, const void *bytes, size_t size,
	       uint64_t *iid)
{
	uint32_t number = 0;
	int err = keys_add(intern->tables[table], bytes, size, &number);

	*iid = number + 1ull;
	return err;
}

/* Foreign bytes; NULL: none. */
static int add_text(struct perfetto_intern *intern, enum table table, const char *text,
		    uint64_t *iid)
{
	__freeing char *escaped = text ? escape_text(text) : NULL;

	*iid = 0;
	if (!text)
		return 0;
	return escaped ? add(intern, table, escaped, strlen(escaped), iid) : -ENOMEM;
}

static unsigned int digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10) & 15;
}

/* Its bytes, of hexadecimal digits. */
static int add_build_id(struct perfetto_intern *intern, const char *text, uint64_t *iid)
{
	size_t nr = text ? strlen(text) / 2 : 0;
	__freeing char *bytes = malloc(nr + 1);

	*iid = 0;
	if (!bytes)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		bytes[i] = (char)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
	return nr ? add(intern, BUILD_IDS, bytes, nr, iid) : 0;
}

static int add_mapping(struct perfetto_intern *intern, const struct frame *frame, uint64_t *iid)
{
	struct mapping_key key = { 0 };
	int err = add_build_id(intern, frame->build_id, &key.build_id);

	err = err ? err : add_text(intern, PATHS, frame->module, &key.path);
	return err ? err : add(intern, MAPPINGS, &key, sizeof(key), iid);
}

static uint32_t kind_of(const struct frame *frame)
{
	static const uint32_t kinds[FRAME_KIND_NR] = {
		[FRAME_KERNEL] = KIND_KERNEL,
		[FRAME_NATIVE] = KIND_NATIVE,
		[FRAME_PYTHON] = KIND_INTERPRETED,
		[FRAME_JS] = KIND_INTERPRETED,
		[FRAME_JIT] = KIND_JIT,
	};

	return kinds[frame->kind];
}

static int add_frame(struct perfetto_intern *intern, const struct frame *frame, uint64_t *iid)
{
	struct frame_key key = { .line = frame->line, .kind = kind_of(frame) };
	int err = add_text(intern, FUNCTIONS, frame->fn, &key.function);

	err = err ? err : add_text(intern, SOURCES, frame->file, &key.source);
	if (!err && frame->kind == FRAME_NATIVE && frame->module && frame->offset) {
		key.rel_pc = frame->offset;
		err = add_mapping(intern, frame, &key.mapping);
	}
	return err ? err : add(intern, FRAMES, &key, sizeof(key), iid);
}

/* A frame that is no function, but a word of ours. */
static int add_word(struct perfetto_intern *intern, const char *word, uint64_t *iid)
{
	struct frame_key key = { 0 };
	int err = add(intern, FUNCTIONS, word, strlen(word), &key.function);

	return err ? err : add(intern, FRAMES, &key, sizeof(key), iid);
}

int perfetto_intern_stack(struct perfetto_intern *intern, const struct stack *stack,
			  const char *instead, uint64_t *iid)
{
	__freeing uint64_t *frames = calloc((stack ? stack->nr : 0) + 2, sizeof(frames[0]));
	size_t nr = 0;
	int err = frames ? 0 : -ENOMEM;

	if (!err && stack && stack->cut)
		err = add_word(intern, "[cut]", &frames[nr++]);
	for (unsigned int i = stack ? stack->nr : 0; i-- > 0 && !err;)
		if (!stack->has_python || !frame_is_plumbing(&stack->frames[i]))
			err = add_frame(intern, &stack->frames[i], &frames[nr++]);
	if (!err && !nr)
		err = add_word(intern, instead, &frames[nr++]);
	return err ? err : add(intern, STACKS, frames, nr * sizeof(frames[0]), iid);
}

/* -- what is new, as messages -- */

static int make_rows(struct perfetto_intern *intern, enum table table, size_t message_bytes)
{
	size_t nr = keys_size(intern->tables[table]) - intern->written[table];
	struct rows *rows = &intern->rows[table];

	rows->messages = calloc(nr + 1, message_bytes);
	rows->pointers = calloc(nr + 1, sizeof(rows->pointers[0]));
	if (!rows->messages || !rows->pointers)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++)
		rows->pointers[i] = (char *)rows->messages + i * message_bytes;
	return 0;
}

static const void *row_at(struct perfetto_intern *intern, enum table table, size_t i, uint64_t *iid,
			  size_t *size)
{
	size_t number = intern->written[table] + i;

	*iid = number + 1;
	return keys_at(intern->tables[table], (uint32_t)number, size);
}

static size_t nr_new(const struct perfetto_intern *intern, enum table table)
{
	return keys_size(intern->tables[table]) - intern->written[table];
}

static int strings(struct perfetto_intern *intern, enum table table,
		   Perfetto__InternedString ***out, size_t *nr)
{
	Perfetto__InternedString *v;
	int err = make_rows(intern, table, sizeof(v[0]));

	v = intern->rows[table].messages;
	*nr = nr_new(intern, table);
	*out = (Perfetto__InternedString **)intern->rows[table].pointers;
	for (size_t i = 0; i < *nr && !err; i++) {
		v[i] = (Perfetto__InternedString)PERFETTO__INTERNED_STRING__INIT;
		v[i].str.data = (uint8_t *)row_at(intern, table, i, &v[i].iid, &v[i].str.len);
	}
	return err;
}

static int mappings(struct perfetto_intern *intern)
{
	Perfetto__InternedData *news = &intern->news;
	Perfetto__Mapping *v;
	int err = make_rows(intern, MAPPINGS, sizeof(v[0]));

	v = intern->rows[MAPPINGS].messages;
	news->n_mappings = nr_new(intern, MAPPINGS);
	news->mappings = (Perfetto__Mapping **)intern->rows[MAPPINGS].pointers;
	for (size_t i = 0; i < news->n_mappings && !err; i++) {
		uint64_t iid;
		const struct mapping_key *key = row_at(intern, MAPPINGS, i, &iid, NULL);

		v[i] = (Perfetto__Mapping)PERFETTO__MAPPING__INIT;
		v[i].iid = iid;
		v[i].has_build_id = key->build_id > 0;
		v[i].build_id = key->build_id;
		v[i].end = INT64_MAX; /* the whole file, however long it is */
		v[i].n_path_string_ids = key->path > 0;
		v[i].path_string_ids = (uint64_t *)&key->path;
	}
	return err;
}

static int frames(struct perfetto_intern *intern)
{
	Perfetto__InternedData *news = &intern->news;
	Perfetto__Frame *v;
	int err = make_rows(intern, FRAMES, sizeof(v[0]));

	v = intern->rows[FRAMES].messages;
	news->n_frames = nr_new(intern, FRAMES);
	news->frames = (Perfetto__Frame **)intern->rows[FRAMES].pointers;
	for (size_t i = 0; i < news->n_frames && !err; i++) {
		uint64_t iid;
		const struct frame_key *key = row_at(intern, FRAMES, i, &iid, NULL);

		v[i] = (Perfetto__Frame)PERFETTO__FRAME__INIT;
		v[i].iid = iid;
		v[i].function_name_id = key->function;
		v[i].has_mapping_id = v[i].has_rel_pc = key->mapping > 0;
		v[i].mapping_id = key->mapping;
		v[i].rel_pc = key->rel_pc;
		v[i].has_source_path_iid = key->source > 0;
		v[i].source_path_iid = key->source;
		v[i].has_line_number = key->line > 0;
		v[i].line_number = key->line;
		v[i].has_kind = key->kind > 0;
		v[i].kind = key->kind;
	}
	return err;
}

static int stacks(struct perfetto_intern *intern)
{
	Perfetto__InternedData *news = &intern->news;
	Perfetto__Callstack *v;
	int err = make_rows(intern, STACKS, sizeof(v[0]));

	v = intern->rows[STACKS].messages;
	news->n_callstacks = nr_new(intern, STACKS);
	news->callstacks = (Perfetto__Callstack **)intern->rows[STACKS].pointers;
	for (size_t i = 0; i < news->n_callstacks && !err; i++) {
		uint64_t iid;
		size_t size;
		const uint64_t *ids = row_at(intern, STACKS, i, &iid, &size);

		v[i] = (Perfetto__Callstack)PERFETTO__CALLSTACK__INIT;
		v[i].iid = iid;
		v[i].n_frame_ids = size / sizeof(ids[0]);
		v[i].frame_ids = (uint64_t *)ids;
	}
	return err;
}

int perfetto_intern_news(struct perfetto_intern *intern, Perfetto__InternedData **out)
{
	Perfetto__InternedData *news = &intern->news;
	size_t nr = 0;
	int err;

	*out = NULL;
	free_rows(intern);
	for (int i = 0; i < TABLE_NR; i++)
		nr += nr_new(intern, (enum table)i);
	if (!nr)
		return 0;
	*news = (Perfetto__InternedData)PERFETTO__INTERNED_DATA__INIT;
	err = strings(intern, FUNCTIONS, &news->function_names, &news->n_function_names);
	err = err ? err : strings(intern, SOURCES, &news->source_paths, &news->n_source_paths);
	err = err ? err : strings(intern, PATHS, &news->mapping_paths, &news->n_mapping_paths);
	err = err ? err : strings(intern, BUILD_IDS, &news->build_ids, &news->n_build_ids);
	err = err ? err : mappings(intern);
	err = err ? err : frames(intern);
	err = err ? err : stacks(intern);
	if (err)
		return err;
	for (int i = 0; i < TABLE_NR; i++)
		intern->written[i] = keys_size(intern->tables[i]);
	*out = news;
	return 0;
}
