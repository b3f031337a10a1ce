// SPDX-License-Identifier: GPL-2.0-or-later
/* tell.c - records become slices, slices and ledgers become stalls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/blame.h"
#include "capture/frames.h"
#include "probe/syscall.h"
#include "proc/process.h"
#include "proc/thread_copy.h"
#include "runtime/python/python.h"
#include "stall/engine_private.h"
#include "stall/peers/inquiry.h"
#include "stall/turn/ledger.h"
#include "stall/turn/nested.h"
#include "stall/turn/settle.h"
#include "stall/turn/start.h"

#define TOLD_EVERY_NS  1000000000ull
#define SNAPSHOT_TRIES 8

static struct python *python_of(struct engine *engine, pid_t pid)
{
	struct watched *watched = watched_find(engine->watched, pid);

	return watched ? recognise_python(engine, watched) : NULL;
}

static void set_task(struct python *python, const struct bp_capture *capture, struct slice *slice)
{
	char name[256] = "", coro[256] = "";

	if (!python || !capture->stack.task ||
	    python_task_copied(python, &capture->task, name, sizeof(name), coro, sizeof(coro)) < 0)
		return;
	slice->task_name = name[0] ? strdup(name) : NULL;
	slice->task_coro = coro[0] ? strdup(coro) : NULL;
}

static void want_copies(struct engine *engine, const struct loop *loop)
{
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);

	slot->copy_bytes = loop->copy_size.bytes;
	slot->copy_holes = loop->copy_size.holes;
}

/* The stack of the thread itself. */
static void set_stack(struct engine *engine, struct loop *loop, struct python *python,
		      const struct evidence *evidence, struct slice *slice)
{
	const struct bp_capture *capture = evidence->capture;
	unsigned int parts = FRAMES_KERNEL | FRAMES_USER;
	struct copy_use use = { 0 };

	if (capture->block.flags & BP_BLOCK_GIL)
		parts |= FRAMES_GIL;
	slice->stack = frames_resolve(engine->namer, loop->id.pid, python, &capture->stack,
				      evidence->own, parts, &use);
	if (slice->stack && slice->stack->cut)
		engine->stacks_cut++;
	if (evidence->own && copy_size_adapt(&loop->copy_size, evidence->own, &use))
		want_copies(engine, loop);
	set_task(python, capture, slice);
}

void tell_other_copied(struct engine *engine, const struct bp_copy *copy,
		       const struct copy_use *use)
{
	if (copy && copy_size_adapt(&engine->others_size, copy, use))
		probe_copy_bytes(engine->probe, engine->others_size.bytes);
}

static void set_waker(struct engine *engine, const struct evidence *evidence, struct slice *slice)
{
	const struct bp_capture *capture = evidence->capture;
	const struct bp_other *other = &capture->other;
	struct copy_use use = { 0 };

	if (other->kind != BP_OTHER_WAKER ||
	    frames_in_interrupt(engine->symbols, &capture->other_stack))
		return;
	slice->waker.pid = other->tgid;
	slice->waker.tid = other->tid;
	memcpy(slice->waker.comm, other->comm, sizeof(slice->waker.comm));
	slice->waker.comm[sizeof(slice->waker.comm) - 1] = 0;
	slice->waker.stack =
		frames_resolve(engine->namer, other->tgid, python_of(engine, other->tgid),
			       &capture->other_stack, evidence->other, FRAMES_USER, &use);
	tell_other_copied(engine, evidence->other, &use);
}

/* The GIL's holder is a thread of the same process, known by its pthread_self(). */
static void set_holder(struct engine *engine, pid_t pid, const struct bp_capture *capture,
		       struct slice *slice)
{
	struct watched *watched = watched_find(engine->watched, pid);
	pid_t tid;

	if (capture->other.kind != BP_OTHER_HOLDER || !watched)
		return;
	tid = watched_tid(watched, capture->other.pthread);
	if (!tid) {
		recognise_look(engine);
		tid = watched_tid(watched, capture->other.pthread);
	}
	slice->holder.pid = pid;
	slice->holder.tid = tid;
	if (tid)
		process_thread_comm(pid, tid, slice->holder.comm);
	slice->holder.stack = frames_resolve(engine->namer, pid, watched->python,
					     &capture->other_stack, NULL, FRAMES_USER, NULL);
}

/* 0: it began at some time before the watch. */
static uint64_t turn_began_ns(const struct engine *engine, const struct loop *loop)
{
	uint64_t start_ns = probe_slot(engine->probe, loop->slot)->turn_start_ns;

	return start_ns < engine->started_ns ? 0 : start_ns;
}

