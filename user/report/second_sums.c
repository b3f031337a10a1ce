// SPDX-License-Identifier: GPL-2.0-or-later
/* second_sums.c - of which minute a second is, and how long turns were by the buckets of seconds. */
#include "report/second_sums.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "model/second.h"

#define MINUTES_MAX 16384 /* eleven days of them */
#define MINUTE_NS   (60 * NS_PER_SEC)

struct minute {
	uint64_t minute;
	uint64_t loop_ns;
	uint64_t longest_ns;
	uint64_t by_cause_ns[CAUSE_NR];
	uint64_t buckets[SECOND_BUCKETS];
};

struct second_sums {
	struct second_sum all;
	uint64_t by_cause_ns[CAUSE_NR];
	struct minute *minutes; /* ascending */
	size_t nr;
	size_t capacity;
	bool cut;
};

static void add_to(uint64_t *sum, uint64_t more)
{
	*sum = add_saturated(*sum, more);
}

static void add_all(uint64_t *sums, const uint64_t *more, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		add_to(&sums[i], more[i]);
}

/* -- a sum -- */

void second_sum_add(struct second_sum *sum, const struct second_record *second)
{
	sum->nr++;
	add_to(&sum->turns, second->turns);
	if (second->longest_ns > sum->longest_ns)
		sum->longest_ns = second->longest_ns;
	add_to(&sum->idle_ns, second->idle_ns);
	add_to(&sum->ledger.cpu_ns, second->ledger.cpu_ns);
	add_to(&sum->ledger.runqueue_ns, second->ledger.runqueue_ns);
	add_to(&sum->ledger.throttled_ns, second->ledger.throttled_ns);
	add_to(&sum->ledger.blocked_ns, second->ledger.blocked_ns);
	add_to(&sum->ledger.unknown_ns, second->ledger.unknown_ns);
	add_all(sum->buckets, second->buckets, SECOND_BUCKETS);
}

uint64_t second_ns(const struct second_record *second)
{
	return add_saturated(second->idle_ns, ledger_sum(&second->ledger));
}

uint64_t second_sum_ns(const struct second_sum *sum)
{
	return add_saturated(sum->idle_ns, ledger_sum(&sum->ledger));
}

uint64_t second_sum_percentile_ns(const struct second_sum *sum, unsigned int percent)
{
	return second_percentile_ns(sum->buckets, sum->longest_ns, percent);
}

bool second_is_quiet(const struct second_record *second)
{
	return !second->turns && !ledger_sum(&second->ledger);
}

/* -- minutes -- */

int second_sums_new(struct second_sums **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void second_sums_free(struct second_sums *sums)
{
	if (!sums)
		return;
	free(sums->minutes);
	free(sums);
}

/* Where it is, or belongs: mostly at the end. */
static size_t place_of_minute(const struct second_sums *sums, uint64_t minute)
{
	size_t low = 0, high = sums->nr;

	if (sums->nr && sums->minutes[sums->nr - 1].minute < minute)
		return sums->nr;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (sums->minutes[middle].minute < minute)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* 0, and NULL: there are too many. -ENOMEM. */
static int minute_of(struct second_sums *sums, uint64_t minute, struct minute **out)
{
	size_t at = place_of_minute(sums, minute);

	*out = NULL;
	if (at == sums->nr || sums->minutes[at].minute != minute) {
		if (sums->nr == MINUTES_MAX) {
			sums->cut = true;
			return 0;
		}
		if (sums->nr == sums->capacity) {
			size_t capacity = sums->capacity ? 2 * sums->capacity : 64;
			struct minute *grown =
				reallocarray(sums->minutes, capacity, sizeof(grown[0]));

			if (!grown)
				return -ENOMEM;
			sums->minutes = grown;
			sums->capacity = capacity;
		}
		memmove(&sums->minutes[at + 1], &sums->minutes[at],
			(sums->nr++ - at) * sizeof(sums->minutes[0]));
		sums->minutes[at] = (struct minute){ .minute = minute };
	}
	*out = &sums->minutes[at];
	return 0;
}

/* Quiet time may be hours. */
static int add_quiet(struct second_sums *sums, uint64_t from_ns, uint64_t to_ns)
{
	while (from_ns < to_ns && !sums->cut) {
		uint64_t next_ns = (from_ns / MINUTE_NS + 1) * MINUTE_NS;
		uint64_t until_ns = next_ns < to_ns ? next_ns : to_ns;
		struct minute *minute;

		if (minute_of(sums, from_ns / MINUTE_NS, &minute))
			return -ENOMEM;
		if (minute)
			add_to(&minute->loop_ns, until_ns - from_ns);
		from_ns = until_ns;
	}
	return 0;
}

int second_sums_add(struct second_sums *sums, const struct second_record *second)
{
	struct minute *minute;

	second_sum_add(&sums->all, second);
	add_all(sums->by_cause_ns, second->by_cause_ns, CAUSE_NR);
	if (second_is_quiet(second))
		return add_quiet(sums, second->time_ns,
				 add_saturated(second->time_ns, second->idle_ns));
	if (minute_of(sums, second->time_ns / MINUTE_NS, &minute))
		return -ENOMEM;
	if (!minute)
		return 0;
	add_to(&minute->loop_ns, second_ns(second));
	if (second->longest_ns > minute->longest_ns)
		minute->longest_ns = second->longest_ns;
	add_all(minute->by_cause_ns, second->by_cause_ns, CAUSE_NR);
	add_all(minute->buckets, second->buckets, SECOND_BUCKETS);
	return 0;
}

const struct second_sum *second_sums_all(const struct second_sums *sums)
{
	return &sums->all;
}

uint64_t second_sums_cause_ns(const struct second_sums *sums, enum cause cause)
{
	return sums->by_cause_ns[cause];
}

static bool is_whole(const struct minute *minute)
{
	return minute->loop_ns >= MINUTE_NS / 2;
}

struct spread second_sums_cause_spread(const struct second_sums *sums, enum cause cause)
{
	struct spread spread = { 0 };

	for (size_t i = 0; i < sums->nr && !sums->cut; i++) {
		const struct minute *minute = &sums->minutes[i];

		if (is_whole(minute))
			spread_add(&spread,
				   (double)minute->by_cause_ns[cause] / (double)minute->loop_ns);
	}
	return spread;
}

struct spread second_sums_percentile_spread(const struct second_sums *sums, unsigned int percent)
{
	struct spread spread = { 0 };

	for (size_t i = 0; i < sums->nr && !sums->cut; i++) {
		const struct minute *minute = &sums->minutes[i];
		uint64_t ns = second_percentile_ns(minute->buckets, minute->longest_ns, percent);

		if (is_whole(minute) && ns)
			spread_add(&spread, (double)ns);
	}
	return spread;
}
