// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/namer.h"
#include "proc/peer/peer.h"
#include "proc/process.h"
#include "runtime/python/pools.h"
#include "runtime/python/python.h"
#include "stall/engine_private.h"
#include "stall/notes/exhaustion.h"
#include "stall/peers/foreign.h"
#include "stall/peers/inquiry.h"
#include "stall/turn/start.h"

#define PART		 8 /* of the threshold: see pace.c */
#define PART_MIN_NS	 2000000ull
#define PART_MAX_NS	 20000000ull
#define BLOCKED_EVERY_NS 10000000000ull
#define CHILDREN_MAX	 256 /* of a process that are followed from the start */
#define DEPTH_MAX	 32 /* generations of them */
#define ENDED_MAX	 10000 /* ended loops kept for the summary */

int engine_new(struct engine **out, const struct engine_options *options, struct probe *probe,
	       struct symbols *symbols, const struct engine_sink *sink)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int err;

	if (!engine)
		return -ENOMEM;
	engine->options = *options;
	engine->sink = *sink;
	engine->probe = probe;
	engine->symbols = symbols;
	engine->classify.symbols = symbols;
	engine->part_ns = options->threshold_ns / PART;
	if (engine->part_ns < PART_MIN_NS)
		engine->part_ns = PART_MIN_NS;
	if (engine->part_ns > PART_MAX_NS)
		engine->part_ns = PART_MAX_NS;
	engine->loops = calloc(probe_slots(probe) + 1, sizeof(struct loop *));
	err = engine->loops ? peers_new(&engine->classify.peers) : -ENOMEM;
	if (!err)
		err = namer_new(&engine->namer, symbols, options->memory);
	if (!err)
		err = watched_table_new(&engine->watched);
	if (!err)
		err = foreign_new(&engine->foreign);
	if (!err)
		err = copies_new(&engine->copies);
	if (err) {
		engine_free(engine);
		return err;
	}
	*out = engine;
	return 0;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	for (unsigned int i = 1; engine->loops && i <= probe_slots(engine->probe); i++)
		loop_free(engine->loops[i]);
	free(engine->loops);
	for (size_t i = 0; i < engine->nr_ended; i++)
		free(engine->ended[i].id.runtime);
	free(engine->ended);
	free(engine->losses);
	binding_forget(engine);
	watched_table_free(engine->watched);
	foreign_free(engine->foreign);
	copies_free(engine->copies);
	peers_free(engine->classify.peers);
	namer_free(engine->namer);
	free(engine);
}

/* Those that are there already; later ones are seen as they are forked. */
static int watch_children(struct engine *engine, pid_t pid, unsigned int depth)
{
	pid_t children[CHILDREN_MAX];
	int nr = process_children(pid, children, CHILDREN_MAX), err = 0;

	for (int i = 0; i < nr && !err && depth < DEPTH_MAX; i++) {
		struct watched *watched = watched_find(engine->watched, children[i]);

		if (watched)
			continue;
		watched = watched_add(engine->watched, children[i], probe_now_ns());
		if (!watched)
			return -ENOMEM;
		watched_identify(watched);
		recognise_soon(engine, watched);
		err = probe_watch(engine->probe, children[i], true);
		if (!err)
			err = watch_children(engine, children[i], depth + 1);
	}
	return err;
}

int engine_watch(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_add(engine->watched, pid, probe_now_ns());
	int err;

	if (!watched)
		return -ENOMEM;
	watched->asked_for = true;
	watched_identify(watched);
	recognise_soon(engine, watched);
	err = probe_watch(engine->probe, pid, engine->options.follow);
	return err || !engine->options.follow ? err : watch_children(engine, pid, 0);
}

void engine_start(struct engine *engine)
{
	engine->started_ns = probe_now_ns();
	engine->period_ns = engine->started_ns;
	engine->next_blocked_ns = engine->started_ns + BLOCKED_EVERY_NS;
	probe_start(engine->probe);
}

int engine_look(struct engine *engine)
{
	int err = discover_all(engine);

	return err ? err : recognise_look(engine);
}

/* -- records -- */

static struct loop *loop_of(struct engine *engine, const struct bp_header *header)
{
	struct loop *loop;

	if (header->slot == BP_NO_SLOT || header->slot > probe_slots(engine->probe))
		return NULL;
	loop = engine->loops[header->slot];
	if (!loop)
		loop = binding_slot(engine, header->slot, header->tgid, header->tid);
	return loop && loop->id.tid == (pid_t)header->tid ? loop : NULL;
}

