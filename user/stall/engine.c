// SPDX-License-Identifier: GPL-2.0-or-later
/* engine.c - the order in which things are done: what is read, looked at and reported in a tick. */
#include "stall/engine.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/meanwhile.h"
#include "capture/namer.h"
#include "model/threshold.h"
#include "probe/probe.h"
#include "proc/peer/peer.h"
#include "stall/decide.h"
#include "stall/loops/again.h"
#include "stall/loops/belongs.h"
#include "stall/loops/binding.h"
#include "stall/loops/busy.h"
#include "stall/loops/discover.h"
#include "stall/loops/handed_over.h"
#include "stall/loops/recognise.h"
#include "stall/loops/request_worker.h"
#include "stall/loops/scan.h"
#include "stall/loops/share.h"
#include "stall/loops/shared.h"
#include "stall/loops/sources.h"
#include "stall/lost.h"
#include "stall/notes/notes.h"
#include "stall/peers/foreign.h"
#include "stall/peers/observe.h"
#include "stall/records.h"
#include "stall/seconds.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"
#include "stall/summary.h"
#include "stall/turn/collect.h"
#include "stall/turn/current.h"
#include "stall/state/blind.h"
#include "stall/turn/discard.h"
#include "stall/turn/impact.h"
#include "stall/turn/pace.h"
#include "stall/turn/report.h"
#include "stall/turn/slice.h"
#include "stall/turn/start.h"

#define LAST_READ_NS	  (400 * NS_PER_MS)
#define LAST_READ_MOST_NS (2 * NS_PER_SEC) /* where nobody waits for the end */

/* For whom is looking at others paid? */
static struct allowance_owner owner_of(void *context, pid_t pid)
{
	const struct engine *engine = context;
	struct watched *watched = watched_find(engine->watched, pid);
	struct bp_bind shares = { 0 };

	if (watched)
		share_name(watched, &shares);
	return (struct allowance_owner){ shares.user, shares.cgroup };
}

static int new_peers(struct engine *engine)
{
	int err = peers_new(&engine->classify.peers);
	struct allowance *allowance = err ? NULL : peers_allowance(engine->classify.peers);

	if (err)
		return err;
	allowance->owner_of = owner_of;
	allowance->context = engine;
	return shared_new(engine, allowance);
}

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
	engine->old_ns = threshold_part_ns(options->threshold_ns, THRESHOLD_OLD);
	err = loops_new(&engine->loops, probe_slots(probe));
	if (!err)
		err = new_peers(engine);
	if (!err)
		err = namer_new(&engine->namer, symbols, options->memory);
	if (!err)
		err = watched_table_new(&engine->watched);
	if (!err)
		err = foreign_new(&engine->foreign);
	if (!err)
		err = stack_copies_new(&engine->stack_copies);
	if (!err)
		err = belongs_new(engine);
	if (err) {
		engine_free(engine);
		return err;
	}
	*out = engine;
	return 0;
}

static void free_loops(struct engine *engine)
{
	struct loop *loop;

	while ((loop = loops_next(engine->loops, NULL))) {
		loops_take(engine->loops, loop->slot);
		observation_end(engine, loop);
		loop_free(loop);
	}
	loops_free(engine->loops);
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	if (engine->loops)
		free_loops(engine);
	summary_forget(engine);
	seconds_forget(engine);
	binding_forget(engine);
	watched_table_free(engine->watched);
	foreign_free(engine->foreign);
	stack_copies_free(engine->stack_copies);
	belongs_free(engine);
	shared_free(engine);
	peers_free(engine->classify.peers);
	namer_free(engine->namer);
	free(engine);
}

int engine_watch(struct engine *engine, pid_t pid)
{
	return discover_asked(engine, pid);
}

void engine_blind(struct engine *engine, pid_t pid, enum blind blind)
{
	struct watched *watched = watched_find(engine->watched, pid);

	if (watched)
		blind_note(engine, watched, blind);
}

void engine_start(struct engine *engine)
{
	engine->started_ns = probe_now_ns();
	summary_start(engine, engine->started_ns);
	report_start(engine, engine->started_ns);
	probe_start(engine->probe);
}

int engine_look(struct engine *engine)
{
	int err = discover_all(engine);

	return err ? err : recognise_all(engine);
}

/* A turn that lasts is reported, if it is to be and it is time to. */
static void report_if_lasting(struct engine *engine, struct loop *loop, uint64_t now_ns,
			      bool at_end)
{
	struct lasting_turn turn;
	struct slices now = { 0 };
	struct live live;

	if (!decide_lasting(engine, loop, now_ns, at_end, &live, &turn))
		return;
	current_add(engine, loop, &live, now_ns, &now);
	if (now.nr)
		observation_fill(loop, live.slot.since_ns, now_ns, false, &now.v[0]);
	report_lasting(engine, loop, &turn, &now, at_end);
	if (at_end)
		discard_rest(engine, loop, live.slot.turn_seq);
}

/* What is done for each loop in a tick. */
struct tick {
	uint64_t now_ns;
	bool blocked_is_due;
};

static void report_blocked_of(struct engine *engine, struct loop *loop)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	bool over = !slot->in_turn || !collected_is(loop, slot->turn_seq);

	/* if it was a stall that is in a record by now */
	probe_collect(engine->probe);
	if (over && !probe_unread(engine->probe, loop->id.pid))
		collect_turn(loop, 0);
	report_blocked(engine, loop);
}

