// SPDX-License-Identifier: GPL-2.0-or-later
/* profile_view.c - which of a profile's samples a view has, while it goes on. */
#include "output/profile_view.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "output/profile_private.h"

int profile_new(struct profile **out, const struct output_options *options)
{
	void *state = NULL;
	int err = profile_open_with_addresses(&state, NULL, options);

	*out = state;
	return err;
}

void profile_set_options(struct profile *profile, const struct output_options *options)
{
	profile->stalls_only = options->stalls_only;
	profile->match = options->match;
}

static int copy_samples(struct tally *to, struct tally *from)
{
	int err = 0;

	for (size_t i = 0; i < tally_size(from) && !err; i++) {
		const struct tally_entry *entry = tally_at(from, i);

		err = tally_add_bytes(to, entry->key, entry->size, entry->ns, entry->count);
	}
	return err;
}

void profile_clear_mark(struct profile *profile, unsigned int mark)
{
	tally_free(profile->marks[mark].samples);
	profile->marks[mark].samples = NULL;
}

int profile_set_mark(struct profile *profile, unsigned int mark)
{
	struct profile_mark *made = &profile->marks[mark];
	int err;

	profile_clear_mark(profile, mark);
	err = tally_new(&made->samples, MAX_SAMPLES, profile->bytes / 2);
	if (!err)
		err = copy_samples(made->samples, profile->samples);
	memcpy(made->lost, profile->lost, sizeof(made->lost));
	if (err)
		profile_clear_mark(profile, mark);
	return err;
}

/* The key of a sample for a view. */
static void merge(struct profile_sample *sample)
{
	sample->loop = 0;
	sample->tid = 0;
	sample->comm = 0;
	sample->task = 0;
}

static int add_entry(struct tally *to, const struct tally_entry *entry,
		     const struct profile_mark *mark, bool merged)
{
	const struct tally_entry *before =
		mark ? tally_find(mark->samples, entry->key, entry->size) : NULL;
	uint64_t ns = subtract_saturated(entry->ns, before ? before->ns : 0);
	uint64_t count = subtract_saturated(entry->count, before ? before->count : 0);
	__freeing struct profile_sample *sample = malloc(entry->size);

	if (!ns && !count)
		return 0;
	if (!sample)
		return -ENOMEM;
	memcpy(sample, entry->key, entry->size);
	if (merged)
		merge(sample);
	return tally_add_bytes(to, sample, entry->size, ns, count);
}

static int select_samples(struct profile *profile, const struct profile_mark *mark, bool merged,
			  struct tally *to)
{
	int err = 0;

	for (size_t i = 0; i < tally_size(profile->samples) && !err; i++)
		err = add_entry(to, tally_at(profile->samples, i), mark, merged);
	return err;
}

static void take_off(struct profile_lost lost[CAUSE_NR], const struct profile_mark *mark)
{
	for (int cause = 0; cause < CAUSE_NR; cause++) {
		lost[cause].ns = subtract_saturated(lost[cause].ns, mark->lost[cause].ns);
		lost[cause].count = subtract_saturated(lost[cause].count, mark->lost[cause].count);
	}
}

int profile_write_view(struct profile *profile, const struct profile_view *view,
		       profile_write *write, struct sink *sink)
{
	const struct profile_mark *mark = view->mark ? &profile->marks[*view->mark] : NULL;
	/* what a format sees of it meanwhile */
	struct profile shown = *profile;
	struct tally *selected = NULL;
	int err = 0;

	if (mark && !mark->samples)
		return -ENOENT;
	if (mark || view->merged) {
		err = tally_new(&selected, MAX_SAMPLES, profile->bytes / 2);
		if (!err)
			err = select_samples(profile, mark, view->merged, selected);
		shown.samples = selected;
	}
	if (mark)
		take_off(shown.lost, mark);
	shown.time_ns = view->time_ns;
	shown.duration_ns = view->duration_ns;
	if (!err)
		err = write(&shown, sink);
	tally_free(selected);
	return err;
}
