/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pprof_rules.h - a pprof file read, and what its readers enforce: Parca numbers in
 * the order of the tables, Pyroscope valid UTF-8 and short names, all of them
 * references that lead somewhere.
 */
#ifndef BLOCKPROF_TESTS_UNIT_PPROF_RULES_H
#define BLOCKPROF_TESTS_UNIT_PPROF_RULES_H

#include "records.h"

#include "base/escape.h"
#include "pprof.pb-c.h"

struct read {
	Pprof__Profile *profile;
	uint8_t *bytes;
	size_t size;
};

static inline struct read read_profile(const char *path)
{
	struct read read = { .bytes = malloc(64 << 20) };
	unsigned char magic[2] = { 0 };
	FILE *plain = fopen(path, "rb");
	gzFile file = gzopen(path, "rb");
	int got;

	assert_non_null(plain);
	assert_int_equal(fread(magic, 1, 2, plain), 2);
	fclose(plain);
	assert_int_equal(magic[0] << 8 | magic[1], 0x1f8b);
	assert_non_null(file);
	while ((got = gzread(file, read.bytes + read.size, 1 << 20)) > 0)
		read.size += (size_t)got;
	assert_int_equal(got, 0);
	gzclose(file);
	assert_true(read.size > 0);
	read.profile = pprof__profile__unpack(NULL, read.size, read.bytes);
	assert_non_null(read.profile);
	return read;
}

static inline void read_free(struct read *read)
{
	pprof__profile__free_unpacked(read->profile, NULL);
	free(read->bytes);
}

static inline struct read profile_of(struct temp *temp, const struct output_options *options,
				     void (*feed)(struct output *output))
{
	const char *path = temp_path(temp, "a.pprof");
	struct output *output = open_output("pprof", path, options);

	feed(output);
	assert_int_equal(output_close(output), 0);
	return read_profile(path);
}

/* -- the rules -- */

static inline const char *text_of(const Pprof__Profile *profile, int64_t number)
{
	assert_true(number >= 0 && (size_t)number < profile->n_string_table);
	return profile->string_table[number];
}

static inline uint64_t next_varint(const struct read *read, size_t *at)
{
	uint64_t value = 0;

	for (int shift = 0;; shift += 7) {
		assert_true(*at < read->size && shift < 64);
		value |= (uint64_t)(read->bytes[*at] & 0x7f) << shift;
		if (!(read->bytes[(*at)++] & 0x80))
			return value;
	}
}

/* How often a field of the profile itself is there: of two profiles in one file time_nanos is twice. */
static inline unsigned int occurrences(const struct read *read, uint64_t field)
{
	unsigned int nr = 0;

	for (size_t at = 0; at < read->size;) {
		uint64_t tag = next_varint(read, &at);
		uint64_t value = next_varint(read, &at);

		assert_true((tag & 7) == 0 || (tag & 7) == 2);
		at += (tag & 7) == 2 ? value : 0;
		nr += tag >> 3 == field;
	}
	return nr;
}

static inline void check_strings(const Pprof__Profile *profile)
{
	assert_true(profile->n_string_table > 0);
	assert_string_equal(profile->string_table[0], "");
	for (size_t i = 0; i < profile->n_string_table; i++) {
		char *escaped = escape_text(profile->string_table[i]);

		assert_string_equal(profile->string_table[i], escaped);
		assert_true(strlen(escaped) <= 65535);
		free(escaped);
	}
}

