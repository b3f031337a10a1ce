// SPDX-License-Identifier: GPL-2.0-or-later
/* loop_steps.c - how two seconds of a loop become one. */
#include "web/loop_steps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/strings.h"
#include "output/keys.h"

struct loop_key {
	int32_t pid;
	int32_t tid;
	uint64_t loop;
};

struct sum {
	struct second_record record;
	struct name_count lost; /* of all kinds together, by the name of the first */
};

struct loop_steps {
	struct keys *keys; /* struct loop_key: its number is the place in v */
	size_t room; /* of keys; their number is bounded */
	struct sum v[LOOP_STEPS_MAX];
};

int loop_steps_new(struct loop_steps **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->room = SIZE_MAX;
	return keys_new(&(*out)->keys, LOOP_STEPS_MAX, &(*out)->room);
}

void loop_steps_free(struct loop_steps *sums)
{
	if (!sums)
		return;
	for (size_t i = 0; i < LOOP_STEPS_MAX; i++)
		free(sums->v[i].record.id.runtime);
	keys_free(sums->keys);
	free(sums);
}

static void add_ledger(struct ledger *to, const struct ledger *from)
{
	to->cpu_ns += from->cpu_ns;
	to->runqueue_ns += from->runqueue_ns;
	to->throttled_ns += from->throttled_ns;
	to->blocked_ns += from->blocked_ns;
	to->unknown_ns += from->unknown_ns;
}

static void add(struct sum *sum, const struct second_record *from)
{
	struct second_record *to = &sum->record;

	to->turns += from->turns;
	if (from->longest_ns > to->longest_ns)
		to->longest_ns = from->longest_ns;
	to->idle_ns += from->idle_ns;
	add_ledger(&to->ledger, &from->ledger);
	for (int cause = 0; cause < CAUSE_NR; cause++)
		to->by_cause_ns[cause] += from->by_cause_ns[cause];
	for (int i = 0; i < SECOND_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
	to->delayed_events += from->delayed_events;
	for (size_t i = 0; i < from->nr_lost; i++) {
		sum->lost.name = sum->lost.name ? sum->lost.name : from->lost[i].name;
		sum->lost.count += from->lost[i].count;
		to->lost = &sum->lost;
		to->nr_lost = 1;
	}
}

/* The first of its loop. */
static int begin(struct sum *sum, const struct second_record *second)
{
	free(sum->record.id.runtime);
	*sum = (struct sum){
		.record = {
			.mono_ns = second->mono_ns,
			.time_ns = second->time_ns,
			.id = second->id,
		},
	};
	sum->record.id.runtime = NULL;
	return copy_string(&sum->record.id.runtime, second->id.runtime);
}

void loop_steps_add(struct loop_steps *sums, const struct second_record *second)
{
	const struct loop_key key = {
		.pid = second->id.pid,
		.tid = second->id.loop ? 0 : second->id.tid,
		.loop = second->id.loop,
	};
	size_t nr = keys_size(sums->keys);
	uint32_t number;

	if (keys_add(sums->keys, &key, sizeof(key), &number))
		return;
	/* one whose runtime there is no memory for has none */
	if (number == nr)
		(void)begin(&sums->v[number], second);
	add(&sums->v[number], second);
}

size_t loop_steps_nr(const struct loop_steps *sums)
{
	return keys_size(sums->keys);
}

const struct second_record *loop_steps_at(const struct loop_steps *sums, size_t at)
{
	return &sums->v[at].record;
}

void loop_steps_clear(struct loop_steps *sums)
{
	struct keys *keys;

	if (keys_new(&keys, LOOP_STEPS_MAX, &sums->room))
		return; /* they become longer */
	keys_free(sums->keys);
	sums->keys = keys;
}
