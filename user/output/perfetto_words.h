/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perfetto_words.h - what events of a trace are called, and what is said of them. */
#ifndef BLOCKPROF_OUTPUT_PERFETTO_WORDS_H
#define BLOCKPROF_OUTPUT_PERFETTO_WORDS_H

#include "model/model.h"
#include "perfetto.pb-c.h"

#define ARGUMENTS_MAX 16

/* Zeroed: none. */
struct arguments {
	Perfetto__DebugAnnotation v[ARGUMENTS_MAX];
	Perfetto__DebugAnnotation *pointers[ARGUMENTS_MAX];
	size_t nr;
	bool failed; /* no memory */
};

void arguments_of_slice(struct arguments *arguments, const struct slice *slice);
/* unordered: it is not known which of its slices was when. */
void arguments_of_stall(struct arguments *arguments, const struct stall_record *stall,
			bool unordered);
void arguments_free(struct arguments *arguments);

/* "fetch_rates (app/rates.py:88): socket"; without a place the cause alone. NULL: no memory; the caller frees. */
char *perfetto_name(const struct slice *place, enum cause cause);

#endif
