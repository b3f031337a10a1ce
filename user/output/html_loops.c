// SPDX-License-Identifier: GPL-2.0-or-later
/* html_loops.c - which records are of one loop, and how its steps of time become longer. */
#include "output/html_loops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/strings.h"
#include "output/keys.h"

#define SECONDS_MAX	  8000 /* of all loops: more than there may be loops */
#define BLOCKED_MAX	  5000 /* likewise */
#define BLOCKED_BYTES_MAX (32u << 10) /* of each: the smallest of its places go first */
#define FIRST_STEP_NS	  (2 * NS_PER_SEC)

struct loop_key {
	uint32_t recording;
	int32_t pid;
	int32_t tid;
	uint32_t pad;
	uint64_t loop;
};

struct html_loops {
	struct keys *keys; /* struct loop_key: its number is the loop's */
	size_t room; /* of keys; their number is bounded */
	struct html_loop *v;
	size_t nr;
	size_t capacity;
	size_t nr_seconds, nr_blocked; /* of all */
	uint64_t seconds_step_ns, blocked_step_ns; /* 0: none is longer than it came */
};

int html_loops_new(struct html_loops **out)
{
	struct html_loops *loops = calloc(1, sizeof(*loops));

	if (!loops)
		return -ENOMEM;
	loops->room = SIZE_MAX;
	if (keys_new(&loops->keys, HTML_LOOPS_MAX, &loops->room)) {
		free(loops);
		return -ENOMEM;
	}
	*out = loops;
	return 0;
}

void html_loops_free(struct html_loops *loops)
{
	if (!loops)
		return;
	for (size_t i = 0; i < loops->nr; i++) {
		struct html_loop *loop = &loops->v[i];

		for (size_t j = 0; j < loop->nr_blocked; j++)
			slices_free(&loop->blocked[j].slices);
		free(loop->blocked);
		free(loop->seconds);
		free(loop->process);
		free(loop->unit);
		free(loop->container);
		free(loop->id.runtime);
	}
	free(loops->v);
	keys_free(loops->keys);
	free(loops);
}

size_t html_loops_nr(const struct html_loops *loops)
{
	return loops->nr;
}

struct html_loop *html_loops_at(const struct html_loops *loops, size_t at)
{
	return &loops->v[at];
}

size_t html_loops_bytes(const struct html_loops *loops)
{
	size_t bytes = loops->capacity * sizeof(loops->v[0]) +
		       loops->nr_seconds * sizeof(struct html_second);

	for (size_t i = 0; i < loops->nr; i++)
		for (size_t j = 0; j < loops->v[i].nr_blocked; j++)
			bytes += sizeof(struct html_blocked) + loops->v[i].blocked[j].slices.bytes;
	return bytes;
}

/* -- which loop -- */