static void look_at_loop(struct engine *engine, struct loop *loop, const struct tick *tick)
{
	uint64_t now_ns = tick->now_ns;
	/* else the ends of its turns may be among the records that are left */
	bool all_read = !probe_unread(engine->probe, loop->id.pid);

	/* first, as names that are looked up for the first time may take longer than the turn */
	impact_look(engine, loop, now_ns);
	again_check(engine, loop, now_ns);
	sources_follow(engine, loop);
	summary_join(engine, loop, now_ns);
	source_look(engine, loop);
	request_worker_look(engine, loop, now_ns);
	/* what others do does not wait for names */
	observe_block(engine, loop, now_ns);
	current_look_up(engine, loop, now_ns);
	/* only where waits that do not sleep were not seen all the time */
	if (pace_is_on(engine) && !probe_waits_always(engine->probe))
		start_check(engine, loop, now_ns);
	discard_take(engine, loop);
	/* what lasts comes after what is over, and what was said of that */
	if (all_read) {
		report_if_lasting(engine, loop, now_ns, false);
		discard_check(engine, loop, false);
	}
	if (tick->blocked_is_due)
		report_blocked_of(engine, loop);
}

/* Where much is gone through nobody waits longer for that than where a child is waited for. */
static void breathe(struct engine *engine)
{
	if (probe_now_ns() - engine->breathed_ns >= MEANWHILE_NS)
		engine_meanwhile(engine);
}

static void take_record(void *context, const struct bp_header *record, size_t bytes)
{
	records_take(context, record, bytes);
	breathe(context);
}

void engine_run(struct engine *engine)
{
	struct tick tick;

	probe_read(engine->probe, take_record, engine);
	tick.now_ns = probe_now_ns();
	pace_set(engine, tick.now_ns);
	scan_run(engine, tick.now_ns);
	busy_run(engine, tick.now_ns);
	tick.blocked_is_due = report_blocked_is_due(engine, tick.now_ns);
	for_each_loop (engine->loops, loop) {
		look_at_loop(engine, loop, &tick);
		breathe(engine);
	}
	seconds_run(engine, tick.now_ns);
	lost_look(engine, tick.now_ns);
	binding_read_files(engine);
	belongs_again(engine);
	notes_take(engine, tick.now_ns);
}

void engine_meanwhile(struct engine *engine)
{
	uint64_t now_ns = probe_now_ns();

	engine->breathed_ns = now_ns;
	probe_collect(engine->probe);
	/* a turn that is old when the probes come on may be several: what came before was not seen */
	if (engine->started_ns && !engine->period.finished_ns &&
	    now_ns - engine->pace.asked_ns >= engine->old_ns)
		pace_set(engine, now_ns);
}

void engine_report_blocked(struct engine *engine)
{
	for_each_loop (engine->loops, loop)
		report_blocked_of(engine, loop);
}

int engine_tick_ms(const struct engine *engine)
{
	return (int)(engine->old_ns / NS_PER_MS);
}

static void finish(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct slices carried = { 0 };

	report_if_lasting(engine, loop, now_ns, true);
	current_finish(engine, loop, now_ns);
	/* what has come of a turn that was reported as lasting is in there already */
	if (slot->in_turn && slot->turn_seq && report_has_begun(loop, slot->turn_seq))
		collect_drop(loop, slot->turn_seq);
	collect_turn(loop, 0);
	slices_of_sums(engine, loop, slot->sums, true, &carried);
	collect_all_blocked(loop, &carried);
	report_blocked(engine, loop);
}

/* What is left open of a loop: a turn that nothing came of by now is none that can be reported. */
static void close_loop(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	if (slot->in_turn && turn_is_discarded(loop, slot->turn_seq))
		discard_ended(engine, loop, slot->turn_start_ns, now_ns);
	/* bound in a turn of which nothing more was known */
	if (!slot->in_turn && slot->left_ns && now_ns > slot->left_ns)
		discard_count(engine, loop, slot->turn_seq, DISCARD_PROVISIONAL,
			      now_ns - slot->left_ns);
	discard_take(engine, loop);
	discard_check(engine, loop, true);
}

/* What is left then is counted as lost: who ended the watch waits for its outputs. */
static void read_the_rest(struct engine *engine, bool hurried)
{
	uint64_t until_ns = probe_now_ns() + (hurried ? LAST_READ_NS : LAST_READ_MOST_NS);

	while (!probe_read(engine->probe, records_take, engine) && probe_now_ns() < until_ns)
		;
}

void engine_finish(struct engine *engine, bool hurried)
{
	uint64_t now_ns;

	probe_read(engine->probe, records_take, engine);
	probe_stop(engine->probe);
	now_ns = engine->period.finished_ns = probe_now_ns();
	/* of turns that ended meanwhile, and their slices, before those are told apart from the others */
	read_the_rest(engine, hurried);
	lost_note(engine);
	for_each_loop (engine->loops, loop)
		finish(engine, loop, now_ns);
	for_each_loop (engine->loops, loop)
		close_loop(engine, loop, now_ns);
	for_each_loop (engine->loops, loop)
		seconds_end(engine, loop, now_ns);
}
