// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pprof_tables.c - numbers and addresses. Readers tell locations apart by their
 * addresses, some by nothing else, also from one profile of a process to the
 * next. So what has no address gets one from its names, in a part of the
 * addresses that is its mapping's own.
 */
#include "output/pprof_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/place.h"
#include "output/keys.h"

#define STRING_MAX_BYTES 65535 /* Pyroscope refuses longer ones */
/* A mapping has 2^40 addresses, the upper half of them for frames that have none. */
#define MAPPING_BITS  40
#define MAPPING_SLOTS ((1u << 22) - 1)
#define MADE_ADDRESS  (1ull << (MAPPING_BITS - 1))
#define OWN_NAME      UINT32_MAX /* in place of a frame's number: the next is a string's */

struct mapping_key {
	int64_t name;
	int64_t build_id;
};

struct function_key {
	int64_t name;
	int64_t file;
};

/* Of each kind of key what its message has besides. */
struct mapping {
	uint64_t start;
	bool inlines;
	bool nameless; /* has code whose function is not known, but maybe to a server */
};

struct location {
	uint32_t mapping;
	uint64_t address;
};

struct pprof_tables {
	const struct profile *profile;
	size_t room; /* without a bound: the profile has one */
	struct keys *strings;
	struct keys *mappings; /* struct mapping_key */
	struct keys *functions; /* struct function_key */
	struct keys *locations; /* numbers of frames, or OWN_NAME */
	struct keys *addresses; /* those in use, and where mappings start: uint64_t */
	struct mapping *mapping_v;
	struct location *location_v;
	size_t nr_mappings;
	size_t nr_locations;
	/* Of the profile's strings and frames, by their number, what they are here; 0: not asked for yet. */
	uint32_t *of_strings;
	uint32_t *of_frames; /* those that are a location by themselves */
};

int pprof_tables_new(struct pprof_tables **out, const struct profile *profile)
{
	struct pprof_tables *tables = calloc(1, sizeof(*tables));
	int64_t empty;

	*out = NULL;
	if (!tables)
		return -ENOMEM;
	tables->profile = profile;
	tables->room = SIZE_MAX;
	tables->of_strings = calloc(profile_nr_strings(profile) + 1, sizeof(uint32_t));
	tables->of_frames = calloc(profile_nr_frames(profile) + 1, sizeof(uint32_t));
	if (!tables->of_strings || !tables->of_frames ||
	    keys_new(&tables->strings, SIZE_MAX, &tables->room) ||
	    keys_new(&tables->mappings, MAPPING_SLOTS / 2, &tables->room) ||
	    keys_new(&tables->functions, SIZE_MAX, &tables->room) ||
	    keys_new(&tables->locations, SIZE_MAX, &tables->room) ||
	    keys_new(&tables->addresses, SIZE_MAX, &tables->room) ||
	    pprof_string(tables, NULL, &empty)) {
		pprof_tables_free(tables);
		return -ENOMEM;
	}
	*out = tables;
	return 0;
}

void pprof_tables_free(struct pprof_tables *tables)
{
	if (!tables)
		return;
	keys_free(tables->strings);
	keys_free(tables->mappings);
	keys_free(tables->functions);
	keys_free(tables->locations);
	keys_free(tables->addresses);
	free(tables->mapping_v);
	free(tables->location_v);
	free(tables->of_strings);
	free(tables->of_frames);
	free(tables);
}