void tell_slice(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		struct slice *slice)
{
	const struct bp_capture *capture = evidence->capture;
	pid_t pid = loop->id.pid;
	struct python *python = python_of(engine, pid);

	set_waker(engine, evidence, slice);
	set_holder(engine, pid, capture, slice);
	if (capture->block.flags & BP_BLOCK_EARLIER &&
	    loop->earlier_since_ns == capture->since_ns) {
		slice->stack = stack_get(loop->earlier.stack);
		if (loop->earlier.task_name)
			slice->task_name = strdup(loop->earlier.task_name);
		if (loop->earlier.task_coro)
			slice->task_coro = strdup(loop->earlier.task_coro);
	} else {
		set_stack(engine, loop, python, evidence, slice);
	}
	classify(&engine->classify, pid, capture, slice);
	if (slice->cause == CAUSE_POLL && capture->block.wait_class == BP_WAIT_EPOLL &&
	    runtime_nests_for_child(loop->id.runtime))
		nested_child(pid, turn_began_ns(engine, loop), slice);
	if (capture->block.flags & BP_BLOCK_EARLIER && slice->cause == CAUSE_DNS &&
	    !slice->target.name && loop->earlier.target.name)
		slice->target.name = strdup(loop->earlier.target.name);
}

char *tell_host(struct python *python, uint64_t pthread)
{
	char host[256];

	return python_getaddrinfo_host(python, pthread, host, sizeof(host)) ? NULL : strdup(host);
}

void tell_sample(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		 struct slice *slice)
{
	slice->cause = CAUSE_CPU;
	set_stack(engine, loop, python_of(engine, loop->id.pid), evidence, slice);
}

/* Blocks too short and too few for a stack. */
void tell_sums(struct engine *engine, struct loop *loop, const struct bp_sum *sums, bool carried,
	       struct slices *slices)
{
	for (unsigned int i = 0; i < BP_SUMS && sums[i].used; i++) {
		struct bp_capture capture = { .block = { .syscall = sums[i].syscall,
							 .flags = sums[i].flags } };
		struct slice slice = {
			.ns = carried ? sums[i].carry_ns : sums[i].ns,
			.count = carried ? sums[i].carry_count : sums[i].count,
			.max_ns = carried ? sums[i].carry_max_ns : sums[i].max_ns,
		};

		if (!slice.ns)
			continue;
		/* which descriptor, lock or place it was is not known: only what the call tells */
		classify(&engine->classify, loop->id.pid, &capture, &slice);
		target_free(&slice.target);
		memset(&slice.target, 0, sizeof(slice.target));
		slices_add(slices, &slice);
	}
}

static void emit(struct engine *engine, struct loop *loop, uint64_t seq,
		 const struct bp_runner runners[BP_RUNNERS], struct stall_record *record)
{
	snprintf(record->turn, sizeof(record->turn), "%d-%llu", loop->id.tid,
		 (unsigned long long)seq);
	record->id = loop->id;
	record->before_attach = record->mono_ns < engine->started_ns;
	settle(&record->slices, &record->ledger, record->ongoing);
	blame_runners(&record->slices, runners);
	blame_quota(&record->slices, loop->id.pid);
	record->cause = slices_cause(&record->slices);
	if (!record->ongoing)
		engine->slices_placeless += record->slices.placeless;
	engine->sink.stall(engine->sink.context, record);
}

void tell_final(struct engine *engine, struct loop *loop, const struct bp_turn *turn)
{
	struct stall_record record = { .delayed_events = turn->delayed_events };
	struct bp_ledger ledger = turn->ledger;
	struct slices sums = { 0 };

	record.mono_ns = start_trim(loop, turn->turn_seq, turn->start_ns, &ledger);
	record.duration_ns = turn->end_ns > record.mono_ns ? turn->end_ns - record.mono_ns : 0;
	if (record.duration_ns < engine->options.threshold_ns ||
	    handed_over(engine, loop, turn->start_ns)) {
		loop_turn(loop, 0);
		return;
	}
	if (loop->turn_seq == turn->turn_seq) {
		record.slices = loop->turn;
		memset(&loop->turn, 0, sizeof(loop->turn));
	}
	tell_sums(engine, loop, turn->sums, false, &sums);
	for (size_t i = 0; i < sums.nr; i++) {
		loop_count(loop, &sums.v[i]);
		slices_add(&record.slices, &sums.v[i]);
	}
	sums.nr = 0;
	slices_free(&sums);
	/* where the beginning or the end was cut off, the parts are an estimate */
	if (!ledger_fit(&ledger, record.duration_ns, &record.ledger) &&
	    record.mono_ns == turn->start_ns && turn->delayed_events >= 0)
		engine->ledgers_cut++;
	loop->stalls++;
	emit(engine, loop, turn->turn_seq, turn->runners, &record);
	slices_free(&record.slices);
}

