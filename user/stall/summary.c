// SPDX-License-Identifier: GPL-2.0-or-later
/* summary.c - what a watch, or a part of one, came to: its loops, and what was lost. */
#include "stall/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/number.h"
#include "capture/namer.h"
#include "model/hist.h"
#include "probe/probe.h"
#include "proc/peer/peer.h"
#include "stall/loops/binding.h"
#include "stall/stand.h"
#include "stall/state/blind.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/turn/discard.h"
#include "stall/turn/ledger.h"
#include "stall/turn/pace.h"
#include "symbol/symbol.h"

_Static_assert(HIST_BUCKETS == BP_HIST_BUCKETS && HIST_STEPS == BP_HIST_STEPS &&
		       LENGTH_BOUNDS == BP_HIST_BOUNDS,
	       "both sides count turns in the same buckets");

#define ENDED_MAX 10000 /* ended loops kept for the summary */

/* -- losses -- */

void summary_lost(struct summary_record *record, enum loss loss, uint64_t count)
{
	struct name_count *grown;

	if (!count)
		return;
	grown = reallocarray(record->lost, record->nr_lost + 1, sizeof(*grown));
	if (!grown)
		return;
	record->lost = grown;
	record->lost[record->nr_lost++] = (struct name_count){ loss_name(loss), count };
}

/* Only those above 0. */
void summary_losses(struct engine *engine, struct summary_record *record)
{
	struct symbols_counts counts;

	for (int loss = 0; loss < LOSS_PROBE_NR; loss++)
		summary_lost(record, (enum loss)loss, probe_loss(engine->probe, (enum loss)loss));
	for (int loss = LOSS_KERNEL_NR; loss < LOSS_NR; loss++)
		summary_lost(record, (enum loss)loss, engine->lost[loss]);
	symbols_counts(engine->symbols, &counts);
	summary_lost(record, LOSS_PEERS_NOT_LOOKED_FOR, peers_refused(engine->classify.peers));
	summary_lost(record, LOSS_SYMBOL_LOOKUPS_FAILED, counts.lookups_failed);
	summary_lost(record, LOSS_SYMBOL_FILES_REFUSED, counts.files_refused);
	summary_lost(record, LOSS_SYMBOL_LINES_LEFT_OUT, counts.lines_left_out);
	summary_lost(record, LOSS_SYMBOLIZER_RESTARTS, counts.child_restarts);
	summary_lost(record, LOSS_READER_RESTARTS, files_restarts(engine->options.memory));
	summary_lost(record, LOSS_PYTHON_NAMES_UNREAD, namer_unread(engine->namer, FRAME_PYTHON));
	summary_lost(record, LOSS_JAVASCRIPT_NAMES_UNREAD, namer_unread(engine->namer, FRAME_JS));
	summary_lost(record, LOSS_MAPS_CUT, counts.maps_cut);
	summary_lost(record, LOSS_PERF_MAPS_REFUSED, counts.perf_maps_refused);
	summary_lost(record, LOSS_PERF_MAP_LINES_CUT, counts.perf_map_lines_cut);
}

/* What is counted while it lasts may be counted as something else once it is over. */
static void take(uint64_t *from, uint64_t before)
{
	*from = subtract_saturated(*from, before);
}

size_t losses_since(struct name_count *losses, size_t nr, const struct name_count *before,
		    size_t nr_before)
{
	size_t kept = 0;

	for (size_t i = 0; i < nr; i++) {
		struct name_count loss = losses[i];

		for (size_t j = 0; j < nr_before; j++)
			if (!strcmp(before[j].name, loss.name))
				take(&loss.count, before[j].count);
		if (loss.count)
			losses[kept++] = loss;
	}
	return kept;
}

/* -- loops -- */

static uint64_t percentile(const unsigned int turns[HIST_BUCKETS], uint64_t longest_ns,
			   unsigned int percent)
{
	uint64_t ns = hist_percentile_ns(turns, percent);

	return ns < longest_ns ? ns : longest_ns;
}

