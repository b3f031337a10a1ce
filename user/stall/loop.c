// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proc/process.h"
#include "stall/ledger.h"
#include "stall/loop.h"

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

void loop_add_blocked(struct loop *loop, struct slice *slice)
{
	slices_add(&loop->blocked, slice);
}

void loop_void(struct loop *loop, uint64_t seq)
{
	loop->void_seq = seq;
	if (loop->turn_seq == seq)
		slices_free(&loop->turn);
}

/* The middle of a bucket: see hist_bucket() in bpf/turn.h. */
static uint64_t bucket_ns(unsigned int bucket)
{
	unsigned int octave = bucket / BP_HIST_STEPS + 2, step = bucket % BP_HIST_STEPS;

	if (bucket < BP_HIST_STEPS)
		return bucket;
	return ((uint64_t)(BP_HIST_STEPS + step) << (octave - 3)) + ((1ull << (octave - 3)) >> 1);
}

static uint64_t percentile(const struct bp_slot *slot, unsigned int percent)
{
	uint64_t all = 0, upto = 0;

	for (unsigned int i = 0; i < BP_HIST_BUCKETS; i++)
		all += slot->hist[i];
	for (unsigned int i = 0; i < BP_HIST_BUCKETS; i++) {
		upto += slot->hist[i];
		if (upto && upto * 100 >= all * percent) {
			uint64_t ns = bucket_ns(i);

			return ns < slot->longest_ns ? ns : slot->longest_ns;
		}
	}
	return 0;
}

int loop_summarise(const struct loop *loop, const struct bp_slot *slot, uint64_t now_ns,
		   struct loop_summary *out)
{
	struct bp_ledger now = ledger_until(slot, now_ns);

	memset(out, 0, sizeof(*out));
	out->id = loop->id;
	out->id.runtime = loop->id.runtime ? strdup(loop->id.runtime) : NULL;
	if (loop->id.runtime && !out->id.runtime)
		return -ENOMEM;
	out->turns = slot->turns;
	out->idle_ns = slot->idle_ns;
	if (slot->state == BP_WAITING && now_ns > slot->since_ns)
		out->idle_ns += now_ns - slot->since_ns;
	out->ledger.cpu_ns = slot->total.cpu_ns + now.cpu_ns;
	out->ledger.runqueue_ns = slot->total.runqueue_ns + now.runqueue_ns;
	out->ledger.throttled_ns = slot->total.throttled_ns + now.throttled_ns;
	out->ledger.blocked_ns = slot->total.blocked_ns + now.blocked_ns;
	out->ledger.unknown_ns = slot->total.unknown_ns + now.unknown_ns;
	out->wall_ns = out->idle_ns + ledger_sum(&out->ledger);
	out->stalls = loop->stalls;
	out->longest_ns = slot->longest_ns;
	if (slot->in_turn && now_ns > slot->turn_start_ns &&
	    now_ns - slot->turn_start_ns > out->longest_ns)
		out->longest_ns = now_ns - slot->turn_start_ns;
	out->p50_ns = percentile(slot, 50);
	out->p99_ns = percentile(slot, 99);
	return 0;
}
