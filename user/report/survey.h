/* SPDX-License-Identifier: GPL-2.0-or-later */
/* survey.h - one side of a comparison: recordings added up by place and by minute. Bounded. */
#ifndef BLOCKPROF_REPORT_SURVEY_H
#define BLOCKPROF_REPORT_SURVEY_H

#include "model/diff.h"
#include "output/tally.h"
#include "recording/recording.h"
#include "report/second_sums.h"

struct survey;

/* stacks: folded ones as well. 0 or -ENOMEM. */
int survey_new(struct survey **out, bool stacks);
void survey_free(struct survey *survey);
/* What is to read a recording. */
struct recording_reader survey_reader(struct survey *survey);

struct survey_place {
	const char *fn;
	const char *file; /* NULL: not known */
	enum cause cause; /* of most of its time */
	uint64_t ns;
	uint64_t stalls;
	/* Of the part that it has of each minute of a loop; of one with too many minutes they are not kept. */
	bool has_spread;
	struct spread spread;
};

/* When all is read. Places ascend by function and file. 0, or what failed on the way: -ENOMEM. */
int survey_finish(struct survey *survey);
size_t survey_nr_places(const struct survey *survey);
struct survey_place survey_place(const struct survey *survey, size_t at);
/* < 0, 0, > 0: in the order of places. */
int survey_place_compare(const struct survey_place *a, const struct survey_place *b);
const struct diff_side *survey_side(const struct survey *survey);
/* What its seconds say; without any the recording was made before there were such records. */
const struct second_sums *survey_seconds(const struct survey *survey);
/* Lines and their ns. NULL: they were not asked for. */
struct tally *survey_stacks(struct survey *survey);
/* Places beyond those that are kept, which are one; and stacks that are left out. */
uint64_t survey_left_out(const struct survey *survey);

#endif
