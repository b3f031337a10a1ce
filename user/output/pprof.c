// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pprof.c - gzip'd profile.proto with the sample types of Go's block profile, for
 * `go tool pprof`, Pyroscope, Parca. Labels say whose time it is, and why it was
 * lost. `[cut]` stands where outer frames are missing; what has no stack is in a
 * frame called like its cause, what there was no room for in `[lost]`.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "output/formats.h"
#include "output/pprof_tables.h"
#include "output/sink.h"

#define LOCATIONS_MAX 1000 /* of a sample: Pyroscope cuts there, and at the inner end */

enum label_key {
	LABEL_CAUSE,
	LABEL_COMM,
	LABEL_HOST,
	LABEL_THREAD,
	LABEL_RUNTIME,
	LABEL_TASK,
	LABEL_UNIT,
	LABEL_CONTAINER,
	LABEL_POD,
	LABEL_PID,
	LABEL_TID,
	LABEL_NR
};

static const char *const label_keys[LABEL_NR] = {
	[LABEL_CAUSE] = "cause",     [LABEL_COMM] = "comm",
	[LABEL_HOST] = "host",	     [LABEL_THREAD] = "thread",
	[LABEL_RUNTIME] = "runtime", [LABEL_TASK] = "task",
	[LABEL_UNIT] = "unit",	     [LABEL_CONTAINER] = "container",
	[LABEL_POD] = "pod",	     [LABEL_PID] = "pid",
	[LABEL_TID] = "tid",
};

struct pprof {
	struct profile *profile;
	struct pprof_tables *tables;
	/* Numbers of our own words; 0: not asked for yet. */
	int64_t keys[LABEL_NR];
	int64_t causes[CAUSE_NR];
	struct sink *sink;
	uint8_t *packed; /* the part that is written */
	size_t packed_bytes; /* that it has room for */
	int error;
};

/* A message in the making; all its pointers are into it. */
struct sample {
	Pprof__Sample message;
	uint64_t locations[LOCATIONS_MAX];
	int64_t values[2];
	Pprof__Label labels[LABEL_NR];
	Pprof__Label *pointers[LABEL_NR];
};

/* Room for so many bytes. */
static uint8_t *room_for(struct pprof *pprof, size_t bytes)
{
	uint8_t *grown;

	if (bytes <= pprof->packed_bytes)
		return pprof->packed;
	grown = realloc(pprof->packed, 2 * bytes);
	if (!grown) {
		pprof->error = -ENOMEM;
		return NULL;
	}
	pprof->packed = grown;
	pprof->packed_bytes = 2 * bytes;
	return grown;
}

/* Parts one behind the other are one profile. */
static void write_part(void *context, const Pprof__Profile *part)
{
	struct pprof *pprof = context;
	/* by the other of its functions protobuf-c writes each number with a call */
	uint8_t *packed = room_for(pprof, pprof__profile__get_packed_size(part));

	if (packed)
		sink_write(pprof->sink, packed, pprof__profile__pack(part, packed));
}

/* -- what there is only one of -- */

static int value_type(struct pprof *pprof, Pprof__ValueType *out, const char *type,
		      const char *unit)
{
	int err;

	*out = (Pprof__ValueType)PPROF__VALUE_TYPE__INIT;
	err = pprof_string(pprof->tables, type, &out->type);
	return err ? err : pprof_string(pprof->tables, unit, &out->unit);
}

static int write_header(struct pprof *pprof)
{
	uint64_t time_ns = profile_time_ns(pprof->profile);
	Pprof__ValueType contentions, delay, *types[] = { &contentions, &delay };
	Pprof__Profile part = PPROF__PROFILE__INIT;
	int err = value_type(pprof, &contentions, "contentions", "count");

	err = err ? err : value_type(pprof, &delay, "delay", "nanoseconds");
	if (err)
		return err;
	part.n_sample_type = 2;
	part.sample_type = types;
	part.default_sample_type = delay.type;
	part.period_type = &contentions;
	part.period = 1;
	/* readers take it for no profile where it is 0 */
	part.time_nanos = (int64_t)(time_ns ? time_ns : clock_read_ns(CLOCK_REALTIME));
	part.duration_nanos = (int64_t)profile_duration_ns(pprof->profile);
	write_part(pprof, &part);
	return 0;
}

