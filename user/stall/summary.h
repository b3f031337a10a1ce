/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.h - what each loop did, kept beyond its end. */
#ifndef BLOCKPROF_STALL_SUMMARY_H
#define BLOCKPROF_STALL_SUMMARY_H

#include <stddef.h>
#include <stdint.h>

struct bp_slot;
struct engine;
struct loop;
struct loop_summary;
struct name_count;
struct summary_record;

/* The first period begins. */
void summary_start(struct engine *engine, uint64_t now_ns);
/* It may be one with another loop from now on: what it did before is kept as that of the loop that it was. */
void summary_join(struct engine *engine, struct loop *loop, uint64_t now_ns);
/* The loop ends: its part of the summary stays. */
void summary_keep(struct engine *engine, const struct loop *loop);
/* All that was lost since the start, into record->lost, which is the caller's. */
void summary_losses(struct engine *engine, struct summary_record *record);
/* Takes off what was counted before, and drops what is nothing then. How many are left. */
size_t losses_since(struct name_count *losses, size_t nr, const struct name_count *before,
		    size_t nr_before);
/* What slot's thread has done in the period up to now_ns. What out owns is the caller's. 0 or -ENOMEM. */
int summary_of_loop(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		    struct loop_summary *out);
/* Its period begins: what was before does not count in summaries any more. 0 or -ENOMEM. */
int summary_new_period(struct loop *loop, struct bp_slot *slot, uint64_t now_ns);
/* What was kept and not asked for. */
void summary_forget(struct engine *engine);

#endif
