/* SPDX-License-Identifier: GPL-2.0-or-later */
/* places.h - lost time added up by cause, place, target and thread: where the time went. Bounded. */
#ifndef BLOCKPROF_OUTPUT_PLACES_H
#define BLOCKPROF_OUTPUT_PLACES_H

#include "model/model.h"
#include "text/look.h"

struct places;

int places_new(struct places **out); /* 0 or -ENOMEM */
void places_free(struct places *places);
/* stack: of where the thread was, if the slice itself has none. */
int places_add(struct places *places, const struct thread_id *id, const struct slice *slice,
	       const struct stack *stack);
/* Largest first. 0 or -ENOMEM. */
int places_print(struct places *places, FILE *out, const struct look *look);

#endif