static uint64_t min_ns(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Time of turns before this one, from the same place as the slice. */
static void add_carried(struct loop *loop, const struct bp_slice *record, const struct slice *slice)
{
	struct slice carried;

	if (!record->carry_ns || slice_copy(&carried, slice))
		return;
	/* who was waited for this time need not be who was then */
	culprits_free(&carried.culprits);
	carried.ns = record->carry_ns;
	carried.count = record->carry_count;
	carried.max_ns = min_ns(record->max_ns, carried.ns);
	loop_count(loop, &carried);
	loop_add_blocked(loop, &carried);
}

static void on_slice(struct engine *engine, const struct bp_slice *record)
{
	const struct bp_header *header = &record->header;
	uint64_t since_ns = record->capture.since_ns;
	struct bp_copy *own __freeing =
		copies_take(engine->copies, header->slot, header->tid, since_ns, false);
	struct bp_copy *other __freeing =
		copies_take(engine->copies, header->slot, header->tid, since_ns, true);
	const struct evidence evidence = { &record->capture, own, other };
	struct loop *loop = loop_of(engine, header);
	struct slice slice = {
		.ns = record->ns,
		.count = record->count,
		/* the longest may be one of those that were carried on */
		.max_ns = min_ns(record->max_ns, record->ns),
	};
	bool left;

	if (!loop)
		return;
	if (record->turn_seq) {
		loop_turn(loop, record->turn_seq);
		if (recognise_wait(engine, loop, &record->capture, &left) || left) {
			if (left && record->turn_seq != loop->void_seq && recognise_shows_end(loop))
				tell_left(engine, loop, record);
			/* the next loop on this thread is another object */
			if (left)
				probe_slot(engine->probe, loop->slot)->loop_object = 0;
			loop_void(loop, record->turn_seq);
		}
		if (record->turn_seq == loop->void_seq)
			return;
	}
	if (record->header.type == BP_RECORD_SAMPLE) {
		tell_sample(engine, loop, &evidence, &slice);
		loop_add(loop, &slice, record->capture.since_ns, record->header.time_ns);
		return;
	}
	tell_slice(engine, loop, &evidence, &slice);
	loop_count(loop, &slice);
	inquiry_tell(loop, record->capture.since_ns, record->header.time_ns, true, &slice);
	add_carried(loop, record, &slice);
	if (record->turn_seq)
		loop_add(loop, &slice, record->capture.since_ns, record->header.time_ns);
	else
		loop_add_blocked(loop, &slice);
}

/* But for futexes, which may have been parks, it would have been no stall. */
static bool may_be_idle(struct engine *engine, const struct loop *loop, const struct bp_turn *turn)
{
	return recognise_may_park(engine, loop) && loop->turn_seq == turn->turn_seq &&
	       turn->end_ns - turn->start_ns < engine->options.threshold_ns + loop_locked(loop);
}

static void on_turn(struct engine *engine, const struct bp_turn *turn)
{
	struct loop *loop = loop_of(engine, &turn->header);

	if (!loop || turn->turn_seq == loop->void_seq || turn->end_ns < turn->start_ns)
		return;
	if (turn->delayed_events < 0 && recognise_shows_end(loop)) {
		/*
		 * The thread ended, or its program: what an interpreter does to shut
		 * down is no longer the loop's turn.
		 */
		struct bp_turn shown = *turn;

		shown.end_ns = loop->turn_seq == turn->turn_seq ? loop->until_ns : turn->start_ns;
		if (shown.end_ns > turn->end_ns)
			shown.end_ns = turn->end_ns;
		tell_final(engine, loop, &shown);
		return;
	}
	if (!start_is_sound(engine, loop, turn) || may_be_idle(engine, loop, turn)) {
		engine->turns_doubtful++;
		return;
	}
	tell_final(engine, loop, turn);
}

/* A slot's thread is gone: what it did is kept for the summary. */
static void end_loop(struct engine *engine, unsigned int slot)
{
	struct loop *loop = slot <= probe_slots(engine->probe) ? engine->loops[slot] : NULL;
	struct loop_summary *grown;

	if (slot == BP_NO_SLOT || slot > probe_slots(engine->probe))
		return;
	if (loop) {
		loop_turn(loop, 0);
		tell_sums(engine, loop, probe_slot(engine->probe, slot)->sums, true,
			  &loop->blocked);
		tell_blocked(engine, loop);
		grown = loop->id.runtime && engine->nr_ended < ENDED_MAX
				? realloc(engine->ended, (engine->nr_ended + 1) * sizeof(*grown))
				: NULL;
		if (grown) {
			engine->ended = grown;
			if (!loop_summarise(loop, probe_slot(engine->probe, slot), probe_now_ns(),
					    &engine->ended[engine->nr_ended]))
				engine->nr_ended++;
		}
		loop_free(loop);
		engine->loops[slot] = NULL;
	}
	probe_slot_free(engine->probe, slot);
}

static void on_process(struct engine *engine, const struct bp_process *record)
{
	/* of the thread's time before its new program, or its end */
	if (record->header.type != BP_RECORD_FORK)
		end_loop(engine, record->header.slot);
	discover_process(engine, record);
}

/* Only the used beginning of a record is sent: the rest of the struct is made empty. */
#define WHOLE(type, name, record, bytes) \
	type name;                       \
	memset(&name, 0, sizeof(name));  \
	memcpy(&name, record, bytes < sizeof(name) ? bytes : sizeof(name))

static void on_record(void *context, const struct bp_header *record, size_t bytes)
{
	struct engine *engine = context;

	switch (record->type) {
	case BP_RECORD_SLICE:
	case BP_RECORD_SAMPLE: {
		WHOLE(struct bp_slice, slice, record, bytes);
		on_slice(engine, &slice);
		break;
	}
	case BP_RECORD_COPY:
		copies_add(engine->copies, record, bytes);
		break;
	case BP_RECORD_TURN: {
		WHOLE(struct bp_turn, turn, record, bytes);
		on_turn(engine, &turn);
		break;
	}
	case BP_RECORD_SUSPECT: {
		WHOLE(struct bp_suspect_sample, sample, record, bytes);
		inquire_sample(engine, &sample);
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

/* -- time -- */

static void each_loop(struct engine *engine, uint64_t now_ns)
{
	bool blocked_due = now_ns >= engine->next_blocked_ns;

	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		struct loop *loop = engine->loops[i];

		if (!loop)
			continue;
		recognise_return(engine, loop, now_ns);
		tell_early(engine, loop, now_ns);
		inquire(engine, loop, now_ns);
		/* only where waits that do not sleep were not seen all the time */
		if (engine->needed_ns && !probe_waits_always(engine->probe))
			start_check(engine, loop, now_ns);
		tell_ongoing(engine, loop, now_ns, false);
		if (blocked_due) {
			/* its slices' turn is over, and was no stall, if another one runs */
			if (probe_slot(engine->probe, i)->turn_seq != loop->turn_seq)
				loop_turn(loop, 0);
			tell_blocked(engine, loop);
		}
	}
	if (blocked_due)
		engine->next_blocked_ns = now_ns + BLOCKED_EVERY_NS;
}

void engine_run(struct engine *engine)
{
	uint64_t now_ns;

	probe_read(engine->probe, on_record, engine);
	now_ns = probe_now_ns();
	pace(engine, now_ns);
	recognise_scan(engine, now_ns);
	each_loop(engine, now_ns);
	exhaustion_scan(engine, now_ns);
}

int engine_tick_ms(const struct engine *engine)
{
	return engine->part_ns / 1000000;
}

void engine_finish(struct engine *engine)
{
	uint64_t now_ns;

	probe_read(engine->probe, on_record, engine);
	now_ns = probe_now_ns();
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		struct loop *loop = engine->loops[i];
		const struct bp_slot *slot = probe_slot(engine->probe, i);

		if (!loop)
			continue;
		tell_ongoing(engine, loop, now_ns, true);
		tell_current(engine, loop, now_ns);
		/* what has come of a turn that is told of is in there already */
		if (loop->told_seq && loop->told_seq == loop->turn_seq && slot->in_turn &&
		    slot->turn_seq == loop->told_seq)
			slices_free(&loop->turn);
		loop_turn(loop, 0);
		tell_sums(engine, loop, slot->sums, true, &loop->blocked);
		tell_blocked(engine, loop);
	}
}

void engine_each_loop(struct engine *engine, engine_loop_fn *fn, void *context)
{
	struct engine_loop stand;

	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		const struct loop *loop = engine->loops[i];

		if (!loop || !loop->id.runtime)
			continue;
		loop_stand(loop, probe_slot(engine->probe, i), probe_now_ns(), &stand);
		fn(context, &stand);
	}
}

int64_t engine_tasks(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_find(engine->watched, pid);
	uint64_t nr;

	if (!watched || !watched->python || watched->unreadable ||
	    python_tasks_count(watched->python, &nr))
		return -1;
	return (int64_t)nr;
}

/* -- for "watching ..." -- */

unsigned int engine_loops(struct engine *engine, pid_t pid)
{
	unsigned int nr = 0;

	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		const struct loop *loop = engine->loops[i];

		nr += loop && loop->id.runtime && (!pid || loop->id.pid == pid);
	}
	return nr;
}

const char *engine_runtime(struct engine *engine, pid_t pid)
{
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++) {
		const struct loop *loop = engine->loops[i];

		if (loop && loop->id.runtime && loop->id.pid == pid)
			return loop->id.runtime;
	}
	return NULL;
}

const char *engine_interpreter(struct engine *engine, pid_t pid, char *buf, size_t size)
{
	struct watched *watched = watched_find(engine->watched, pid);

	if (!watched || !watched->python)
		return NULL;
	snprintf(buf, size, "%s %s", python_implementation(watched->python),
		 python_version(watched->python));
	return buf;
}

bool engine_unreadable(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_find(engine->watched, pid);

	return watched && watched->unreadable;
}

size_t engine_processes(const struct engine *engine)
{
	return watched_count(engine->watched);
}

uint64_t engine_started_ns(const struct engine *engine)
{
	return engine->started_ns;
}
