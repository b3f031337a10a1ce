/* SPDX-License-Identifier: GPL-2.0-or-later */
/* second_sums.h - the seconds of loops, added up: in all, and minute by minute. Bounded. */
#ifndef BLOCKPROF_REPORT_SECOND_SUMS_H
#define BLOCKPROF_REPORT_SECOND_SUMS_H

#include "model/model.h"
#include "report/spread.h"

struct second_sum {
	uint64_t nr; /* records: 0 of a recording that has none */
	uint64_t turns;
	uint64_t longest_ns;
	uint64_t idle_ns;
	struct ledger ledger;
	uint64_t buckets[SECOND_BUCKETS]; /* of the turns */
};

void second_sum_add(struct second_sum *sum, const struct second_record *second);
/* For how long loops were watched in them. */
uint64_t second_ns(const struct second_record *second);
uint64_t second_sum_ns(const struct second_sum *sum);
/* So many percent of the turns were no longer than about this: within a factor of two. 0: there were none. */
uint64_t second_sum_percentile_ns(const struct second_sum *sum, unsigned int percent);
/* Several seconds in which a loop only waited are one record, which may be cut anywhere. */
bool second_is_quiet(const struct second_record *second);

struct second_sums;

int second_sums_new(struct second_sums **out); /* 0 or -ENOMEM */
void second_sums_free(struct second_sums *sums);
int second_sums_add(struct second_sums *sums, const struct second_record *second);
const struct second_sum *second_sums_all(const struct second_sums *sums);
uint64_t second_sums_cause_ns(const struct second_sums *sums, enum cause cause);

/*
 * Of the minutes that were watched for at least half of one: the part that a cause has
 * of them, and how long their turns were. None: there are more than are kept.
 */
struct spread second_sums_cause_spread(const struct second_sums *sums, enum cause cause);
struct spread second_sums_percentile_spread(const struct second_sums *sums, unsigned int percent);

#endif
