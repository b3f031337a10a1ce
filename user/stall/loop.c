// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proc/process.h"
#include "stall/peers/inquiry.h"
#include "stall/turn/hist.h"
#include "stall/turn/ledger.h"

struct loop *loop_new(unsigned int slot, pid_t pid, pid_t tid, const char *runtime)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return NULL;
	loop->slot = slot;
	loop->id.pid = pid;
	loop->id.tid = tid;
	if (process_thread_comm(pid, tid, loop->id.comm))
		process_comm(pid, loop->id.comm);
	if (loop_set_runtime(loop, runtime)) {
		loop_free(loop);
		return NULL;
	}
	return loop;
}

int loop_set_runtime(struct loop *loop, const char *runtime)
{
	char *copy = runtime ? strdup(runtime) : NULL;

	if (runtime && !copy)
		return -ENOMEM;
	free(loop->id.runtime);
	loop->id.runtime = copy;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	free(loop->id.runtime);
	slices_free(&loop->turn);
	slices_free(&loop->blocked);
	slice_clear(&loop->earlier);
	free(loop->before);
	inquiry_free(loop->inquiry);
	free(loop);
}

static bool is_blocked(enum cause cause)
{
	return cause != CAUSE_CPU && cause != CAUSE_RUNQUEUE && cause != CAUSE_THROTTLED;
}

/* cpu time is told of stalls only. */
void loop_pass(struct loop *loop)
{
	for (size_t i = 0; i < loop->turn.nr; i++) {
		struct slice *slice = &loop->turn.v[i];

		if (is_blocked(slice->cause))
			slices_add(&loop->blocked, slice);
		else
			slice_clear(slice);
	}
	loop->turn.nr = 0;
}

void loop_turn(struct loop *loop, uint64_t seq)
{
	if (loop->turn_seq == seq)
		return;
	loop_pass(loop);
	loop->turn_seq = seq;
	loop->last_ns = 0;
	loop->until_ns = 0;
}

void loop_add(struct loop *loop, struct slice *slice, uint64_t since_ns, uint64_t until_ns)
{
	slices_add(&loop->turn, slice);
	if (until_ns > loop->until_ns)
		loop->until_ns = until_ns;
	if (since_ns > loop->last_ns)
		loop->last_ns = since_ns;
}

uint64_t loop_blocked(const struct loop *loop)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < loop->turn.nr; i++)
		if (is_blocked(loop->turn.v[i].cause))
			sum += loop->turn.v[i].ns;
	return sum;
}

uint64_t loop_locked(const struct loop *loop)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < loop->turn.nr; i++)
		if (loop->turn.v[i].cause == CAUSE_LOCK)
			sum += loop->turn.v[i].ns;
	return sum;
}

void loop_add_blocked(struct loop *loop, struct slice *slice)
{
	slices_add(&loop->blocked, slice);
}

void loop_count(struct loop *loop, const struct slice *slice)
{
	loop->causes_ns[slice->cause] += slice->ns;
}

void loop_void(struct loop *loop, uint64_t seq)
{
	loop->void_seq = seq;
	if (loop->turn_seq == seq)
		slices_free(&loop->turn);
}

static uint64_t percentile(const unsigned int turns[BP_HIST_BUCKETS], uint64_t longest_ns,
			   unsigned int percent)
{
	uint64_t ns = hist_percentile_ns(turns, percent);

	return ns < longest_ns ? ns : longest_ns;
}

/* With the turn that runs; the same of the turn alone goes to now. */
static void add_up(const struct bp_slot *slot, uint64_t now_ns, struct bp_ledger *now,
		   struct ledger *ledger, uint64_t *idle_ns)
{
	*now = ledger_until(slot, now_ns);
	*idle_ns = slot->idle_ns;
	if (slot->state == BP_WAITING && now_ns > slot->since_ns)
		*idle_ns += now_ns - slot->since_ns;
	ledger->cpu_ns = slot->total.cpu_ns + now->cpu_ns;
	ledger->runqueue_ns = slot->total.runqueue_ns + now->runqueue_ns;
	ledger->throttled_ns = slot->total.throttled_ns + now->throttled_ns;
	ledger->blocked_ns = slot->total.blocked_ns + now->blocked_ns;
	ledger->unknown_ns = slot->total.unknown_ns + now->unknown_ns;
}

