// SPDX-License-Identifier: GPL-2.0-or-later
/* summary.c - what a watch, or a part of one, came to: its loops, and what was lost. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stall/engine_private.h"
#include "symbol/symbol.h"

void summary_lost(struct summary_record *record, enum loss loss, uint64_t count)
{
	struct loss_count *grown;

	if (!count)
		return;
	grown = reallocarray(record->lost, record->nr_lost + 1, sizeof(*grown));
	if (!grown)
		return;
	record->lost = grown;
	record->lost[record->nr_lost++] = (struct loss_count){ loss_name(loss), count };
}

/* Since the start; only those above 0. */
static void add_losses(struct engine *engine, struct summary_record *record)
{
	struct symbols_counts counts;

	for (int loss = 0; loss < LOSS_KERNEL_NR; loss++)
		summary_lost(record, (enum loss)loss, probe_loss(engine->probe, (enum loss)loss));
	symbols_counts(engine->symbols, &counts);
	summary_lost(record, LOSS_SLICES_WITHOUT_PLACE, engine->slices_placeless);
	summary_lost(record, LOSS_STACKS_CUT, engine->stacks_cut);
	summary_lost(record, LOSS_TURNS_DOUBTFUL, engine->turns_doubtful);
	summary_lost(record, LOSS_BUSY_MS_UNWATCHED, engine->rested_ns / 1000000);
	summary_lost(record, LOSS_PROCESSES_UNWATCHED, engine->processes_unwatched);
	summary_lost(record, LOSS_LEDGERS_CUT, engine->ledgers_cut);
	summary_lost(record, LOSS_SYMBOL_LOOKUPS_FAILED, counts.lookups_failed);
	summary_lost(record, LOSS_SYMBOL_FILES_REFUSED, counts.files_refused);
	summary_lost(record, LOSS_SYMBOL_LINES_LEFT_OUT, counts.lines_left_out);
	summary_lost(record, LOSS_SYMBOLIZER_RESTARTS, counts.child_restarts);
	summary_lost(record, LOSS_MAPS_CUT, counts.maps_cut);
	summary_lost(record, LOSS_PERF_MAPS_REFUSED, counts.perf_maps_refused);
	summary_lost(record, LOSS_PERF_MAP_LINES_CUT, counts.perf_map_lines_cut);
}

/* Leaves out what was counted in earlier periods. */
static void take_losses(const struct engine *engine, struct summary_record *record)
{
	size_t kept = 0;

	for (size_t i = 0; i < record->nr_lost; i++) {
		struct loss_count loss = record->lost[i];

		for (size_t j = 0; j < engine->nr_losses; j++)
			if (!strcmp(engine->losses[j].name, loss.name))
				loss.count -= engine->losses[j].count;
		if (loss.count)
			record->lost[kept++] = loss;
	}
	record->nr_lost = kept;
}

int engine_summary(struct engine *engine, struct summary_record *record)
{
	uint64_t now_ns = probe_now_ns();
	size_t nr = engine->nr_ended;

	memset(record, 0, sizeof(*record));
	record->mono_ns = now_ns;
	record->duration_ns = now_ns - engine->period_ns;
	record->command_status = -1;
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++)
		nr += engine->loops[i] && engine->loops[i]->id.runtime;
	record->loops = calloc(nr ? nr : 1, sizeof(*record->loops));
	if (!record->loops)
		return -ENOMEM;
	if (engine->nr_ended)
		memcpy(record->loops, engine->ended, engine->nr_ended * sizeof(*record->loops));
	record->nr_loops = engine->nr_ended;
	engine->nr_ended = 0; /* what they own is the record's now */
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		struct loop *loop = engine->loops[i];

		if (loop && loop->id.runtime &&
		    !loop_summarise(loop, probe_slot(engine->probe, i), now_ns,
				    &record->loops[record->nr_loops]))
			record->nr_loops++;
	}
	add_losses(engine, record);
	take_losses(engine, record);
	return 0;
}

void engine_new_period(struct engine *engine)
{
	struct summary_record record = { 0 };
	uint64_t now_ns = probe_now_ns();

	add_losses(engine, &record);
	free(engine->losses);
	engine->losses = record.lost;
	engine->nr_losses = record.nr_lost;
	engine->period_ns = now_ns;
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		struct loop *loop = engine->loops[i];

		/* without memory its numbers go on from before: more cannot be done */
		if (loop && !loop_new_period(loop, probe_slot(engine->probe, i), now_ns) &&
		    loop->id.runtime && loop->announced)
			binding_tell_again(engine, loop);
	}
}

void summary_free(struct summary_record *record)
{
	for (size_t i = 0; i < record->nr_loops; i++)
		free(record->loops[i].id.runtime);
	free(record->loops);
	free(record->lost);
	memset(record, 0, sizeof(*record));
}
