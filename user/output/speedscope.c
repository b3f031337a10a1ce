// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * speedscope.c - JSON for speedscope (file-format-schema.json), a profile a loop,
 * that with most time first. A stack is as in folded.c, without process and
 * thread, which are the profile's name. Samples are written one by one: as one
 * JSON value they would take many times the memory of the profile.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "base/strings.h"
#include "output/formats.h"
#include "output/keys.h"
#include "output/profile.h"
#include "output/sink.h"

struct speedscope {
	const struct profile *profile;
	struct sink *sink;
	struct keys *
		names; /* frames that are no frames of a stack: tasks, causes; numbered behind those */
	size_t room; /* of names, without a bound: the profile has one */
	int err;
};

/* Samples of one loop: a part of the sorted entries. */
struct group {
	const struct tally_entry *const *entries;
	size_t nr;
	uint64_t ns;
};

static void put(struct speedscope *out, const char *text)
{
	sink_write(out->sink, text, strlen(text));
}

static void put_number(struct speedscope *out, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	put(out, text);
}

static void put_list_number(struct speedscope *out, bool first, uint64_t number)
{
	if (!first)
		put(out, ",");
	put_number(out, number);
}

/* Takes the value. */
static void put_json(struct speedscope *out, json_t *value)
{
	__freeing char *text =
		value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_ENSURE_ASCII)
		      : NULL;

	json_decref(value);
	if (text)
		put(out, text);
	else
		out->err = -ENOMEM;
}

/* -- the table of frames -- */

static uint32_t name_number(struct speedscope *out, const char *name)
{
	uint32_t number = 0;
	int err = keys_add(out->names, name, strlen(name) + 1, &number);

	out->err = out->err ? out->err : err;
	return (uint32_t)profile_nr_frames(out->profile) + number;
}

/* What groups and colours the frame: its file, or what it is in. */
static const char *file_of(const struct frame *frame)
{
	if (frame->kind == FRAME_KERNEL)
		return "[kernel]";
	if (frame->file)
		return base_name(frame->file);
	return frame->module ? base_name(frame->module) : NULL;
}

static void put_frame(struct speedscope *out, const struct frame *frame)
{
	const char *place = file_of(frame);
	__freeing char *name = escape_text(frame->fn), *file = escape_text(place ? place : "");
	json_t *value = json_object();

	if (!name || !file || json_object_set_new(value, "name", json_string(name)) ||
	    (place && json_object_set_new(value, "file", json_string(file))) ||
	    (frame->file && frame->line &&
	     json_object_set_new(value, "line", json_integer(frame->line))))
		out->err = -ENOMEM;
	put_json(out, value);
}

static void put_frames(struct speedscope *out)
{
	size_t nr = profile_nr_frames(out->profile);

	for (uint32_t i = 0; i < nr + keys_size(out->names); i++) {
		struct frame frame = { .kind = FRAME_NATIVE };

		if (i < nr)
			frame = profile_frame(out->profile, i);
		else
			frame.fn = keys_at(out->names, i - (uint32_t)nr, NULL);
		put(out, i ? ",\n" : "\n");
		put_frame(out, &frame);
	}
}

/* -- a profile -- */

static void put_cause(struct speedscope *out, bool first, enum cause cause)
{
	char name[32];

	snprintf(name, sizeof(name), "[%s]", cause_name(cause));
	put_list_number(out, first, name_number(out, name));
}

/* Outermost first. */
static void put_sample(struct speedscope *out, const struct profile_sample *sample)
{
	const char *task = profile_string(out->profile, sample->task);
	bool first = true;

	put(out, "[");
	if (task)
		put_list_number(out, true, name_number(out, task));
	first = !task;
	if (sample->cut)
		put_list_number(out, first, name_number(out, "[cut]"));
	first &= !sample->cut;
	for (uint32_t i = sample->nr; i-- > 0; first = false)
		put_list_number(out, first, sample->frames[i]);
	put_cause(out, first, (enum cause)sample->cause);
	put(out, "]");
}

static void open_profile(struct speedscope *out, const char *name, uint64_t ns)
{
	put(out, "{\"type\":\"sampled\",\"name\":");
	put_json(out, json_string(name));
	put(out, ",\"unit\":\"nanoseconds\",\"startValue\":0,\"endValue\":");
	put_number(out, ns);
	put(out, ",\"samples\":[");
}

/* "python3[4242] worker[4243] asyncio", and "web1 " before it where there are several machines */
static char *group_name(const struct speedscope *out, const struct group *group)
{
	const struct profile_sample *sample = profile_sample_of(group->entries[0]);
	const char *runtime = profile_string(out->profile, sample->runtime);
	const char *comm = profile_string(out->profile, sample->comm);
	const char *host = profile_host(out->profile, sample);
	__freeing char *machine = escape_text(host ? host : "");
	__freeing char *process = escape_text(profile_process(out->profile, sample));
	__freeing char *thread = escape_text(comm ? comm : "");
	__freeing char *loop = escape_text(runtime ? runtime : "");
	char *name = NULL, own[64] = "";

	if (!machine || !process || !thread || !loop)
		return NULL;
	if (sample->tid != sample->pid)
		snprintf(own, sizeof(own), "[%d]", sample->tid);
	if (asprintf(&name, "%s%s%s[%d]%s%s%s%s%s", machine, host ? " " : "", process, sample->pid,
		     *own ? " " : "", *own ? thread : "", own, *loop ? " " : "", loop) < 0)
		return NULL;
	return name;
}

