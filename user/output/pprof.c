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

#define LABELS_MAX    11
#define LOCATIONS_MAX 1000 /* of a sample: Pyroscope cuts there, and at the inner end */

struct pprof {
	struct profile *profile;
	struct pprof_tables *tables;
	ProtobufCBuffer buffer;
	struct sink *sink;
};

/* A message in the making; all its pointers are into it. */
struct sample {
	Pprof__Sample message;
	uint64_t locations[LOCATIONS_MAX];
	int64_t values[2];
	Pprof__Label labels[LABELS_MAX];
	Pprof__Label *pointers[LABELS_MAX];
};

static void append(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
	sink_write(((struct pprof *)((char *)buffer - offsetof(struct pprof, buffer)))->sink, data,
		   size);
}

/* Parts one behind the other are one profile. */
static void write_part(void *context, const Pprof__Profile *part)
{
	struct pprof *pprof = context;

	pprof__profile__pack_to_buffer(part, &pprof->buffer);
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

static Pprof__Label *next_label(struct sample *sample)
{
	Pprof__Label *label = &sample->labels[sample->message.n_label];

	*label = (Pprof__Label)PPROF__LABEL__INIT;
	sample->pointers[sample->message.n_label++] = label;
	return label;
}

static int add_label(struct pprof *pprof, struct sample *sample, const char *key, const char *value)
{
	Pprof__Label *label;
	int err;

	if (!value || !*value)
		return 0;
	label = next_label(sample);
	err = pprof_string(pprof->tables, key, &label->key);
	return err ? err : pprof_string(pprof->tables, value, &label->str);
}

/* A number without a unit would be lost where it is 0. */
static int add_number(struct pprof *pprof, struct sample *sample, const char *key, int64_t value)
{
	Pprof__Label *label = next_label(sample);
	int err = pprof_string(pprof->tables, key, &label->key);

	label->num = value;
	label->num_unit = label->key;
	return err;
}

static int add_labels(struct pprof *pprof, struct sample *sample, const struct profile_sample *from)
{
	const struct profile *profile = pprof->profile;
	int err = add_label(pprof, sample, "cause", cause_name((enum cause)from->cause));

	err = err ? err : add_label(pprof, sample, "comm", profile_process(profile, from));
	err = err ? err : add_label(pprof, sample, "host", profile_host(profile, from));
	err = err ? err : add_label(pprof, sample, "thread", profile_string(profile, from->comm));
	err = err ? err
		  : add_label(pprof, sample, "runtime", profile_string(profile, from->runtime));
	err = err ? err : add_label(pprof, sample, "task", profile_string(profile, from->task));
	err = err ? err : add_label(pprof, sample, "unit", profile_string(profile, from->unit));
	err = err ? err
		  : add_label(pprof, sample, "container", profile_string(profile, from->container));
	err = err ? err : add_label(pprof, sample, "pod", profile_string(profile, from->pod));
	err = err ? err : add_number(pprof, sample, "pid", from->pid);
	return err || !from->tid ? err : add_number(pprof, sample, "tid", from->tid);
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

	while (inlined + 1 < nr && profile_frame(profile, frames[inlined]).inlined)
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
	err = add_label(pprof, sample, "cause", cause_name(cause));
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
	struct pprof pprof = {
		.profile = profile,
		.buffer = { .append = append },
		.sink = sink,
	};
	int err = pprof_tables_new(&pprof.tables, profile);

	err = err ? err : pprof_main_mapping(pprof.tables, profile_exe(profile));
	err = err ? err : write_header(&pprof);
	err = err ? err : write_samples(&pprof);
	err = err ? err : pprof_tables_write(pprof.tables, write_part, &pprof);
	pprof_tables_free(pprof.tables);
	return err;
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
