/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shown.h - which places a reader has seen whole, and how often each had a stall. */
#ifndef BLOCKPROF_OUTPUT_SHOWN_H
#define BLOCKPROF_OUTPUT_SHOWN_H

#include "text/stall_text.h"

struct shown;

int shown_new(struct shown **out); /* 0 or -ENOMEM */
void shown_free(struct shown *shown);
void shown_clear(struct shown *shown); /* nothing was shown yet */

/*
 * Counts a stall for the place that it is named after. true: all that it shows
 * was shown whole before, and repeated says how often; else it counts as shown
 * from now on.
 */
bool shown_before(struct shown *shown, const struct stall_places *places,
		  const struct thread_id *id, struct repeated *repeated);

#endif