/* -- samples -- */

/* One of our own words, whose number is kept. */
static int own_word(struct pprof *pprof, const char *word, int64_t *number)
{
	return *number ? 0 : pprof_string(pprof->tables, word, number);
}

static Pprof__Label *next_label(struct pprof *pprof, struct sample *sample, enum label_key key,
				int *err)
{
	Pprof__Label *label = &sample->labels[sample->message.n_label];

	*err = own_word(pprof, label_keys[key], &pprof->keys[key]);
	*label = (Pprof__Label)PPROF__LABEL__INIT;
	label->key = pprof->keys[key];
	sample->pointers[sample->message.n_label++] = label;
	return label;
}

static int add_label(struct pprof *pprof, struct sample *sample, enum label_key key,
		     const char *value)
{
	Pprof__Label *label;
	int err;

	if (!value || !*value)
		return 0;
	label = next_label(pprof, sample, key, &err);
	return err ? err : pprof_string(pprof->tables, value, &label->str);
}

/* One of the profile's. 0: none. */
static int add_string(struct pprof *pprof, struct sample *sample, enum label_key key,
		      uint32_t string)
{
	Pprof__Label *label;
	int err;

	if (!string)
		return 0;
	label = next_label(pprof, sample, key, &err);
	return err ? err : pprof_profile_string(pprof->tables, string, &label->str);
}

/* A number without a unit would be lost where it is 0. */
static int add_number(struct pprof *pprof, struct sample *sample, enum label_key key, int64_t value)
{
	int err;
	Pprof__Label *label = next_label(pprof, sample, key, &err);

	label->num = value;
	label->num_unit = label->key;
	return err;
}

static int add_cause(struct pprof *pprof, struct sample *sample, enum cause cause)
{
	int err;
	Pprof__Label *label = next_label(pprof, sample, LABEL_CAUSE, &err);

	err = err ? err : own_word(pprof, cause_name(cause), &pprof->causes[cause]);
	label->str = pprof->causes[cause];
	return err;
}

static int add_labels(struct pprof *pprof, struct sample *sample, const struct profile_sample *from)
{
	const struct profile *profile = pprof->profile;
	int err = add_cause(pprof, sample, (enum cause)from->cause);

	err = err ? err : add_label(pprof, sample, LABEL_COMM, profile_process(profile, from));
	err = err ? err : add_label(pprof, sample, LABEL_HOST, profile_host(profile, from));
	err = err ? err : add_string(pprof, sample, LABEL_THREAD, from->comm);
	err = err ? err : add_string(pprof, sample, LABEL_RUNTIME, from->runtime);
	err = err ? err : add_string(pprof, sample, LABEL_TASK, from->task);
	err = err ? err : add_string(pprof, sample, LABEL_UNIT, from->unit);
	err = err ? err : add_string(pprof, sample, LABEL_CONTAINER, from->container);
	err = err ? err : add_string(pprof, sample, LABEL_POD, from->pod);
	err = err ? err : add_number(pprof, sample, LABEL_PID, from->pid);
	return err || !from->tid ? err : add_number(pprof, sample, LABEL_TID, from->tid);
}

static int add_own(struct pprof *pprof, struct sample *sample, const char *name)
{
	return pprof_own_location(pprof->tables, name,
				  &sample->locations[sample->message.n_location_id++]);
}

/* How many frames, from this one on, are one location: what was inlined, and the one in the code. */
static uint32_t frames_of_location(const struct profile *profile, const uint32_t *frames,
				   uint32_t nr)
{
	uint32_t inlined = 0;

	while (inlined + 1 < nr && profile_frame_is_inlined(profile, frames[inlined]))
		inlined++;
	return inlined + 1;
}