/* What slot's thread has done since it was bound; its longest turn, of this period. */
static uint64_t count(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		      struct loop_counts *out)
{
	unsigned int unused[LENGTH_BOUNDS];
	struct bp_ledger now;

	out->turns = slot->turns;
	out->stalls = loop->reports.stalls;
	out->doubtful = loop->reports.doubtful;
	stand_totals(loop, slot, now_ns, &now, &out->ledger, &out->idle_ns);
	return stand_hist(loop, slot, out->hist, unused);
}

static void take_counts(struct loop_counts *from, const struct loop_counts *before)
{
	take(&from->turns, before->turns);
	take(&from->stalls, before->stalls);
	take(&from->doubtful, before->doubtful);
	take(&from->idle_ns, before->idle_ns);
	take(&from->ledger.cpu_ns, before->ledger.cpu_ns);
	take(&from->ledger.runqueue_ns, before->ledger.runqueue_ns);
	take(&from->ledger.throttled_ns, before->ledger.throttled_ns);
	take(&from->ledger.blocked_ns, before->ledger.blocked_ns);
	take(&from->ledger.unknown_ns, before->ledger.unknown_ns);
	for (unsigned int i = 0; i < HIST_BUCKETS; i++)
		from->hist[i] -= before->hist[i];
}

int summary_of_loop(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		    struct loop_summary *out)
{
	struct loop_counts counts;

	memset(out, 0, sizeof(*out));
	out->id = loop->id;
	out->id.runtime = loop->id.runtime ? strdup(loop->id.runtime) : NULL;
	if (loop->id.runtime && !out->id.runtime)
		return -ENOMEM;
	out->longest_ns = count(loop, slot, now_ns, &counts);
	if (loop->before)
		take_counts(&counts, loop->before);
	out->turns = counts.turns;
	out->stalls = counts.stalls;
	out->doubtful = counts.doubtful;
	out->idle_ns = counts.idle_ns;
	out->ledger = counts.ledger;
	out->wall_ns = out->idle_ns + ledger_sum(&out->ledger);
	out->p50_ns = percentile(counts.hist, out->longest_ns, 50);
	out->p99_ns = percentile(counts.hist, out->longest_ns, 99);
	return 0;
}

int summary_new_period(struct loop *loop, struct bp_slot *slot, uint64_t now_ns)
{
	if (!loop->before)
		loop->before = malloc(sizeof(*loop->before));
	if (!loop->before)
		return -ENOMEM;
	count(loop, slot, now_ns, loop->before);
	/* the kernel side sets it again; a turn that ends right now may be missed */
	__atomic_store_n(&slot->longest_ns, 0, __ATOMIC_RELAXED);
	loop->reports.longest_ns = 0;
	loop->second.longest_ns = 0;
	return 0;
}

void summary_keep(struct engine *engine, const struct loop *loop)
{
	struct period *period = &engine->period;
	struct loop_summary *grown;

	if (!loop->runtime || period->nr_ended == ENDED_MAX)
		return;
	grown = realloc(period->ended, (period->nr_ended + 1) * sizeof(*grown));
	if (!grown)
		return;
	period->ended = grown;
	if (!summary_of_loop(loop, probe_slot(engine->probe, loop->slot), probe_now_ns(),
			     &period->ended[period->nr_ended]))
		period->nr_ended++;
}

void summary_join(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	uint64_t joins = loop->joins;
	size_t kept = engine->period.nr_ended;

	loop->joins = 0;
	if (!joins || joins == loop->id.loop)
		return;
	summary_keep(engine, loop);
	/* else its stalls so far would be nobody's */
	if (engine->period.nr_ended == kept)
		return;
	/* without memory its numbers go on from before: more cannot be done */
	summary_new_period(loop, probe_slot(engine->probe, loop->slot), now_ns);
	loop->id.loop = joins;
	binding_report_again(engine, loop);
}

