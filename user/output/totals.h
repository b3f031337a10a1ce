/* SPDX-License-Identifier: GPL-2.0-or-later */
/* totals.h - what the text's summary adds up: lost time by place, and by thread and cause. */
#ifndef BLOCKPROF_OUTPUT_TOTALS_H
#define BLOCKPROF_OUTPUT_TOTALS_H

#include "model/model.h"
#include "text/fold.h"

struct totals;

int totals_new(struct totals **out);
void totals_free(struct totals *totals);
/* A loop was recognised: what comes for its thread id from now on belongs to it. */
void totals_loop(struct totals *totals, const struct thread_id *id);
/* Called once for each stall (finals.h). 0 or -ENOMEM. */
int totals_stall(struct totals *totals, const struct stall_record *stall);
int totals_blocked(struct totals *totals, const struct blocked_record *blocked);

/* summary NULL: the stream ended without one. 0 or -ENOMEM. */
int totals_print(struct totals *totals, FILE *out, const struct summary_record *summary,
		 const struct look *look);

#endif