/* Valid UTF-8 text, cut where a character begins. */
static void cut(char *text)
{
	size_t end = STRING_MAX_BYTES - strlen("...");

	if (strlen(text) <= STRING_MAX_BYTES)
		return;
	while (((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, "...", sizeof("..."));
}

int pprof_string(struct pprof_tables *tables, const char *text, int64_t *number)
{
	__freeing char *escaped = escape_text(text ? text : "");
	uint32_t added;
	int err;

	if (!escaped)
		return -ENOMEM;
	cut(escaped);
	err = keys_add(tables->strings, escaped, strlen(escaped) + 1, &added);
	*number = added;
	return err;
}

int pprof_profile_string(struct pprof_tables *tables, uint32_t string, int64_t *number)
{
	uint32_t *known = &tables->of_strings[string];
	int err = 0;

	if (!*known) {
		err = pprof_string(tables, profile_string(tables->profile, string), number);
		*known = err ? 0 : (uint32_t)*number;
	}
	*number = *known;
	return err;
}

/* Room for one more at the end. */
static void *grown(void *v, size_t nr, size_t size)
{
	return nr & (nr - 1) ? v : reallocarray(v, nr ? 2 * nr : 1, size);
}

/* -- mappings -- */

/* Stable, so that a process has the same addresses in its next profile. */
static int take_start(struct pprof_tables *tables, uint64_t hash, uint64_t *start)
{
	for (;; hash++) {
		size_t had = keys_size(tables->addresses);
		uint32_t number;
		int err;

		*start = (hash % MAPPING_SLOTS + 1) << MAPPING_BITS;
		err = keys_add(tables->addresses, start, sizeof(*start), &number);
		if (err || number == had)
			return err;
	}
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	return text ? hash_bytes(hash, text, strlen(text) + 1) : hash;
}

/* build_id: NULL where it is none of a file, or not known. number: from 0 on. */
static int add_mapping(struct pprof_tables *tables, const char *name, const char *build_id,
		       uint32_t *number)
{
	struct mapping_key key = { 0 };
	struct mapping mapping = { 0 }, *v;
	int err = pprof_string(tables, name, &key.name);

	err = err ? err : pprof_string(tables, build_id, &key.build_id);
	err = err ? err : keys_add(tables->mappings, &key, sizeof(key), number);
	if (err || *number < tables->nr_mappings)
		return err;
	err = take_start(tables, hash_text(hash_text(HASH_START, name), build_id), &mapping.start);
	if (err)
		return err;
	v = grown(tables->mapping_v, tables->nr_mappings, sizeof(*v));
	if (!v)
		return -ENOMEM;
	tables->mapping_v = v;
	v[tables->nr_mappings++] = mapping;
	return 0;
}

static const char *build_id_of(const struct pprof_tables *tables, const char *path)
{
	for (uint32_t i = 0; i < profile_nr_frames(tables->profile); i++) {
		struct frame frame = profile_frame(tables->profile, i);

		if (frame.build_id && same_string(frame.module, path))
			return frame.build_id;
	}
	return NULL;
}

int pprof_main_mapping(struct pprof_tables *tables, const char *path)
{
	uint32_t number;

	if (!path)
		return add_mapping(tables, "[blockprof]", NULL, &number);
	return add_mapping(tables, base_name(path), build_id_of(tables, path), &number);
}

/* Names in brackets are those that readers do not look for files of. */
static const char *mapping_name(const struct frame *frame)
{
	static const char *const names[FRAME_KIND_NR] = {
		[FRAME_KERNEL] = "[kernel.kallsyms]",
		[FRAME_NATIVE] = "[native]",
		[FRAME_PYTHON] = "[python]",
		[FRAME_JS] = "[javascript]",
		[FRAME_JIT] = "[jit]",
	};

	if (frame->kind == FRAME_NATIVE && frame->module)
		return base_name(frame->module);
	return names[frame->kind];
}

/* -- functions -- */

static int add_function(struct pprof_tables *tables, const struct frame *frame, uint32_t *number)
{
	struct function_key key = { 0 };
	int err = pprof_string(tables, frame->fn, &key.name);

	if (!err && frame->file)
		err = pprof_string(tables, base_name(frame->file), &key.file);
	return err ? err : keys_add(tables->functions, &key, sizeof(key), number);
}

/* -- locations -- */

static uint64_t hash_frame(uint64_t hash, const struct frame *frame)
{
	hash = hash_bytes(hash, &frame->kind, sizeof(frame->kind));
	hash = hash_bytes(hash, &frame->line, sizeof(frame->line));
	return hash_text(hash_text(hash_text(hash, frame->fn), frame->file), frame->module);
}

/*
 * One that nothing else has: the file's is as far behind the mapping's start as it is
 * in the file. 0 as offset: it has none. A second place with it gets one made up.
 */
static int take_address(struct pprof_tables *tables, struct location *location, uint64_t offset,
			uint64_t hash)
{
	uint64_t start = tables->mapping_v[location->mapping].start;

	location->address = start + offset;
	for (bool real = offset && offset < MADE_ADDRESS;; real = false) {
		size_t had = keys_size(tables->addresses);
		uint32_t number;
		int err;

		if (!real)
			location->address = start + MADE_ADDRESS + hash++ % MADE_ADDRESS;
		err = keys_add(tables->addresses, &location->address, sizeof(location->address),
			       &number);
		if (err || number == had)
			return err;
	}
}

static int append_location(struct pprof_tables *tables, const struct location *location)
{
	struct location *v = grown(tables->location_v, tables->nr_locations, sizeof(*v));

	if (!v)
		return -ENOMEM;
	tables->location_v = v;
	v[tables->nr_locations++] = *location;
	return 0;
}

/*
 * By its build id and address a server with debug information can name it, if
 * nothing here does.
 */
static bool is_nameless(const struct frame *frame)
{
	return frame->kind == FRAME_NATIVE && frame->build_id && frame->offset &&
	       !frame_has_name(frame);
}

static int add_location(struct pprof_tables *tables, const uint32_t *frames, size_t nr,
			uint64_t *id)
{
	struct location location = { 0 };
	uint64_t hash = HASH_START;
	uint32_t number, function;
	struct frame frame;
	int err = keys_add(tables->locations, frames, nr * sizeof(frames[0]), &number);

	if (err)
		return err;
	*id = number + 1ull;
	if (number < tables->nr_locations)
		return 0;
	for (size_t i = 0; i < nr && !err; i++) {
		frame = profile_frame(tables->profile, frames[i]);
		hash = hash_frame(hash, &frame);
		if (!is_nameless(&frame))
			err = add_function(tables, &frame, &function);
	}
	err = err ? err
		  : add_mapping(tables, mapping_name(&frame), frame.build_id, &location.mapping);
	if (err)
		return err;
	tables->mapping_v[location.mapping].inlines |= nr > 1;
	tables->mapping_v[location.mapping].nameless |= is_nameless(&frame);
	err = take_address(tables, &location, frame.offset, hash);
	return err ? err : append_location(tables, &location);
}

int pprof_location(struct pprof_tables *tables, const uint32_t *frames, size_t nr, uint64_t *id)
{
	uint32_t *known = nr == 1 ? &tables->of_frames[frames[0]] : NULL;
	int err = 0;

	if (known && *known)
		*id = *known;
	else
		err = add_location(tables, frames, nr, id);
	if (known && !err)
		*known = (uint32_t)*id;
	return err;
}

int pprof_own_location(struct pprof_tables *tables, const char *name, uint64_t *id)
{
	struct location location = { 0 };
	const struct frame frame = { .fn = name };
	uint32_t key[2] = { OWN_NAME }, number, function;
	int64_t string;
	int err = pprof_string(tables, name, &string);

	key[1] = (uint32_t)string;
	err = err ? err : keys_add(tables->locations, key, sizeof(key), &number);
	if (err)
		return err;
	*id = number + 1ull;
	if (number < tables->nr_locations)
		return 0;
	err = add_mapping(tables, "[blockprof]", NULL, &location.mapping);
	err = err ? err : add_function(tables, &frame, &function);
	err = err ? err : take_address(tables, &location, 0, hash_text(HASH_START, name));
	return err ? err : append_location(tables, &location);
}

/* -- as messages -- */

static void write_mappings(const struct pprof_tables *tables, pprof_part *write, void *context)
{
	for (uint32_t i = 0; i < tables->nr_mappings; i++) {
		const struct mapping_key *key = keys_at(tables->mappings, i, NULL);
		Pprof__Profile part = PPROF__PROFILE__INIT;
		Pprof__Mapping mapping = PPROF__MAPPING__INIT, *one = &mapping;

		mapping.id = i + 1;
		mapping.memory_start = tables->mapping_v[i].start;
		mapping.memory_limit = mapping.memory_start + (1ull << MAPPING_BITS);
		mapping.filename = key->name;
		mapping.build_id = key->build_id;
		/* else readers look for symbols themselves, on their own machine */
		mapping.has_functions = !tables->mapping_v[i].nameless;
		mapping.has_filenames = mapping.has_line_numbers = true;
		mapping.has_inline_frames = tables->mapping_v[i].inlines;
		part.n_mapping = 1;
		part.mapping = &one;
		write(context, &part);
	}
}

static void write_functions(const struct pprof_tables *tables, pprof_part *write, void *context)
{
	for (uint32_t i = 0; i < keys_size(tables->functions); i++) {
		const struct function_key *key = keys_at(tables->functions, i, NULL);
		Pprof__Profile part = PPROF__PROFILE__INIT;
		Pprof__Function function = PPROF__FUNCTION__INIT, *one = &function;

		function.id = i + 1;
		/* no system_name: that would be demangled, which makes nothing of "<lambda>" */
		function.name = key->name;
		function.filename = key->file;
		part.n_function = 1;
		part.function = &one;
		write(context, &part);
	}
}

struct lines {
	Pprof__Line *v;
	Pprof__Line **pointers;
};

/* Functions are there already: this finds their numbers. */
static int fill_lines(struct pprof_tables *tables, uint32_t number, Pprof__Location *location,
		      const struct lines *lines)
{
	size_t size;
	const uint32_t *frames = keys_at(tables->locations, number, &size);
	bool own = frames[0] == OWN_NAME;
	size_t nr = own ? 1 : size / sizeof(frames[0]);
	int err = 0;

	location->line = lines->pointers;
	for (size_t i = 0; i < nr && !err; i++) {
		uint32_t function = 0, line = (uint32_t)location->n_line;
		struct frame frame = { 0 };

		if (own)
			frame.fn = keys_at(tables->strings, frames[1], NULL);
		else
			frame = profile_frame(tables->profile, frames[i]);
		if (is_nameless(&frame))
			continue;
		err = add_function(tables, &frame, &function);
		lines->v[line] = (Pprof__Line)PPROF__LINE__INIT;
		lines->v[line].function_id = function + 1ull;
		lines->v[line].line = frame.line;
		lines->pointers[line] = &lines->v[line];
		location->n_line++;
	}
	return err;
}

static size_t most_lines(const struct pprof_tables *tables)
{
	size_t most = 1, size;

	for (uint32_t i = 0; i < tables->nr_locations; i++) {
		keys_at(tables->locations, i, &size);
		if (size / sizeof(uint32_t) > most)
			most = size / sizeof(uint32_t);
	}
	return most;
}

static int write_locations(struct pprof_tables *tables, pprof_part *write, void *context)
{
	size_t most = most_lines(tables);
	__freeing Pprof__Line *v = calloc(most, sizeof(v[0]));
	__freeing Pprof__Line **pointers = calloc(most, sizeof(pointers[0]));
	const struct lines lines = { v, pointers };
	int err = v && pointers ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < tables->nr_locations && !err; i++) {
		Pprof__Profile part = PPROF__PROFILE__INIT;
		Pprof__Location location = PPROF__LOCATION__INIT, *one = &location;

		location.id = i + 1;
		location.mapping_id = tables->location_v[i].mapping + 1ull;
		location.address = tables->location_v[i].address;
		err = fill_lines(tables, i, &location, &lines);
		part.n_location = 1;
		part.location = &one;
		if (!err)
			write(context, &part);
	}
	return err;
}

static void write_strings(const struct pprof_tables *tables, pprof_part *write, void *context)
{
	for (uint32_t i = 0; i < keys_size(tables->strings); i++) {
		Pprof__Profile part = PPROF__PROFILE__INIT;
		char *one = (char *)keys_at(tables->strings, i, NULL);

		part.n_string_table = 1;
		part.string_table = &one;
		write(context, &part);
	}
}

int pprof_tables_write(struct pprof_tables *tables, pprof_part *write, void *context)
{
	int err = write_locations(tables, write, context);

	if (err)
		return err;
	write_mappings(tables, write, context);
	write_functions(tables, write, context);
	write_strings(tables, write, context);
	return 0;
}