static void put_group(struct speedscope *out, const struct group *group)
{
	__freeing char *name = group_name(out, group);

	if (!name) {
		out->err = -ENOMEM;
		return;
	}
	open_profile(out, name, group->ns);
	for (size_t i = 0; i < group->nr && !out->err; i++) {
		put(out, i ? ",\n" : "\n");
		put_sample(out, profile_sample_of(group->entries[i]));
	}
	put(out, "],\"weights\":[");
	for (size_t i = 0; i < group->nr; i++)
		put_list_number(out, !i, group->entries[i]->ns);
	put(out, "]}");
}

/* Time that there was no memory for. Also where there is nothing at all: a file needs a profile. */
static void put_lost(struct speedscope *out, size_t nr_groups)
{
	uint64_t sum = 0;
	size_t nr = 0;

	for (int cause = 0; cause < CAUSE_NR; cause++)
		sum = add_saturated(sum, profile_lost(out->profile, (enum cause)cause)->ns);
	if (!sum && nr_groups)
		return;
	put(out, nr_groups ? ",\n" : "\n");
	open_profile(out, sum ? "[lost]" : "nothing was blocked", sum);
	for (int cause = 0; cause < CAUSE_NR; cause++) {
		if (!profile_lost(out->profile, (enum cause)cause)->ns)
			continue;
		put(out, nr++ ? ",[" : "[");
		put_cause(out, true, (enum cause)cause);
		put(out, "]");
	}
	put(out, "],\"weights\":[");
	nr = 0;
	for (int cause = 0; cause < CAUSE_NR; cause++) {
		uint64_t ns = profile_lost(out->profile, (enum cause)cause)->ns;

		if (ns)
			put_list_number(out, !nr++, ns);
	}
	put(out, "]}");
}

/* -- which samples are a loop's -- */

static int compare_loops(const struct profile_sample *a, const struct profile_sample *b)
{
	int order = compare_numbers(a->host, b->host);

	order = order ? order : compare_numbers((uint64_t)a->pid, (uint64_t)b->pid);
	order = order ? order : compare_numbers(a->loop, b->loop);
	/* the threads of a loop that is not known are told apart */
	return order || a->loop ? order : compare_numbers((uint64_t)a->tid, (uint64_t)b->tid);
}

static int compare_entries(const void *left, const void *right)
{
	const struct tally_entry *const *a = left, *const *b = right;
	int order = compare_loops(profile_sample_of(*a), profile_sample_of(*b));

	return order ? order : -compare_numbers((*a)->ns, (*b)->ns);
}

static int compare_groups(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	return -compare_numbers(a->ns, b->ns);
}

static size_t make_groups(struct group *groups, const struct tally_entry *const *entries, size_t nr)
{
	size_t nr_groups = 0;

	for (size_t i = 0; i < nr; i++) {
		struct group *group = &groups[nr_groups];

		if (!i || compare_loops(profile_sample_of(entries[i - 1]),
					profile_sample_of(entries[i]))) {
			*group = (struct group){ .entries = &entries[i] };
			nr_groups++;
		} else {
			group--;
		}
		group->nr++;
		group->ns = add_saturated(group->ns, entries[i]->ns);
	}
	qsort(groups, nr_groups, sizeof(groups[0]), compare_groups);
	return nr_groups;
}

static void put_profiles(struct speedscope *out)
{
	struct tally *samples = profile_samples(out->profile);
	size_t nr = tally_size(samples), nr_groups;
	__freeing const struct tally_entry **entries = calloc(nr + 1, sizeof(entries[0]));
	__freeing struct group *groups = calloc(nr + 1, sizeof(groups[0]));

	if (!entries || !groups) {
		out->err = -ENOMEM;
		return;
	}
	if (nr)
		memcpy(entries, tally_by_ns(samples), nr * sizeof(entries[0]));
	qsort(entries, nr, sizeof(entries[0]), compare_entries);
	nr_groups = make_groups(groups, entries, nr);
	for (size_t i = 0; i < nr_groups && !out->err; i++) {
		put(out, i ? ",\n" : "\n");
		put_group(out, &groups[i]);
	}
	put_lost(out, nr_groups);
}

static int write_speedscope(struct profile *profile, struct sink *sink)
{
	struct speedscope out = { .profile = profile, .sink = sink, .room = SIZE_MAX };

	if (keys_new(&out.names, SIZE_MAX, &out.room))
		return -ENOMEM;
	put(&out, "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
		  "\"exporter\":\"blockprof\",\"activeProfileIndex\":0,\"profiles\":[");
	put_profiles(&out);
	put(&out, "],\"shared\":{\"frames\":[");
	put_frames(&out);
	put(&out, "]}}\n");
	keys_free(out.names);
	return out.err;
}

static int speedscope_close(void *state)
{
	return profile_close(state, write_speedscope);
}

static const char *const suffixes[] = { ".speedscope.json", ".speedscope.json.gz", NULL };

const struct output_format output_speedscope = {
	PROFILE_CALLBACKS,
	.name = "speedscope",
	.suffixes = suffixes,
	.close = speedscope_close,
};