static inline int compare_addresses(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static inline void check_locations(const Pprof__Profile *profile)
{
	uint64_t *addresses = calloc(profile->n_location + 1, sizeof(addresses[0]));

	for (size_t i = 0; i < profile->n_location; i++) {
		const Pprof__Location *location = profile->location[i];
		const Pprof__Mapping *mapping;

		assert_int_equal(location->id, i + 1);
		assert_true(location->mapping_id > 0 && location->mapping_id <= profile->n_mapping);
		mapping = profile->mapping[location->mapping_id - 1];
		assert_true(location->address > mapping->memory_start &&
			    location->address < mapping->memory_limit);
		assert_true(location->address < INT64_MAX);
		/* without one, it has what a server names it by */
		assert_true(location->n_line > 0 ||
			    (!mapping->has_functions && *text_of(profile, mapping->build_id)));
		assert_true(location->n_line <= 1 || mapping->has_inline_frames);
		for (size_t k = 0; k < location->n_line; k++)
			assert_true(location->line[k]->function_id > 0 &&
				    location->line[k]->function_id <= profile->n_function);
		addresses[i] = location->address;
	}
	qsort(addresses, profile->n_location, sizeof(addresses[0]), compare_addresses);
	for (size_t i = 1; i < profile->n_location; i++)
		assert_true(addresses[i - 1] != addresses[i]);
	free(addresses);
}

static inline void check_labels(const Pprof__Profile *profile, const Pprof__Sample *sample)
{
	for (size_t i = 0; i < sample->n_label; i++) {
		const Pprof__Label *label = sample->label[i];

		assert_true(*text_of(profile, label->key) != '\0');
		assert_true(strncmp(text_of(profile, label->key), "pprof::", 7) != 0);
		if (label->str)
			assert_true(*text_of(profile, label->str) && !label->num &&
				    !label->num_unit);
		else
			assert_true(*text_of(profile, label->num_unit));
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(label->key, sample->label[k]->key);
	}
}

static inline void check_samples(const Pprof__Profile *profile)
{
	for (size_t i = 0; i < profile->n_sample; i++) {
		const Pprof__Sample *sample = profile->sample[i];

		assert_int_equal(sample->n_value, profile->n_sample_type);
		assert_true(sample->value[0] >= 0 && sample->value[1] > 0);
		assert_true(sample->n_location_id > 0 && sample->n_location_id <= 1000);
		for (size_t k = 0; k < sample->n_location_id; k++)
			assert_true(sample->location_id[k] > 0 &&
				    sample->location_id[k] <= profile->n_location);
		check_labels(profile, sample);
	}
}

static inline void check_type(const Pprof__Profile *profile, const Pprof__ValueType *type,
			      const char *name, const char *unit)
{
	assert_non_null(type);
	assert_string_equal(text_of(profile, type->type), name);
	assert_string_equal(text_of(profile, type->unit), unit);
}

static inline void check_rules(const struct read *read)
{
	const Pprof__Profile *profile = read->profile;

	assert_int_equal(profile->base.n_unknown_fields, 0);
	check_strings(profile);
	assert_int_equal(profile->n_sample_type, 2);
	check_type(profile, profile->sample_type[0], "contentions", "count");
	check_type(profile, profile->sample_type[1], "delay", "nanoseconds");
	check_type(profile, profile->period_type, "contentions", "count");
	assert_int_equal(profile->period, 1);
	assert_int_equal(profile->default_sample_type, profile->sample_type[1]->type);
	assert_true(profile->time_nanos > 0);
	assert_int_equal(occurrences(read, 9), 1);
	assert_true(profile->n_mapping > 0);
	for (size_t i = 0; i < profile->n_mapping; i++) {
		const Pprof__Mapping *mapping = profile->mapping[i];

		assert_int_equal(mapping->id, i + 1);
		assert_true(mapping->memory_start > 0 && !(mapping->memory_start & 4095));
		assert_true(*text_of(profile, mapping->filename) != '\0');
		assert_true(mapping->has_filenames && mapping->has_line_numbers);
		text_of(profile, mapping->build_id);
		for (size_t k = 0; k < i; k++)
			assert_true(mapping->memory_start >= profile->mapping[k]->memory_limit ||
				    mapping->memory_limit <= profile->mapping[k]->memory_start);
	}
	for (size_t i = 0; i < profile->n_function; i++) {
		assert_int_equal(profile->function[i]->id, i + 1);
		assert_int_equal(profile->function[i]->base.n_unknown_fields, 0);
		assert_true(*text_of(profile, profile->function[i]->name) != '\0');
		text_of(profile, profile->function[i]->filename);
	}
	check_locations(profile);
	check_samples(profile);
}

#endif
