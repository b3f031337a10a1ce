/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stall_text.h - one stall as text. */
#ifndef BLOCKPROF_TEXT_STALL_TEXT_H
#define BLOCKPROF_TEXT_STALL_TEXT_H

#include "model/model.h"
#include "text/fold.h"

/* Whole: the verdict, what was waited for, the stacks and the ledger. These print 0 or return -ENOMEM. */
int stall_print(FILE *out, const struct stall_record *stall, const struct look *look);

/* In one line, for a stall that goes on. */
int stall_print_ongoing(FILE *out, const struct stall_record *stall, const struct look *look);

/* In one line, for the nth stall of a place that was shown whole before. told: its thread was as well. */
struct repeated {
	uint64_t nth;
	bool told;
};

int stall_print_repeated(FILE *out, const struct stall_record *stall,
			 const struct repeated *repeated, const struct look *look);

/* In one line, for a stall that was shown before and was none. */
int stall_print_withdrawn(FILE *out, const struct withdrawn_record *withdrawn,
			  const struct look *look);

/*
 * What a stall shows, as numbers that are equal where it reads the same but for
 * times and targets: the place that it is named after comes first.
 */
#define STALL_PLACES_MAX 8

struct stall_places {
	uint64_t v[STALL_PLACES_MAX];
	size_t nr; /* 1 at the least */
};

int stall_places(struct stall_places *places, const struct stall_record *stall,
		 const struct look *look);

#endif
