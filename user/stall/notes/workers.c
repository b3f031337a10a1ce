// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * workers.c - which threads of a process are workers of a pool of compiled code, and what
 * they are in when all of them are busy: what its queue holds is not read.
 */
#include "stall/notes/workers.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "capture/arguments.h"
#include "capture/classify.h"
#include "capture/frames.h"
#include "capture/question.h"
#include "model/place.h"
#include "model/threshold.h"
#include "probe/probe.h"
#include "proc/thread_copy.h"
#include "runtime/runtime.h"
#include "stall/notes/private.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

#define EVERY_NS   NS_PER_SEC
#define AGAIN_NS   (60 * NS_PER_SEC) /* until it is reported once more */
#define NEW_MAX	   8 /* threads whose stacks are read in one look */
#define GROUPS_MAX 8
#define ASKED_FROM 16384 /* bytes of a stack in which a question is looked for */

const struct runtime_workers *workers_of(struct engine *engine, const struct watched *watched)
{
	for_each_loop (engine->loops, loop)
		if (loop->id.pid == watched->pid && loop->runtime && loop->runtime->workers)
			return loop->runtime->workers;
	return NULL;
}

/* Workers with names that differ in their numbers only. */
struct group {
	char name[16];
	unsigned int nr;
	unsigned int busy;
};

struct look {
	struct engine *engine;
	const struct watched *watched;
	const struct runtime_workers *pool;
	struct note_record *note; /* NULL: what they are in is not wanted */
	struct group groups[GROUPS_MAX];
	size_t nr_groups;
	unsigned int new_threads;
};

/* -- stacks -- */

static struct stack *stack_of_thread(struct look *look, const struct bp_observed_snapshot *snapshot,
				     struct bp_stack_copy *copy)
{
	const struct memory memory = state_memory(look->engine, look->watched->pid);
	static const struct bp_stack none;
	const struct raw_stack raw = { .pid = look->watched->pid, .stack = &none, .copy = copy };

	if (thread_copy(&memory, (pid_t)snapshot->tid, &snapshot->regs, snapshot->switches, copy))
		return NULL;
	return frames_resolve(look->engine->namer, &raw, FRAMES_USER, NULL);
}

/* The function that its thread was made for is one of the outermost. */
static bool begins_in(const struct stack *stack, const char *fn)
{
	for (unsigned int i = stack->nr; i > 0 && stack->nr - i < 6; i--)
		if (!strcmp(stack->frames[i - 1].fn, fn))
			return true;
	return false;
}

static bool is_loops(struct engine *engine, pid_t tid)
{
	return loops_find(engine->loops, tid) != NULL;
}

/* By how its thread began, which is read once. */
static bool is_worker(struct look *look, const struct bp_observed_snapshot *snapshot)
{
	struct notes *notes = look->watched->notes;
	struct bp_stack_copy *copy __freeing = NULL;
	struct known_thread *known = NULL;
	struct stack *stack;

	if (look->pool->comms) {
		for (const char *const *comm = look->pool->comms; *comm; comm++)
			if (starts_with(snapshot->comm, *comm))
				return true;
		return false;
	}
	for (size_t i = 0; i < THREADS_KNOWN; i++) {
		if (notes->threads_known[i].tid == (pid_t)snapshot->tid)
			return notes->threads_known[i].worker;
		if (!known && !notes->threads_known[i].tid)
			known = &notes->threads_known[i];
	}
	if (!known || snapshot->state != BP_BLOCKED || look->new_threads++ >= NEW_MAX)
		return false;
	copy = malloc(sizeof(*copy));
	stack = copy ? stack_of_thread(look, snapshot, copy) : NULL;
	if (!stack)
		return false;
	known->tid = (pid_t)snapshot->tid;
	known->worker = begins_in(stack, look->pool->entry);
	stack_put(stack);
	return known->worker;
}

/* -- what a worker is in -- */

static void add_call(struct note_record *note, struct note_call *call)
{
	for (size_t i = 0; i < note->nr_calls; i++) {
		struct note_call *other = &note->calls[i];

		if (!same_string(other->fn, call->fn) || !same_string(other->file, call->file) ||
		    !same_string(other->host, call->host))
			continue;
		other->workers++;
		note_call_free(call);
		return;
	}
	if (note->nr_calls == NOTE_CALLS_MAX)
		note_call_free(call);
	else
		note->calls[note->nr_calls++] = *call;
}

static bool has_function(const struct stack *stack, const char *part)
{
	for (unsigned int i = 0; stack && i < stack->nr; i++)
		if (strstr(stack->frames[i].fn, part))
			return true;
	return false;
}