void tell_left(struct engine *engine, struct loop *loop, const struct bp_slice *record)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct bp_turn turn = {
		.turn_seq = record->turn_seq,
		.start_ns = record->turn_start_ns,
		.end_ns = loop->until_ns,
		.delayed_events = -1,
	};

	if (loop->turn_seq != record->turn_seq || loop->until_ns <= record->turn_start_ns)
		return;
	/* its own ledger has gone on: blocked is what the slices say, cpu at the most what is left */
	turn.ledger.blocked_ns = loop_blocked(loop);
	turn.ledger.runqueue_ns = slot->turn.runqueue_ns;
	turn.ledger.throttled_ns = slot->turn.throttled_ns;
	turn.ledger.cpu_ns = slot->turn.cpu_ns;
	tell_final(engine, loop, &turn);
}

/* A copy of what the kernel side writes at any moment, of one piece. */
static bool snapshot(struct engine *engine, const struct loop *loop, struct bp_slot *slot,
		     struct bp_slice *slice)
{
	const struct bp_slot *live = probe_slot(engine->probe, loop->slot);
	const struct bp_slice *live_slice = probe_slice(engine->probe, loop->slot);

	for (int i = 0; i < SNAPSHOT_TRIES; i++) {
		struct bp_slot again;
		unsigned int seq = __atomic_load_n(&live_slice->capture.seq, __ATOMIC_ACQUIRE);

		memcpy(slot, live, sizeof(*slot));
		memcpy(slice, live_slice, sizeof(*slice));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		memcpy(&again, live, sizeof(again));
		if (!(seq & 1) &&
		    seq == __atomic_load_n(&live_slice->capture.seq, __ATOMIC_ACQUIRE) &&
		    !memcmp(slot, &again, sizeof(again)))
			return true;
	}
	return false;
}

/*
 * The copy for a block that lasts: the kernel side's, or a longer one where that ended
 * before the stack did, or at a page that was never touched. The stack is there to be
 * read as long as the thread stands still. Kept for the block's slice, too. NULL: none.
 */
static const struct bp_copy *current_copy(struct engine *engine, struct loop *loop,
					  const struct bp_slot *slot)
{
	const struct memory memory = { engine->options.memory, loop->id.pid };
	const struct bp_slot *live = probe_slot(engine->probe, loop->slot);
	const struct bp_copy *known =
		copies_find(engine->copies, loop->slot, loop->id.tid, slot->since_ns);
	__freeing struct bp_copy *copy = NULL, *whole = NULL;

	if (known || !slot->copy)
		return known;
	copy = malloc(sizeof(*copy));
	if (!copy || probe_copy(engine->probe, loop->slot, slot->since_ns, copy))
		return NULL;
	whole = malloc(sizeof(*whole));
	if (whole && !thread_copy_stack(&memory, &copy->regs, whole) &&
	    whole->bytes > copy->bytes && live->state == BP_BLOCKED &&
	    live->since_ns == slot->since_ns) {
		whole->header = copy->header;
		whole->since_ns = copy->since_ns;
		copies_add(engine->copies, &whole->header, sizeof(*whole));
		if (!(copy->flags & BP_COPY_CUT) && !loop->copy_size.holes) {
			loop->copy_size.holes = true;
			want_copies(engine, loop);
		}
	} else {
		copies_add(engine->copies, &copy->header, sizeof(*copy));
	}
	return copies_find(engine->copies, loop->slot, loop->id.tid, slot->since_ns);
}

/* The block that the thread is in now. */
static void add_current(struct engine *engine, struct loop *loop, const struct bp_slot *slot,
			const struct bp_slice *live, uint64_t now_ns, struct slices *slices)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct slice slice = { .ns = now_ns - slot->since_ns, .count = 1 };
	struct evidence evidence = { .capture = &live->capture };

	if (slot->state != BP_BLOCKED || live->capture.since_ns != slot->since_ns)
		return;
	slice.max_ns = slice.ns;
	evidence.own = current_copy(engine, loop, slot);
	tell_slice(engine, loop, &evidence, &slice);
	/* where the question is not on its stack: asked by way of a local service */
	if (slice.cause == CAUSE_DNS && !slice.target.name && watched && watched->python)
		slice.target.name =
			tell_host(watched->python, watched_pthread(watched, loop->id.tid));
	inquiry_tell(loop, slot->since_ns, now_ns, false, &slice);
	slices_add(slices, &slice);
}

struct bp_capture *tell_capture(struct engine *engine, const struct loop *loop)
{
	struct bp_capture *capture = malloc(sizeof(*capture));
	struct bp_slice slice;
	struct bp_slot slot;

