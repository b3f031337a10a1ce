/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * finals.h - every stall once. A stall is reported again and again while it
 * lasts, and when it has ended. Sums shall have the last of its reports only,
 * which for a stall whose end never came is the last ongoing one.
 */
#ifndef BLOCKPROF_MODEL_FINALS_H
#define BLOCKPROF_MODEL_FINALS_H

#include "model/model.h"

struct finals;

/* Called once for each stall. 0 or -errno, which the function that called it returns. */
typedef int finals_emit(void *context, const struct stall_record *stall);

int finals_new(struct finals **out, finals_emit *emit, void *context);
void finals_free(struct finals *finals);
int finals_stall(struct finals *finals, const struct stall_record *stall);
/* It was none after all: it is not emitted. Whether it was reported as ongoing. */
bool finals_withdraw(struct finals *finals, const struct withdrawn_record *withdrawn);
/* There is no more to come: emits the stalls that still go on. */
int finals_end(struct finals *finals);

#endif
