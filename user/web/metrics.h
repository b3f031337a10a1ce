/* SPDX-License-Identifier: GPL-2.0-or-later */
/* metrics.h - what Prometheus and its like scrape: records added up, for as long as the service runs. */
#ifndef BLOCKPROF_WEB_METRICS_H
#define BLOCKPROF_WEB_METRICS_H

#include <stdio.h>

#include "model/model.h"

struct metrics;

int metrics_new(struct metrics **out); /* 0 or -ENOMEM */
void metrics_free(struct metrics *metrics);

void metrics_loop(struct metrics *metrics, const struct loop_record *loop);
void metrics_second(struct metrics *metrics, const struct second_record *second);
/* One that has ended, or whatever: those that are doubtful, or last, do not count. */
void metrics_stall(struct metrics *metrics, const struct stall_record *stall);
/* Counts where a loop of that process does. */
void metrics_note(struct metrics *metrics, const struct note_record *note);
void metrics_discarded(struct metrics *metrics, enum discard reason);
void metrics_blind(struct metrics *metrics, enum blind blind);
/* Another watch begins, whose loops have numbers of their own. */
void metrics_new_watch(struct metrics *metrics);
/* The loops that are there now: begin, then each. Once a second or so. */
void metrics_begin_loops(struct metrics *metrics);
void metrics_live_loop(struct metrics *metrics, const struct thread_id *id);

/*
 * OpenMetrics 1.0, or Prometheus' text format 0.0.4. 0 or -EIO. What it has written of a series that
 * ends is not counted again in another one.
 */
int metrics_write(struct metrics *metrics, FILE *out, bool openmetrics);

#endif