/* The last one is of all that there is no room for. */
static int append(struct html_loops *loops, uint32_t recording, const struct thread_id *id)
{
	struct html_loop *loop;

	if (loops->nr == loops->capacity) {
		size_t capacity = loops->capacity ? 2 * loops->capacity : 16;
		struct html_loop *grown = reallocarray(loops->v, capacity, sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		loops->v = grown;
		loops->capacity = capacity;
	}
	loop = &loops->v[loops->nr];
	*loop = (struct html_loop){
		.recording = recording,
		.others = loops->nr == HTML_LOOPS_MAX,
		.id = *id,
	};
	if (copy_string(&loop->id.runtime, id->runtime))
		return -ENOMEM;
	loops->nr++;
	return 0;
}

int html_loops_find(struct html_loops *loops, uint32_t recording, const struct thread_id *id,
		    uint32_t *number)
{
	const struct loop_key key = {
		.recording = recording,
		.pid = id->pid,
		.tid = id->loop ? 0 : id->tid,
		.loop = id->loop,
	};
	int err = keys_add(loops->keys, &key, sizeof(key), number);

	if (err == -ENOSPC) {
		*number = HTML_LOOPS_MAX;
		err = 0;
	}
	if (err || *number < loops->nr)
		return err;
	return append(loops, recording, id);
}

/* -- seconds -- */

/* Room for one more behind nr, doubled as each power of two is reached. NULL: no memory. */
static void *room_for(void **v, size_t nr, size_t size)
{
	if (!(nr & (nr - 1))) {
		void *grown = reallocarray(*v, nr ? 2 * nr : 1, size);

		if (!grown)
			return NULL;
		*v = grown;
	}
	return (char *)*v + nr * size;
}

static void add_second(struct html_second *to, const struct html_second *from)
{
	to->time_ns = from->time_ns < to->time_ns ? from->time_ns : to->time_ns;
	to->end_ns = from->end_ns > to->end_ns ? from->end_ns : to->end_ns;
	to->turns = add_saturated(to->turns, from->turns);
	to->longest_ns = from->longest_ns > to->longest_ns ? from->longest_ns : to->longest_ns;
	to->idle_ns = add_saturated(to->idle_ns, from->idle_ns);
	for (int cause = 0; cause < CAUSE_NR; cause++)
		to->by_cause_ns[cause] =
			add_saturated(to->by_cause_ns[cause], from->by_cause_ns[cause]);
	for (int i = 0; i < SECOND_BUCKETS; i++)
		to->buckets[i] = add_saturated(to->buckets[i], from->buckets[i]);
	to->lost = add_saturated(to->lost, from->lost);
}

static bool is_same_step(uint64_t step_ns, uint64_t a_ns, uint64_t b_ns)
{
	return step_ns && a_ns / step_ns == b_ns / step_ns;
}

static uint64_t longer_step(uint64_t step_ns)
{
	return step_ns ? add_saturated(step_ns, step_ns) : FIRST_STEP_NS;
}

static void lengthen_seconds(struct html_loops *loops)
{
	uint64_t step_ns = loops->seconds_step_ns = longer_step(loops->seconds_step_ns);

	loops->nr_seconds = 0;
	for (size_t i = 0; i < loops->nr; i++) {
		struct html_loop *loop = &loops->v[i];
		size_t kept = 0;

		for (size_t j = 0; j < loop->nr_seconds; j++) {
			struct html_second *second = &loop->seconds[j];
			struct html_second *last = kept ? &loop->seconds[kept - 1] : NULL;

			if (last && is_same_step(step_ns, last->time_ns, second->time_ns))
				add_second(last, second);
			else
				loop->seconds[kept++] = *second;
		}
		loop->nr_seconds = kept;
		loops->nr_seconds += kept;
	}
}

static void add_ledger(struct ledger *to, const struct ledger *from)
{
	to->cpu_ns = add_saturated(to->cpu_ns, from->cpu_ns);
	to->runqueue_ns = add_saturated(to->runqueue_ns, from->runqueue_ns);
	to->throttled_ns = add_saturated(to->throttled_ns, from->throttled_ns);
	to->blocked_ns = add_saturated(to->blocked_ns, from->blocked_ns);
	to->unknown_ns = add_saturated(to->unknown_ns, from->unknown_ns);
}

/* What a summary would say as well. */
static void add_sums(struct html_loop *loop, const struct second_record *second, uint64_t busy_ns)
{
	loop->turns = add_saturated(loop->turns, second->turns);
	loop->wall_ns = add_saturated(loop->wall_ns, add_saturated(busy_ns, second->idle_ns));
	loop->idle_ns = add_saturated(loop->idle_ns, second->idle_ns);
	add_ledger(&loop->ledger, &second->ledger);
	if (second->longest_ns > loop->longest_ns)
		loop->longest_ns = second->longest_ns;
}

int html_loops_second(struct html_loops *loops, uint32_t number, const struct second_record *record)
{
	struct html_loop *loop = &loops->v[number];
	uint64_t busy_ns = ledger_sum(&record->ledger);
	struct html_second second = {
		.time_ns = record->time_ns,
		.end_ns = add_saturated(record->time_ns, add_saturated(busy_ns, record->idle_ns)),
		.turns = record->turns,
		.longest_ns = record->longest_ns,
		.idle_ns = record->idle_ns,
	};
	struct html_second *last = loop->nr_seconds ? &loop->seconds[loop->nr_seconds - 1] : NULL;

	memcpy(second.by_cause_ns, record->by_cause_ns, sizeof(second.by_cause_ns));
	memcpy(second.buckets, record->buckets, sizeof(second.buckets));
	for (size_t i = 0; i < record->nr_lost; i++)
		second.lost = add_saturated(second.lost, record->lost[i].count);
	for (int i = 0; i < SECOND_BUCKETS; i++)
		loop->buckets[i] = add_saturated(loop->buckets[i], record->buckets[i]);
	if (!loop->has_summary)
		add_sums(loop, record, busy_ns);
	if (last && is_same_step(loops->seconds_step_ns, last->time_ns, second.time_ns)) {
		add_second(last, &second);
		return 0;
	}
	last = room_for((void **)&loop->seconds, loop->nr_seconds, sizeof(second));
	if (!last)
		return -ENOMEM;
	*last = second;
	loop->nr_seconds++;
	loops->nr_seconds++;
	while (loops->nr_seconds > SECONDS_MAX)
		lengthen_seconds(loops);
	return 0;
}

/* -- blocked time -- */

/* Takes those of from, also on failure. */
static int add_slices(struct slices *to, struct slices *from)
{
	int err = 0;

	for (size_t i = 0; i < from->nr && !err; i++)
		/* time on a CPU is lost in stalls only */
		if (!slice_is_cpu(&from->v[i]))
			err = slices_add(to, &from->v[i]);
	to->placeless = add_saturated(to->placeless, from->placeless);
	slices_free(from);
	if (to->bytes > BLOCKED_BYTES_MAX) {
		slices_sort(to);
		slices_shrink(to, BLOCKED_BYTES_MAX);
	}
	return err;
}

static int lengthen_blocked(struct html_loops *loops)
{
	uint64_t step_ns = loops->blocked_step_ns = longer_step(loops->blocked_step_ns);
	int err = 0;

	loops->nr_blocked = 0;
	for (size_t i = 0; i < loops->nr; i++) {
		struct html_loop *loop = &loops->v[i];
		size_t kept = 0;

		for (size_t j = 0; j < loop->nr_blocked; j++) {
			struct html_blocked *blocked = &loop->blocked[j];
			struct html_blocked *last = kept ? &loop->blocked[kept - 1] : NULL;
			int failed = 0;

			if (last && is_same_step(step_ns, last->time_ns, blocked->time_ns))
				failed = add_slices(&last->slices, &blocked->slices);
			else
				loop->blocked[kept++] = *blocked;
			err = err ? err : failed;
		}
		loop->nr_blocked = kept;
		loops->nr_blocked += kept;
	}
	return err;
}

/* Where it goes: the last step, or a new one. NULL: no memory. */
static struct html_blocked *blocked_at(struct html_loops *loops, struct html_loop *loop,
				       uint64_t time_ns)
{
	struct html_blocked *last = loop->nr_blocked ? &loop->blocked[loop->nr_blocked - 1] : NULL;

	if (last && is_same_step(loops->blocked_step_ns, last->time_ns, time_ns))
		return last;
	last = room_for((void **)&loop->blocked, loop->nr_blocked, sizeof(*last));
	if (!last)
		return NULL;
	*last = (struct html_blocked){ .time_ns = time_ns };
	loop->nr_blocked++;
	loops->nr_blocked++;
	return last;
}

int html_loops_blocked(struct html_loops *loops, uint32_t number, struct html_stacks *stacks,
		       const struct blocked_record *record)
{
	struct html_blocked *blocked = blocked_at(loops, &loops->v[number], record->time_ns);
	struct slices own = { 0 };
	int err = blocked ? slices_copy(&own, &record->slices) : -ENOMEM;

	for (size_t i = 0; i < own.nr; i++) {
		/* when exactly each was is kept of stalls only */
		intervals_free(&own.v[i].intervals);
		html_stacks_share(stacks, &own.v[i]);
	}
	if (!err)
		err = add_slices(&blocked->slices, &own);
	else
		slices_free(&own);
	while (loops->nr_blocked > BLOCKED_MAX && !err)
		err = lengthen_blocked(loops);
	return err;
}

/* -- sums -- */

void html_loops_summary(struct html_loops *loops, uint32_t number,
			const struct loop_summary *summary)
{
	struct html_loop *loop = &loops->v[number];

	if (!loop->has_summary) {
		loop->turns = loop->wall_ns = loop->idle_ns = loop->longest_ns = 0;
		loop->ledger = (struct ledger){ 0 };
	}
	loop->has_summary = true;
	loop->turns = add_saturated(loop->turns, summary->turns);
	loop->wall_ns = add_saturated(loop->wall_ns, summary->wall_ns);
	loop->idle_ns = add_saturated(loop->idle_ns, summary->idle_ns);
	add_ledger(&loop->ledger, &summary->ledger);
	if (summary->longest_ns > loop->longest_ns)
		loop->longest_ns = summary->longest_ns;
	loop->p50_ns = summary->p50_ns;
	loop->p99_ns = summary->p99_ns;
}

void html_loops_finish(struct html_loops *loops)
{
	for (size_t i = 0; i < loops->nr; i++) {
		struct html_loop *loop = &loops->v[i];

		if (loop->has_summary)
			continue;
		loop->p50_ns = second_percentile_ns(loop->buckets, loop->longest_ns, 50);
		loop->p99_ns = second_percentile_ns(loop->buckets, loop->longest_ns, 99);
	}
}