/* What slot's thread has done since it was bound. */
static void count(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		  struct loop_counts *out)
{
	struct bp_ledger now;

	out->turns = slot->turns;
	out->stalls = loop->stalls;
	add_up(slot, now_ns, &now, &out->ledger, &out->idle_ns);
	memcpy(out->hist, slot->hist, sizeof(out->hist));
}

/* What is counted while it lasts may be counted as something else once it is over. */
static void take(uint64_t *from, uint64_t before)
{
	*from = *from > before ? *from - before : 0;
}

static void take_counts(struct loop_counts *from, const struct loop_counts *before)
{
	take(&from->turns, before->turns);
	take(&from->stalls, before->stalls);
	take(&from->idle_ns, before->idle_ns);
	take(&from->ledger.cpu_ns, before->ledger.cpu_ns);
	take(&from->ledger.runqueue_ns, before->ledger.runqueue_ns);
	take(&from->ledger.throttled_ns, before->ledger.throttled_ns);
	take(&from->ledger.blocked_ns, before->ledger.blocked_ns);
	take(&from->ledger.unknown_ns, before->ledger.unknown_ns);
	for (unsigned int i = 0; i < BP_HIST_BUCKETS; i++)
		from->hist[i] -= before->hist[i];
}

int loop_summarise(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		   struct loop_summary *out)
{
	struct loop_counts counts;

	memset(out, 0, sizeof(*out));
	out->id = loop->id;
	out->id.runtime = loop->id.runtime ? strdup(loop->id.runtime) : NULL;
	if (loop->id.runtime && !out->id.runtime)
		return -ENOMEM;
	count(loop, slot, now_ns, &counts);
	if (loop->before)
		take_counts(&counts, loop->before);
	out->turns = counts.turns;
	out->stalls = counts.stalls;
	out->idle_ns = counts.idle_ns;
	out->ledger = counts.ledger;
	out->wall_ns = out->idle_ns + ledger_sum(&out->ledger);
	out->longest_ns = slot->longest_ns;
	if (slot->in_turn && now_ns > slot->turn_start_ns &&
	    now_ns - slot->turn_start_ns > out->longest_ns)
		out->longest_ns = now_ns - slot->turn_start_ns;
	out->p50_ns = percentile(counts.hist, slot->longest_ns, 50);
	out->p99_ns = percentile(counts.hist, slot->longest_ns, 99);
	return 0;
}

int loop_new_period(struct loop *loop, struct bp_slot *slot, uint64_t now_ns)
{
	if (!loop->before)
		loop->before = malloc(sizeof(*loop->before));
	if (!loop->before)
		return -ENOMEM;
	count(loop, slot, now_ns, loop->before);
	/* the kernel side sets it again; a turn that ends right now may be missed */
	__atomic_store_n(&slot->longest_ns, 0, __ATOMIC_RELAXED);
	return 0;
}

/* The time of a block that has ended, or lasts, and whose slice has not come yet. */
static uint64_t block_until(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns)
{
	if (slot->pending)
		return slot->pending_ns;
	if (slot->state == BP_BLOCKED && slot->since_ns == loop->early_ns &&
	    now_ns > slot->since_ns)
		return now_ns - slot->since_ns;
	return 0;
}

void loop_stand(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		struct engine_loop *out)
{
	bool in_turn = slot->in_turn && slot->turn_seq != loop->void_seq;
	struct bp_ledger turn;

	memset(out, 0, sizeof(*out));
	out->id = &loop->id;
	out->number = loop->number;
	out->now_ns = now_ns;
	out->turns = slot->turns;
	add_up(slot, now_ns, &turn, &out->ledger, &out->idle_ns);
	out->wall_ns = out->idle_ns + ledger_sum(&out->ledger);
	memcpy(out->blocked_ns, loop->causes_ns, sizeof(out->blocked_ns));
	out->longest_ns = slot->longest_ns;
	memcpy(out->hist, slot->hist, sizeof(out->hist));
	if (!in_turn)
		return;
	out->turn_seq = slot->turn_seq;
	out->turn = (struct ledger){ turn.cpu_ns, turn.runqueue_ns, turn.throttled_ns,
				     turn.blocked_ns, turn.unknown_ns };
	if (loop->early_ns)
		out->blocked_ns[loop->early_cause] += block_until(loop, slot, now_ns);
}