/* A name that is looked up, else the system call with its file, else the function. */
static void fill_call(struct note_call *call, const struct stack *stack,
		      const struct bp_stack_copy *copy, const struct slice *slice)
{
	const struct frame *frame = place_of(stack);
	size_t bytes = copy->bytes < ASKED_FROM ? copy->bytes : ASKED_FROM;

	if (has_function(stack, "getaddrinfo")) {
		call->host = question_name(copy->stack, bytes);
		call->fn = strdup("getaddrinfo");
	} else if (slice->syscall) {
		call->fn = strdup(slice->syscall);
		if (slice->target.kind == TARGET_FILE)
			call->file = strdup(slice->target.path);
	} else if (frame) {
		call->fn = strdup(frame->fn);
		call->file = frame->file ? strdup(frame->file) : NULL;
		call->line = frame->line;
	}
}

static void note_worker(struct look *look, const struct bp_observed_snapshot *snapshot)
{
	const struct memory memory = state_memory(look->engine, look->watched->pid);
	struct bp_stack_copy *copy __freeing = calloc(1, sizeof(*copy));
	struct bp_capture *capture __freeing = calloc(1, sizeof(*capture));
	struct note_call call = { .workers = 1 };
	struct slice slice = { 0 };

	if (!copy || !capture)
		return;
	if (snapshot->state == BP_BLOCKED) {
		capture->block = snapshot->block;
		capture->object = snapshot->object;
		arguments_read(&memory, capture);
		slice.stack = stack_of_thread(look, snapshot, copy);
		classify(&look->engine->classify, look->watched->pid, capture, &slice);
		fill_call(&call, slice.stack, copy, &slice);
	} else {
		call.fn = strdup("computing");
	}
	if (call.fn)
		add_call(look->note, &call);
	slice_clear(&slice);
}

/* -- all of them -- */

static struct group *group_of(struct look *look, const char *comm)
{
	char name[16];
	size_t len;

	snprintf(name, sizeof(name), "%s", comm);
	len = strlen(name);
	while (len && isdigit((unsigned char)name[len - 1]))
		len--;
	name[len] = '\0';
	for (size_t i = 0; i < look->nr_groups; i++)
		if (!look->pool->comms || !strcmp(look->groups[i].name, name))
			return &look->groups[i];
	if (look->nr_groups == GROUPS_MAX)
		return NULL;
	memcpy(look->groups[look->nr_groups].name, name, sizeof(name));
	return &look->groups[look->nr_groups++];
}

static void take(void *context, const struct bp_observed_snapshot *from)
{
	struct bp_observed_snapshot snapshot = *from;
	struct look *look = context;
	struct group *group;

	snapshot.comm[sizeof(snapshot.comm) - 1] = '\0';
	if ((pid_t)snapshot.tgid != look->watched->pid ||
	    is_loops(look->engine, (pid_t)snapshot.tid) || !is_worker(look, &snapshot))
		return;
	group = group_of(look, snapshot.comm);
	if (!group)
		return;
	group->nr++;
	/* without work it waits for a lock */
	if (snapshot.state == BP_BLOCKED && snapshot.block.syscall == SYS_futex)
		return;
	group->busy++;
	if (look->note && !strcmp(look->watched->notes->busy_group, group->name))
		note_worker(look, &snapshot);
}

static const struct group *busy_group(const struct look *look)
{
	for (size_t i = 0; i < look->nr_groups; i++) {
		const struct group *group = &look->groups[i];
		bool all = look->pool->limit ? group->busy >= look->pool->limit
					     : group->nr > 1 && group->busy == group->nr;

		if (all)
			return group;
	}
	return NULL;
}

void workers_look(struct engine *engine, const struct watched *watched, uint64_t now_ns)
{
	struct notes *notes = watched->notes;
	uint64_t threshold_ns = engine->options.threshold_ns;
	struct look look = { .engine = engine,
			     .watched = watched,
			     .pool = workers_of(engine, watched) };
	bool due = notes->busy_since_ns && now_ns - notes->busy_since_ns >= threshold_ns &&
		   now_ns >= notes->busy_quiet_ns;
	struct note_record note = { .kind = NOTE_POOL_BUSY };
	const struct group *group;

	notes->next_workers_ns = now_ns + EVERY_NS;
	if (!look.pool)
		return;
	look.note = due ? &note : NULL;
	if (!probe_observe_process(engine->probe, watched->pid, take, &look)) {
		group = busy_group(&look);
		if (!group || strcmp(group->name, notes->busy_group) != 0)
			notes->busy_since_ns = 0;
		if (group && !notes->busy_since_ns) {
			memcpy(notes->busy_group, group->name, sizeof(group->name));
			notes->busy_since_ns = now_ns;
		} else if (group && due) {
			note.mono_ns = notes->busy_since_ns;
			note.duration_ns = now_ns - notes->busy_since_ns;
			note.pool = look.pool->name;
			note.workers = group->busy;
			notes->busy_quiet_ns = now_ns + AGAIN_NS;
			note_send(engine, watched, &note);
		}
	}
	if (notes->busy_since_ns && now_ns >= notes->busy_quiet_ns)
		notes->next_workers_ns =
			now_ns + threshold_part_ns(threshold_ns, THRESHOLD_WAITING);
	for (size_t i = 0; i < note.nr_calls; i++)
		note_call_free(&note.calls[i]);
}