static int add_locations(struct pprof *pprof, struct sample *sample,
			 const struct profile_sample *from)
{
	bool cut = from->cut;
	uint32_t nr;
	int err = 0;

	for (uint32_t i = 0; i < from->nr && !err; i += nr) {
		nr = frames_of_location(pprof->profile, &from->frames[i], from->nr - i);
		cut |= sample->message.n_location_id == LOCATIONS_MAX - 1 && i + nr < from->nr;
		if (sample->message.n_location_id == LOCATIONS_MAX - 1 && cut)
			break;
		err = pprof_location(pprof->tables, &from->frames[i], nr,
				     &sample->locations[sample->message.n_location_id++]);
	}
	return !err && cut ? add_own(pprof, sample, "[cut]") : err;
}

static int64_t value_of(uint64_t number)
{
	return number < INT64_MAX ? (int64_t)number : INT64_MAX;
}

static void start_sample(struct sample *sample, uint64_t ns, uint64_t count)
{
	sample->message = (Pprof__Sample)PPROF__SAMPLE__INIT;
	sample->message.location_id = sample->locations;
	sample->message.n_value = 2;
	sample->message.value = sample->values;
	sample->message.label = sample->pointers;
	sample->values[0] = value_of(count);
	sample->values[1] = value_of(ns);
}

static void write_sample(struct pprof *pprof, struct sample *sample)
{
	Pprof__Profile part = PPROF__PROFILE__INIT;
	Pprof__Sample *one = &sample->message;

	part.n_sample = 1;
	part.sample = &one;
	write_part(pprof, &part);
}

static int write_entry(struct pprof *pprof, struct sample *sample, const struct tally_entry *entry)
{
	const struct profile_sample *from = profile_sample_of(entry);
	__freeing char *cause = NULL;
	int err;

	start_sample(sample, entry->ns, entry->count);
	err = add_labels(pprof, sample, from);
	err = err ? err : add_locations(pprof, sample, from);
	if (!err && !from->nr && asprintf(&cause, "[%s]", cause_name((enum cause)from->cause)) < 0)
		cause = NULL;
	if (!err && !from->nr)
		err = cause ? add_own(pprof, sample, cause) : -ENOMEM;
	if (!err)
		write_sample(pprof, sample);
	return err;
}

static int write_lost(struct pprof *pprof, struct sample *sample, enum cause cause)
{
	const struct profile_lost *lost = profile_lost(pprof->profile, cause);
	int err;

	if (!lost->ns)
		return 0;
	start_sample(sample, lost->ns, lost->count);
	err = add_cause(pprof, sample, cause);
	err = err ? err : add_own(pprof, sample, "[lost]");
	if (!err)
		write_sample(pprof, sample);
	return err;
}

static int write_samples(struct pprof *pprof)
{
	struct tally *samples = profile_samples(pprof->profile);
	const struct tally_entry *const *entries = tally_by_ns(samples);
	__freeing struct sample *sample = calloc(1, sizeof(*sample));
	int err = sample ? 0 : -ENOMEM;

	for (size_t i = 0; i < tally_size(samples) && !err; i++)
		err = write_entry(pprof, sample, entries[i]);
	for (int cause = 0; cause < CAUSE_NR && !err; cause++)
		err = write_lost(pprof, sample, (enum cause)cause);
	return err;
}

int pprof_write(struct profile *profile, struct sink *sink)
{
	struct pprof pprof = { .profile = profile, .sink = sink };
	int err = pprof_tables_new(&pprof.tables, profile);

	err = err ? err : pprof_main_mapping(pprof.tables, profile_exe(profile));
	err = err ? err : write_header(&pprof);
	err = err ? err : write_samples(&pprof);
	err = err ? err : pprof_tables_write(pprof.tables, write_part, &pprof);
	pprof_tables_free(pprof.tables);
	free(pprof.packed);
	return err ? err : pprof.error;
}

static int pprof_close(void *state)
{
	return profile_close(state, pprof_write);
}

static const char *const suffixes[] = { ".pb.gz", ".pprof", NULL };

const struct output_format output_pprof = {
	PROFILE_RECORDS,      .open = profile_open_with_addresses,
	.name = "pprof",      .suffixes = suffixes,
	.binary = true,	      .gzip = true,
	.close = pprof_close,
};
