// SPDX-License-Identifier: GPL-2.0-or-later
/* label_sets.c - which set a loop counts in, and which set has to go when there are too many. */
#include "web/label_sets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "model/home.h"

#define SEATS 8192 /* more than there can be loops at a time */

struct seat {
	uint64_t loop; /* 0: it is free */
	pid_t pid;
	uint32_t set;
	uint32_t missed; /* how often it was not there */
};

struct label_sets {
	struct label_set v[LABEL_SETS_MAX]; /* the first is of those without one */
	size_t nr;
	struct seat seats[SEATS]; /* by number, else at the next that is free */
	size_t taken;
	uint64_t clock;
	uint64_t without;
};

static void clear(struct label_set *set)
{
	free(set->comm);
	free(set->runtime);
	free(set->unit);
	free(set->container);
	free(set->pod);
	free(set->namespace);
	*set = (struct label_set){ 0 };
}

int label_sets_new(struct label_sets **out)
{
	struct label_sets *sets = calloc(1, sizeof(*sets));

	*out = sets;
	if (!sets)
		return -ENOMEM;
	sets->nr = 1;
	return copy_string(&sets->v[0].comm, LABEL_OTHER);
}

void label_sets_free(struct label_sets *sets)
{
	for (size_t i = 0; sets && i < sets->nr; i++)
		clear(&sets->v[i]);
	free(sets);
}

static struct seat *seat_of(struct label_sets *sets, uint64_t loop)
{
	size_t i = loop % SEATS;

	while (sets->seats[i].loop && sets->seats[i].loop != loop)
		i = (i + 1) % SEATS;
	return &sets->seats[i];
}

static struct label_set *use(struct label_sets *sets, size_t i)
{
	sets->v[i].used = ++sets->clock;
	return &sets->v[i];
}

/* What was counted since before. */
static void add_counted(struct counters *to, const struct counters *from,
			const struct counters *before)
{
	for (unsigned int i = 0; i < LENGTH_BUCKETS; i++)
		to->turns[i] += from->turns[i] - before->turns[i];
	for (unsigned int i = 0; i < CAUSE_NR; i++) {
		to->stalls[i] += from->stalls[i] - before->stalls[i];
		to->stall_ns[i] += from->stall_ns[i] - before->stall_ns[i];
		to->blocked_ns[i] += from->blocked_ns[i] - before->blocked_ns[i];
	}
	for (unsigned int i = 0; i < NOTE_KIND_NR; i++)
		to->notes[i] += from->notes[i] - before->notes[i];
	to->busy_ns += from->busy_ns - before->busy_ns;
	to->delayed_events += from->delayed_events - before->delayed_events;
}

/* The one of whose loops none is left, that has counted nothing for longest. 0: there is none. */
static size_t find_unused(const struct label_sets *sets)
{
	bool has_seat[LABEL_SETS_MAX] = { false };
	size_t found = 0;

	for (size_t i = 0; i < SEATS; i++)
		if (sets->seats[i].loop)
			has_seat[sets->seats[i].set] = true;
	for (size_t i = 1; i < sets->nr; i++)
		if (!sets->v[i].counters.loops && !has_seat[i] &&
		    (!found || sets->v[i].used < sets->v[found].used))
			found = i;
	return found;
}

/*
 * A place for another one; 0: none. Of the set that had it, the rest gets what no scrape has shown:
 * whoever adds up the increases of all series has the others already.
 */
static size_t make_room(struct label_sets *sets)
{
	size_t i = sets->nr;

	if (sets->nr < LABEL_SETS_MAX) {
		sets->nr++;
		return i;
	}
	i = find_unused(sets);
	if (i) {
		add_counted(&use(sets, 0)->counters, &sets->v[i].counters, &sets->v[i].shown);
		clear(&sets->v[i]);
	}
	return i;
}

