// SPDX-License-Identifier: GPL-2.0-or-later
/* profile_room.c - what goes when a profile is nearly full, and in what it is added up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "output/profile_private.h"

#define OTHER "[other]"
/* Of its room in eighths: how full it is then, and what the larger samples may take afterwards. */
#define FULL 7
#define KEPT 4

/* Its sample's key with the numbers of another profile's tables. */
static int translate(const struct profile *from, struct profile *to, struct profile_sample *sample)
{
	uint32_t *const strings[] = { &sample->comm, &sample->runtime,	 &sample->task,
				      &sample->unit, &sample->container, &sample->pod };
	int err = 0;

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]) && !err; i++)
		err = profile_add_string(to, profile_string(from, *strings[i]), strings[i]);
	for (uint32_t i = 0; i < sample->nr && !err; i++) {
		const struct frame frame = profile_frame(from, sample->frames[i]);

		err = profile_add_frame(to, &frame, &sample->frames[i]);
	}
	return err;
}

/* The key of those that are not kept. It has room for one frame. */
static int make_other(struct profile *to, struct profile_sample *sample)
{
	const struct frame frame = { .kind = FRAME_NATIVE, .fn = OTHER };

	sample->loop = 0;
	sample->tid = 0;
	sample->comm = 0;
	sample->task = 0;
	sample->cut = 0;
	sample->nr = 1;
	return profile_add_frame(to, &frame, &sample->frames[0]);
}

static size_t bytes_of(const struct profile_sample *sample)
{
	return offsetof(struct profile_sample, frames) + sample->nr * sizeof(sample->frames[0]);
}

static int add(const struct profile *from, struct profile *to, struct tally *tally,
	       const struct tally_entry *entry, bool kept)
{
	__freeing struct profile_sample *sample =
		calloc(1, entry->size + sizeof(sample->frames[0]));
	int err;

	if (!sample)
		return -ENOMEM;
	memcpy(sample, entry->key, entry->size);
	if (!kept)
		sample->nr = 0;
	err = translate(from, to, sample);
	if (!err && !kept)
		err = make_other(to, sample);
	return err ? err
		   : tally_add_bytes(tally, sample, bytes_of(sample), entry->ns, entry->count);
}

/* What was there at a mark has to be found in the same samples. */
static int move_mark(const struct profile *from, struct profile *to, unsigned int mark,
		     struct tally *kept)
{
	struct tally *before = from->marks[mark].samples, *after;
	const struct tally_entry *const *entries;
	int err;

	if (!before)
		return 0;
	err = tally_new(&after, MAX_SAMPLES, to->bytes / 2);
	to->marks[mark].samples = after;
	entries = tally_by_key(before);
	for (size_t i = 0; i < tally_size(before) && !err; i++)
		err = add(from, to, after, entries[i],
			  tally_find(kept, entries[i]->key, entries[i]->size) != NULL);
	return err;
}

/* Where the processes of samples belong. */
static int move_homes(const struct profile *from, struct profile *to)
{
	int err = 0;

	for (uint32_t i = 0; i < keys_size(from->processes) && !err; i++) {
		const struct process_key *key = keys_at(from->processes, i, NULL);
		struct profile_home home;
		uint32_t number;

		err = profile_add_string(to, profile_string(from, from->homes[i].unit), &home.unit);
		err = err ? err
			  : profile_add_string(to, profile_string(from, from->homes[i].container),
					       &home.container);
		err = err ? err
			  : profile_add_string(to, profile_string(from, from->homes[i].pod),
					       &home.pod);
		err = err ? err : keys_add(to->processes, key, sizeof(*key), &number);
		if (!err)
			to->homes[number] = home;
	}
	return err == -ENOSPC ? 0 : err;
}

static int move(struct profile *from, struct profile *to, struct tally *kept)
{
	const struct tally_entry *const *entries = tally_by_ns(from->samples);
	size_t nr = tally_size(from->samples);
	int err = move_homes(from, to);

	for (size_t i = 0; i < nr && !err; i++) {
		bool keeps = i < nr / 2 && tally_bytes(to->samples) < to->bytes / 2 * KEPT / 8 &&
			     *to->room > to->bytes / 2 * (8 - KEPT) / 8;

		if (keeps)
			err = tally_add_bytes(kept, entries[i]->key, entries[i]->size, 0, 0);
		err = err ? err : add(from, to, to->samples, entries[i], keeps);
	}
	for (unsigned int mark = 0; mark < PROFILE_MARKS && !err; mark++)
		err = move_mark(from, to, mark, kept);
	return err;
}

static bool is_full(const struct profile *profile)
{
	return tally_size(profile->samples) > MAX_TASKED / 8 * FULL ||
	       tally_bytes(profile->samples) > profile->bytes / 2 / 8 * FULL ||
	       *profile->room < profile->bytes / 2 / 8 * (8 - FULL);
}

int profile_make_room(struct profile *profile)
{
	struct profile made = *profile, old = *profile;
	struct tally *kept = NULL;
	int err;

	if (!is_full(profile))
		return 0;
	made.strings = made.frames = made.processes = NULL;
	made.samples = NULL;
	made.homes = NULL;
	made.room = NULL;
	for (unsigned int i = 0; i < PROFILE_MARKS; i++)
		made.marks[i].samples = NULL;
	err = profile_new_tables(&made);
	err = err ? err : tally_new(&kept, MAX_SAMPLES, profile->bytes / 2);
	err = err ? err : move(profile, &made, kept);
	tally_free(kept);
	if (err)
		old = made;
	else
		*profile = made;
	/* whichever is not used any more */
	profile_free_tables(&old);
	for (unsigned int i = 0; i < PROFILE_MARKS; i++)
		tally_free(old.marks[i].samples);
	return err;
}