	if (!capture || !snapshot(engine, loop, &slot, &slice)) {
		free(capture);
		return NULL;
	}
	*capture = slice.capture;
	return capture;
}

void tell_early(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	const struct bp_slot *live = probe_slot(engine->probe, loop->slot);
	struct slices unused = { 0 };
	struct bp_slice slice;
	struct bp_slot slot;

	if (live->state != BP_BLOCKED || live->since_ns == loop->early_ns ||
	    now_ns < live->since_ns + engine->part_ns || !snapshot(engine, loop, &slot, &slice))
		return;
	loop->early_ns = slot.since_ns;
	add_current(engine, loop, &slot, &slice, now_ns, &unused);
	loop->early_cause = unused.nr ? unused.v[0].cause : CAUSE_OTHER;
	slices_free(&unused);
}

void tell_current(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	struct bp_slice slice;
	struct bp_slot slot;

	if (snapshot(engine, loop, &slot, &slice) && slot.use == BP_SLOT_THREAD &&
	    now_ns > slot.since_ns)
		add_current(engine, loop, &slot, &slice, now_ns, &loop->blocked);
}

void tell_ongoing(struct engine *engine, struct loop *loop, uint64_t now_ns, bool at_end)
{
	static const struct bp_runner none[BP_RUNNERS];
	const struct bp_slot *live = probe_slot(engine->probe, loop->slot);
	struct stall_record record = { .ongoing = true, .delayed_events = -1 };
	struct bp_ledger until;
	uint64_t start_ns;
	struct bp_slice slice;
	struct bp_slot slot;
	bool left = false;

	/* most loops are in no old turn: that is seen without a copy of all there is of them */
	if (!live->in_turn || live->unvouched ||
	    now_ns < live->turn_start_ns + engine->options.threshold_ns)
		return;
	if (!snapshot(engine, loop, &slot, &slice) || !slot.in_turn || slot.use != BP_SLOT_LOOP ||
	    slot.turn_seq == loop->void_seq || now_ns <= slot.since_ns)
		return;
	until = ledger_until(&slot, now_ns);
	start_ns = start_trim(loop, slot.turn_seq, slot.turn_start_ns, &until);
	if (now_ns <= start_ns || now_ns - start_ns < engine->options.threshold_ns)
		return;
	if (loop->told_seq == slot.turn_seq && !at_end && now_ns < loop->next_told_ns)
		return;
	if (handed_over(engine, loop, start_ns)) {
		loop_void(loop, slot.turn_seq);
		return;
	}
	if (slot.state == BP_BLOCKED && slice.capture.since_ns == slot.since_ns &&
	    (recognise_wait(engine, loop, &slice.capture, &left) || left)) {
		if (left)
			loop_void(loop, slot.turn_seq);
		return;
	}
	if (slot.state == BP_BLOCKED && slice.capture.block.wait_class == BP_WAIT_FUTEX &&
	    recognise_may_park(engine, loop))
		return;
	if (recognise_in_place(engine, loop,
			       slot.state == BP_BLOCKED ? &slice.capture.block : NULL)) {
		loop_void(loop, slot.turn_seq);
		/* the next one begins when it waits as a worker again */
		probe_slot(engine->probe, loop->slot)->in_turn = 0;
		return;
	}
	/* on the second, as seen from the turn's start */
	loop->next_told_ns = loop->told_seq == slot.turn_seq ? loop->next_told_ns + TOLD_EVERY_NS
							     : now_ns + TOLD_EVERY_NS;
	loop->told_seq = slot.turn_seq;
	record.mono_ns = start_ns;
	record.duration_ns = now_ns - start_ns;
	if (loop->turn_seq == slot.turn_seq)
		slices_copy(&record.slices, &loop->turn);
	add_current(engine, loop, &slot, &slice, now_ns, &record.slices);
	tell_sums(engine, loop, slot.sums, false, &record.slices);
	ledger_fit(&until, record.duration_ns, &record.ledger);
	emit(engine, loop, slot.turn_seq, slot.runners_seq == slot.turn_seq ? slot.runners : none,
	     &record);
	slices_free(&record.slices);
}

void tell_blocked(struct engine *engine, struct loop *loop)
{
	struct blocked_record record = { .mono_ns = probe_now_ns(), .id = loop->id };

	if (!loop->blocked.nr)
		return;
	record.slices = loop->blocked;
	memset(&loop->blocked, 0, sizeof(loop->blocked));
	slices_sort(&record.slices);
	engine->slices_placeless += record.slices.placeless;
	engine->sink.blocked(engine->sink.context, &record);
	slices_free(&record.slices);
}