static bool is_of(const struct label_set *set, const struct loop_record *loop)
{
	const struct home home = loop_home(loop);
	char room[HOME_SHORT_BYTES];

	return same_string(set->comm, loop->id.comm) &&
	       same_string(set->runtime, loop->id.runtime) && same_string(set->unit, loop->unit) &&
	       same_string(set->container, home_container(&home, room)) &&
	       same_string(set->pod, loop->pod) && same_string(set->namespace, loop->namespace);
}

/* Its number; 0: that of the rest. */
static size_t set_of(struct label_sets *sets, const struct loop_record *loop)
{
	const struct home home = loop_home(loop);
	char room[HOME_SHORT_BYTES];
	struct label_set *set;
	size_t i;

	for (i = 1; i < sets->nr; i++)
		if (is_of(&sets->v[i], loop))
			return i;
	i = make_room(sets);
	set = &sets->v[i];
	if (!i || copy_string(&set->comm, loop->id.comm) ||
	    copy_string(&set->runtime, loop->id.runtime) || copy_string(&set->unit, loop->unit) ||
	    copy_string(&set->container, home_container(&home, room)) ||
	    copy_string(&set->pod, loop->pod) || copy_string(&set->namespace, loop->namespace)) {
		sets->without++;
		return 0;
	}
	return i;
}

void label_sets_put(struct label_sets *sets, const struct loop_record *loop)
{
	struct seat *seat;

	if (!loop->id.loop)
		return;
	seat = seat_of(sets, loop->id.loop);
	/* one place has to stay free, by which a search ends */
	if (!seat->loop && sets->taken == SEATS - 1) {
		sets->without++;
		return;
	}
	sets->taken += !seat->loop;
	*seat = (struct seat){
		.loop = loop->id.loop,
		.pid = loop->id.pid,
		.set = (uint32_t)set_of(sets, loop),
	};
}

struct label_set *label_sets_of(struct label_sets *sets, const struct thread_id *id)
{
	const struct seat *seat = id->loop ? seat_of(sets, id->loop) : NULL;

	return use(sets, seat && seat->loop ? seat->set : 0);
}

struct label_set *label_sets_of_process(struct label_sets *sets, pid_t pid)
{
	for (size_t i = 0; i < SEATS; i++)
		if (sets->seats[i].loop && sets->seats[i].pid == pid)
			return use(sets, sets->seats[i].set);
	return use(sets, 0);
}

void label_sets_begin(struct label_sets *sets)
{
	struct seat *before = malloc(sizeof(sets->seats));

	for (size_t i = 0; i < sets->nr; i++)
		sets->v[i].counters.loops = 0;
	if (!before)
		return;
	memcpy(before, sets->seats, sizeof(sets->seats));
	label_sets_forget_loops(sets);
	for (size_t i = 0; i < SEATS; i++) {
		if (!before[i].loop || before[i].missed > 1)
			continue;
		before[i].missed++;
		*seat_of(sets, before[i].loop) = before[i];
		sets->taken++;
	}
	free(before);
}

void label_sets_live(struct label_sets *sets, const struct thread_id *id)
{
	struct seat *seat = id->loop ? seat_of(sets, id->loop) : NULL;

	if (seat && seat->loop)
		seat->missed = 0;
	sets->v[seat && seat->loop ? seat->set : 0].counters.loops++;
}

void label_sets_forget_loops(struct label_sets *sets)
{
	memset(sets->seats, 0, sizeof(sets->seats));
	sets->taken = 0;
}

size_t label_sets_nr(const struct label_sets *sets)
{
	return sets->nr;
}

const struct label_set *label_sets_at(const struct label_sets *sets, size_t i)
{
	return &sets->v[i];
}

void label_sets_shown(struct label_sets *sets)
{
	for (size_t i = 0; i < sets->nr; i++)
		sets->v[i].shown = sets->v[i].counters;
}

uint64_t label_sets_without(const struct label_sets *sets)
{
	return sets->without;
}
