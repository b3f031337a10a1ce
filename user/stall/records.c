// SPDX-License-Identifier: GPL-2.0-or-later
/* records.c - what is done with each kind of record, in which order. */
#include "stall/records.h"

#include <string.h>

#include "base/cleanup.h"
#include "probe/probe.h"
#include "stall/decide.h"
#include "stall/loops/binding.h"
#include "stall/loops/discover.h"
#include "stall/loops/recognise.h"
#include "stall/loops/sources.h"
#include "stall/peers/clients.h"
#include "stall/peers/observe.h"
#include "stall/seconds.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/summary.h"
#include "stall/turn/budget.h"
#include "stall/turn/collect.h"
#include "stall/turn/discard.h"
#include "stall/turn/report.h"
#include "stall/turn/slice.h"

/* NULL: its thread has no slot, or another one has it now. */
static struct loop *loop_of(struct engine *engine, const struct bp_header *header)
{
	struct loop *loop;

	if (header->slot == BP_NO_SLOT || header->slot > probe_slots(engine->probe))
		return NULL;
	loop = loops_at(engine->loops, header->slot);
	if (!loop)
		loop = binding_slot(engine, header->slot, header->tgid, header->tid);
	return loop && loop->id.tid == (pid_t)header->tid ? loop : NULL;
}

/* -- blocks and CPU ticks -- */

static uint64_t min_ns(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A tick stands for the time before it, a block for its own: the last one of those that are told as one. */
static struct interval interval_of(const struct bp_slice *record)
{
	uint64_t at_ns = record->capture.since_ns;

	if (record->header.type == BP_RECORD_SAMPLE)
		return (struct interval){ at_ns - min_ns(record->ns, at_ns), record->ns };
	return (struct interval){ at_ns, min_ns(min_ns(record->max_ns, record->ns),
						record->header.time_ns - at_ns) };
}

/* Time of turns before this one, from the same place as the slice. */
static void add_carried(struct engine *engine, struct loop *loop, const struct bp_slice *record,
			const struct slice *slice)
{
	struct slice carried;

	if (!record->carry_ns || slice_copy(&carried, slice))
		return;
	/* who was waited for this time need not be who was then */
	culprits_free(&carried.culprits);
	carried.ns = record->carry_ns;
	carried.count = record->carry_count;
	carried.max_ns = min_ns(record->max_ns, carried.ns);
	collect_count(loop, &carried);
	budget_spend(engine, &carried);
	collect_blocked(loop, &carried);
}

static void on_slice(struct engine *engine, const struct bp_slice *record)
{
	const struct bp_header *header = &record->header;
	uint64_t since_ns = record->capture.since_ns;
	struct bp_stack_copy *own __freeing =
		stack_copies_take(engine->stack_copies, header->slot, header->tid, since_ns, false);
	struct bp_stack_copy *other __freeing =
		stack_copies_take(engine->stack_copies, header->slot, header->tid, since_ns, true);
	const struct evidence evidence = { &record->capture, own, other, .ended = true };
	struct loop *loop = loop_of(engine, header);
	struct slice slice = {
		.ns = record->ns,
		.count = record->count,
		/* the longest may be one of those that were carried on */
		.max_ns = min_ns(record->max_ns, record->ns),
	};

	if (!loop)
		return;
	if (record->turn_seq) {
		collect_turn(loop, record->turn_seq);
		if (!decide_record(engine, loop, record))
			return;
	}
	intervals_add(&slice.intervals, interval_of(record), 0);
	if (header->type == BP_RECORD_SAMPLE) {
		slice_of_sample(engine, loop, &evidence, &slice);
		budget_spend(engine, &slice);
		collect_count_sample(loop, &slice);
		collect_add(loop, &slice, since_ns, header->time_ns);
		return;
	}
	slice_of_block(engine, loop, &evidence, &slice);
	collect_count(loop, &slice);
	observation_fill(loop, since_ns, header->time_ns, true, &slice);
	if (!slice.culprits.nr && slice.ns >= engine->old_ns)
		observation_late(engine, loop, &record->capture, &slice);
	add_carried(engine, loop, record, &slice);
	budget_spend(engine, &slice);
	if (record->turn_seq)
		collect_add(loop, &slice, since_ns, header->time_ns);
	else
		collect_blocked(loop, &slice);
}

/* -- ends of turns, threads and processes -- */

static void on_impact(struct engine *engine, const struct bp_impact *record)
{
	struct loop *loop = loop_of(engine, &record->header);

	if (loop && !turn_is_discarded(loop, record->turn_seq))
		clients_note(engine, loop, record);
}

static void on_turn(struct engine *engine, const struct bp_turn *record)
{
	struct loop *loop = loop_of(engine, &record->header);
	struct ended_turn turn;

	if (loop && decide_ended(engine, loop, record, &turn))
		report_ended(engine, loop, &turn);
}

void records_end_slot(struct engine *engine, unsigned int slot)
{
	struct loop *loop = loops_take(engine->loops, slot);
	struct slices carried = { 0 };

	if (slot == BP_NO_SLOT || slot > probe_slots(engine->probe))
		return;
	if (loop) {
		discard_take(engine, loop);
		discard_check(engine, loop, true);
		collect_turn(loop, 0);
		slices_of_sums(engine, loop, probe_slot(engine->probe, slot)->sums, true, &carried);
		collect_all_blocked(loop, &carried);
		report_blocked(engine, loop);
		seconds_end(engine, loop, probe_now_ns());
		summary_keep(engine, loop);
		observation_end(engine, loop);
		sources_leave(engine, loop);
		loop_free(loop);
	}
	probe_slot_free(engine->probe, slot);
}

static void on_process(struct engine *engine, const struct bp_process *record)
{
	/* of the thread's time before its new program, or its end */
	if (record->header.type != BP_RECORD_FORK)
		records_end_slot(engine, record->header.slot);
	discover_process(engine, record);
}

/* Only the used beginning of a record is sent: the rest of the struct is made empty. */
#define WHOLE(type, name, record, bytes) \
	type name;                       \
	memset(&name, 0, sizeof(name));  \
	memcpy(&name, record, bytes < sizeof(name) ? bytes : sizeof(name))

void records_take(void *context, const struct bp_header *record, size_t bytes)
{
	struct engine *engine = context;

	switch (record->type) {
	case BP_RECORD_SLICE:
	case BP_RECORD_SAMPLE: {
		WHOLE(struct bp_slice, slice, record, bytes);
		on_slice(engine, &slice);
		break;
	}
	case BP_RECORD_STACK_COPY:
		stack_copies_add(engine->stack_copies, record, bytes);
		break;
	case BP_RECORD_TURN: {
		WHOLE(struct bp_turn, turn, record, bytes);
		on_turn(engine, &turn);
		break;
	}
	case BP_RECORD_IMPACT: {
		WHOLE(struct bp_impact, impact, record, bytes);
		on_impact(engine, &impact);
		break;
	}
	case BP_RECORD_OBSERVED_SAMPLE: {
		WHOLE(struct bp_observed_sample, sample, record, bytes);
		observe_sample(engine, &sample);
		break;
	}
	case BP_RECORD_CANDIDATE: {
		WHOLE(struct bp_candidate, candidate, record, bytes);
		recognise_candidate(engine, &candidate);
		break;
	}
	default: {
		WHOLE(struct bp_process, process, record, bytes);
		on_process(engine, &process);
	}
	}
}