void summary_forget(struct engine *engine)
{
	struct period *period = &engine->period;

	for (size_t i = 0; i < period->nr_ended; i++)
		free(period->ended[i].id.runtime);
	free(period->ended);
	free(period->losses);
	memset(period, 0, sizeof(*period));
}

/* -- all of it -- */

void summary_start(struct engine *engine, uint64_t now_ns)
{
	engine->period.since_ns = now_ns;
}

/* For the loops that are there, and nr_ended others; nothing else is in it. */
static int make_room(const struct engine *engine, struct summary_record *record, size_t nr_ended)
{
	size_t nr = nr_ended;

	memset(record, 0, sizeof(*record));
	record->command_status = -1;
	for_each_loop (engine->loops, loop)
		nr += loop->runtime != NULL;
	record->loops = calloc(nr ? nr : 1, sizeof(*record->loops));
	return record->loops ? 0 : -ENOMEM;
}

static void add_live(struct engine *engine, struct summary_record *record)
{
	for_each_loop (engine->loops, loop)
		if (loop->runtime &&
		    !summary_of_loop(loop, probe_slot(engine->probe, loop->slot), record->mono_ns,
				     &record->loops[record->nr_loops]))
			record->nr_loops++;
}

/* Of this period. */
static void add_unseen(struct engine *engine, struct summary_record *record)
{
	summary_losses(engine, record);
	record->nr_lost = losses_since(record->lost, record->nr_lost, engine->period.losses,
				       engine->period.nr_losses);
	discard_sum(engine, record);
	blind_sum(engine, record);
}

void engine_unseen(struct engine *engine, struct summary_record *record)
{
	*record = (struct summary_record){ .mono_ns = probe_now_ns(), .command_status = -1 };
	record->duration_ns = record->mono_ns - engine->period.since_ns;
	add_unseen(engine, record);
}

int engine_live_summary(struct engine *engine, struct summary_record *record)
{
	int err = make_room(engine, record, 0);

	if (err)
		return err;
	record->mono_ns = probe_now_ns();
	record->duration_ns = record->mono_ns - engine->period.since_ns;
	add_live(engine, record);
	add_unseen(engine, record);
	return 0;
}

int engine_summary(struct engine *engine, struct summary_record *record)
{
	uint64_t now_ns = probe_now_ns();
	int err = make_room(engine, record, engine->period.nr_ended);

	if (err)
		return err;
	record->mono_ns = now_ns;
	/* what came in then still had to be read and named */
	record->duration_ns = (engine->period.finished_ns ? engine->period.finished_ns : now_ns) -
			      engine->period.since_ns;
	if (engine->period.nr_ended)
		memcpy(record->loops, engine->period.ended,
		       engine->period.nr_ended * sizeof(*record->loops));
	record->nr_loops = engine->period.nr_ended;
	engine->period.nr_ended = 0; /* what they own is the record's now */
	add_live(engine, record);
	add_unseen(engine, record);
	record->switches_unseen =
		probe_switches_unseen(engine->probe) - engine->period.switches_unseen;
	return 0;
}

void engine_new_period(struct engine *engine)
{
	struct summary_record record = { 0 };
	uint64_t now_ns = probe_now_ns();

	summary_losses(engine, &record);
	free(engine->period.losses);
	engine->period.losses = record.lost;
	engine->period.nr_losses = record.nr_lost;
	engine->period.since_ns = now_ns;
	engine->period.switches_unseen = probe_switches_unseen(engine->probe);
	discard_forget(engine);
	blind_new_period(engine);
	for_each_loop (engine->loops, loop) {
		struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

		/* without memory its numbers go on from before: more cannot be done */
		if (!summary_new_period(loop, slot, now_ns) && loop->runtime && loop->announced)
			binding_report_again(engine, loop);
	}
}

void summary_free(struct summary_record *record)
{
	for (size_t i = 0; i < record->nr_loops; i++)
		free(record->loops[i].id.runtime);
	free(record->loops);
	free(record->lost);
	free(record->discarded);
	free(record->blind);
	memset(record, 0, sizeof(*record));
}
