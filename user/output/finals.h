/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * finals.h - every stall once. A stall is told while it goes on, again and
 * again, and when it ends; totals shall count its last word only, which for a
 * stall that never ended is the last ongoing one.
 */
#ifndef BLOCKPROF_OUTPUT_FINALS_H
#define BLOCKPROF_OUTPUT_FINALS_H

#include "model/model.h"

struct finals;

/* Called once a stall. 0 or -errno, which the call that led here then returns. */
typedef int finals_emit(void *context, const struct stall_record *stall);

int finals_new(struct finals **out, finals_emit *emit, void *context);
void finals_free(struct finals *finals);
int finals_stall(struct finals *finals, const struct stall_record *stall);
/* Whether an ongoing stall of this turn was told. */
bool finals_is_ongoing(const struct finals *finals, const struct stall_record *stall);
/* The stream ended: emits what is still ongoing. */
int finals_end(struct finals *finals);

#endif
