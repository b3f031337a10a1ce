// SPDX-License-Identifier: GPL-2.0-or-later
/* observed.c - what each thread of a process did, from the scheduler's counts and what it was seen in. */
#include "stall/peers/observed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "capture/arguments.h"
#include "capture/frame_pointers.h"
#include "capture/frames.h"
#include "capture/poll_sets.h"
#include "capture/classify.h"
#include "probe/probe.h"
#include "probe/syscall.h"
#include "proc/epoll.h"
#include "proc/process.h"
#include "proc/thread_copy.h"
#include "runtime/python/python.h"
#include "stall/peers/foreign.h"
#include "stall/peers/several.h"
#include "stall/state/copy_size.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"

struct observed *observed_new(struct engine *engine, const struct whom *whom, uint64_t since_ns)
{
	struct observed *observed = calloc(1, sizeof(*observed));

	if (!observed)
		return NULL;
	observed->threads = calloc(OBSERVED_THREADS, sizeof(*observed->threads));
	if (!observed->threads || process_comm(whom->pid, observed->comm)) {
		observed_free(observed);
		return NULL;
	}
	observed->kind = whom->kind;
	observed->pid = whom->pid;
	observed->tid = whom->tid;
	observed->not_tid = whom->not_tid;
	observed->one_thread = whom->tid != 0;
	observed->fd = whom->fd;
	observed->doubt = whom->doubt;
	observed->since_ns = since_ns;
	foreign_sample(engine, whom->pid);
	return observed;
}

static void thread_clear(struct observed_thread *thread)
{
	culprit_clear(&thread->now);
	culprits_free(&thread->did);
	culprits_free(&thread->samples);
}

void observed_free(struct observed *observed)
{
	if (!observed)
		return;
	for (size_t i = 0; i < observed->nr_threads; i++)
		thread_clear(&observed->threads[i]);
	free(observed->threads);
	free(observed);
}

struct observed_thread *observed_find_thread(struct observed *observed, pid_t tid)
{
	for (size_t i = 0; i < observed->nr_threads; i++)
		if (observed->threads[i].tid == tid)
			return &observed->threads[i];
	return NULL;
}

static struct observed_thread *thread_add(struct observed *observed, pid_t tid)
{
	struct observed_thread *thread = observed_find_thread(observed, tid);

	if (thread)
		return thread;
	if (observed->nr_threads == OBSERVED_THREADS) {
		observed->more_threads = true;
		return NULL;
	}
	thread = &observed->threads[observed->nr_threads++];
	thread->tid = tid;
	return thread;
}

/* -- what a blocked thread is in -- */

static void fill_capture(const struct memory *memory, struct python *python,
			 const struct bp_observed_snapshot *snapshot, struct bp_capture *capture)
{
	const struct innermost_frame from = {
		.ip = snapshot->block.ip,
		.sp = snapshot->block.sp,
		.fp = snapshot->regs.reg[BP_REGISTER_FP],
	};
	struct bp_python layout;
	int nr;

	capture->block = snapshot->block;
	capture->object = snapshot->object;
	capture->stack.kernel_nr = snapshot->kernel_nr;
	memcpy(capture->stack.kernel, snapshot->kernel, sizeof(snapshot->kernel));
	capture->stack.user_nr =
		frame_pointers_walk(memory, &from, (uint64_t *)capture->stack.user, BP_USER_FRAMES);
	if (!python)
		return;
	nr = python_frames(python, snapshot->pthread, capture->stack.python, BP_PYTHON_FRAMES);
	capture->stack.python_nr = nr > 0 ? nr : 0;
	if (snapshot->block.syscall == SYS_futex && !python_layout(python, &layout) &&
	    bp_is_gil_futex(&layout, snapshot->block.args[0]))
		capture->block.flags |= BP_BLOCK_GIL;
}

/* A watched loop in its own wait is idle, whatever it waits for. */
static bool is_waiting_loop(struct engine *engine, pid_t tid)
{
	const struct loop *loop = loops_find(engine->loops, tid);

	return loop && probe_slot(engine->probe, loop->slot)->state == BP_WAITING;
}

/* Does the thread wait for work, the connection asked about among it? */
static bool is_idle(struct engine *engine, const struct observed *observed,
		    struct observed_thread *thread, const struct bp_capture *capture)
{
	const struct memory memory = state_memory(engine, observed->pid);
	const unsigned long long *args = capture->block.args;
	const struct syscall_info *info = syscall_info(capture->block.syscall);

	thread->same_end = false;
	/* who waits for a child waits for what that waits for */
	if (is_waiting_loop(engine, thread->tid))
		return observed->kind != CULPRIT_CHILD;
	if ((observed->kind != CULPRIT_PEER && observed->kind != CULPRIT_SERVER) ||
	    observed->fd < 0 || !info ||
	    capture->block.flags & (BP_BLOCK_FAULT | BP_BLOCK_STOPPED | BP_BLOCK_COMPAT))
		return false;
	if (capture->block.wait_class == BP_WAIT_EPOLL)
		return epoll_has(&memory, (int)args[0], observed->fd);
	if (info->flags & BP_SYSCALL_POLL)
		return poll_has(&memory, args, observed->fd);
	/* select: the first one is what is known */
	thread->same_end = capture->object.kind != BP_OBJECT_NONE &&
			   (info->cause != CAUSE_FILE || observed->kind == CULPRIT_SERVER) &&
			   capture->object.fd == observed->fd;
	return thread->same_end;
}

static void find_whoms(struct engine *engine, const struct observed *observed,
		       struct observed_thread *thread, const struct bp_capture *capture,
		       const struct slice *slice)
{
	const struct blocked blocked = { observed->pid, thread->tid, capture, slice };

	whoms_find(engine, &blocked, &thread->waits_for);
	if (!thread->waits_for.nr)
		several_find(engine, &blocked, &thread->waits_for);
	for (size_t i = 0; i < thread->waits_for.nr; i++) {
		struct culprit culprit = whom_culprit(&thread->waits_for.v[i]);

		culprits_add(&thread->now.culprits, &culprit);
	}
}

static void resolve(struct engine *engine, struct observed *observed,
		    struct observed_thread *thread, const struct bp_observed_snapshot *snapshot)
{
	const struct memory memory = state_memory(engine, observed->pid);
	struct bp_capture *capture = calloc(1, sizeof(*capture));
	struct python *python = foreign_python(engine, observed->pid);
	__freeing struct bp_stack_copy *copy = malloc(sizeof(*copy));
	struct slice slice = { 0 };

	culprit_clear(&thread->now);
	thread->waits_for.nr = 0;
	if (!capture)
		return;
	if (copy && thread_copy(&memory, thread->tid, &snapshot->regs, snapshot->switches, copy))
		copy->bytes = 0;
	fill_capture(&memory, python, snapshot, capture);
	arguments_read(&memory, capture);
	slice.stack = frames_resolve(
		engine->namer, &(struct raw_stack){ observed->pid, python, &capture->stack, copy },
		FRAMES_KERNEL | FRAMES_USER, NULL);
	classify(&engine->classify, observed->pid, capture, &slice);
	thread->now = (struct culprit){
		.seen = true,
		.idle = is_idle(engine, observed, thread, capture),
		.cause = slice.cause,
		.syscall = slice.syscall,
		.target = slice.target,
		.stack = slice.stack,
	};
	if (!thread->now.idle)
		find_whoms(engine, observed, thread, capture, &slice);
	free(capture);
}

/* -- the ledger -- */

static void add(struct observed_thread *thread, const struct culprit *what, uint64_t ns)
{
	struct culprits one = { .v = (struct culprit *)what, .nr = 1 }, copy;

	if (!ns || culprits_copy(&copy, &one))
		return;
	copy.v[0].ns = ns;
	culprits_add(&thread->did, &copy.v[0]);
	culprits_free(&copy);
}

static void add_plain(struct observed_thread *thread, enum cause cause, uint64_t ns)
{
	struct culprit what = { .seen = true, .cause = cause };

	add(thread, &what, ns);
}

/* Since when a thread is blocked that has not moved since; 0: not known. */
static uint64_t blocked_since(const struct engine *engine,
			      const struct bp_observed_snapshot *snapshot)
{
	return sched_clock_left_ns(&engine->sched_clock, snapshot->sched_arrival_ns,
				   snapshot->sched_ran_ns);
}

/* Is it its interpreter's collector that a thread runs? */
static bool is_collecting(struct engine *engine, pid_t pid, uint64_t pthread)
{
	struct python *python = foreign_python(engine, pid);

	return python && python_collecting(python) && python_gil_holder(python) == pthread;
}

static void account(struct engine *engine, struct observed *observed,
		    struct observed_thread *thread, const struct bp_observed_snapshot *snapshot)
{
	bool running = snapshot->state == BP_RUNNING, first = !thread->seen_ns;
	bool moved = first || thread->switches != snapshot->switches ||
		     thread->ran_ns != snapshot->ran_ns || thread->running != running;
	uint64_t from_ns = first ? observed->since_ns : thread->seen_ns;
	uint64_t ns = subtract_saturated(snapshot->time_ns, from_ns), ran_ns, queued_ns, since_ns;
	bool collects = running && is_collecting(engine, observed->pid, snapshot->pthread);
	/* as it was seen to run last */
	enum cause runs_as = collects || (!running && thread->collects) ? CAUSE_GC : CAUSE_CPU;

	if (first && !running) {
		/* before it blocked it did what nobody saw */
		since_ns = blocked_since(engine, snapshot);
		if (!since_ns || since_ns > snapshot->time_ns)
			since_ns = snapshot->time_ns;
		ns = subtract_saturated(snapshot->time_ns, since_ns > from_ns ? since_ns : from_ns);
	} else if (first) {
		ns = 0;
	}
	if (!first) {
		ran_ns = subtract_saturated(snapshot->ran_ns, thread->ran_ns);
		ran_ns = ran_ns < ns ? ran_ns : ns;
		queued_ns = subtract_saturated(snapshot->queued_ns, thread->queued_ns);
		queued_ns = queued_ns < ns - ran_ns ? queued_ns : ns - ran_ns;
		/* its last stretch on the CPU is not in the count yet */
		if (running && thread->running && thread->switches == snapshot->switches)
			ran_ns = ns - queued_ns;
		add_plain(thread, runs_as, ran_ns);
		add_plain(thread, CAUSE_RUNQUEUE, queued_ns);
		ns -= ran_ns + queued_ns;
	}
	if (moved && running && thread->now.seen)
		add(thread, &thread->now, ns);
	else if (moved && running && !first)
		add_plain(thread, runs_as, ns);
	if (moved && !running)
		resolve(engine, observed, thread, snapshot);
	if (!running && thread->now.seen)
		add(thread, &thread->now, ns);
	if (running)
		culprit_clear(&thread->now);
	thread->running = running;
	thread->collects = collects;
	thread->seen_ns = snapshot->time_ns;
	thread->switches = snapshot->switches;
	thread->ran_ns = snapshot->ran_ns;
	thread->queued_ns = snapshot->queued_ns;
	memcpy(thread->comm, snapshot->comm, sizeof(thread->comm));
	thread->comm[sizeof(thread->comm) - 1] = 0;
}

struct pass {
	struct engine *engine;
	struct observed *observed;
	pid_t again[OBSERVED_THREADS]; /* their descriptors are known now */
	size_t nr_again;
	bool second;
	size_t seen;
};

static void see_thread(void *context, const struct bp_observed_snapshot *snapshot)
{
	struct pass *pass = context;
	struct observed *observed = pass->observed;
	const struct memory memory = state_memory(pass->engine, observed->pid);
	struct observed_thread *thread;
	struct bp_capture capture = { .block = snapshot->block, .object = snapshot->object };
	bool moved, wanted = !pass->second;
	int fd = -1;

	pass->seen++;
	if ((pid_t)snapshot->tgid != observed->pid ||
	    (observed->tid && observed->tid != (pid_t)snapshot->tid) ||
	    observed->not_tid == (pid_t)snapshot->tid)
		return;
	thread = thread_add(observed, snapshot->tid);
	for (size_t i = 0; i < pass->nr_again; i++)
		wanted |= pass->again[i] == (pid_t)snapshot->tid;
	if (!thread || !wanted)
		return;
	moved = thread->switches != snapshot->switches || !thread->seen_ns;
	if (!pass->second && moved && snapshot->state == BP_BLOCKED &&
	    pass->nr_again < OBSERVED_THREADS)
		fd = arguments_read(&memory, &capture);
	if (fd >= 0) {
		/* the kernel side can tell what it stands for */
		probe_observed_fd(pass->engine->probe, snapshot->tid, fd);
		pass->again[pass->nr_again++] = snapshot->tid;
		return;
	}
	account(pass->engine, observed, thread, snapshot);
}

static int iterate(struct pass *pass)
{
	struct probe *probe = pass->engine->probe;
	const struct observed *observed = pass->observed;

	return observed->tid
		       ? probe_observe_thread(probe, observed->pid, observed->tid, see_thread, pass)
		       : probe_observe_process(probe, observed->pid, see_thread, pass);
}

int observed_update(struct engine *engine, struct observed *observed)
{
	struct pass pass = { .engine = engine, .observed = observed };
	int err = iterate(&pass);

	if (!err && pass.nr_again) {
		pass.second = true;
		err = iterate(&pass);
	}
	for (size_t i = 0; i < pass.nr_again; i++)
		probe_observed_fd(engine->probe, pass.again[i], -1);
	if (err)
		return err;
	return pass.seen ? 0 : -ESRCH;
}

void observed_sample(struct engine *engine, struct observed *observed,
		     const struct bp_observed_sample *sample, const struct bp_stack_copy *copy)
{
	struct observed_thread *thread;
	struct raw_stack raw = { .pid = observed->pid, .stack = &sample->stack, .copy = copy };
	struct culprit hit = { .ns = 1 };
	struct copy_use use = { 0 };

	if ((observed->tid && observed->tid != (pid_t)sample->header.tid) ||
	    observed->not_tid == (pid_t)sample->header.tid)
		return;
	thread = thread_add(observed, sample->header.tid);
	if (!thread)
		return;
	raw.python = foreign_python(engine, observed->pid);
	hit.stack = frames_resolve(engine->namer, &raw, FRAMES_KERNEL | FRAMES_USER, &use);
	copy_size_of_other(engine, copy, &use);
	if (hit.stack)
		culprits_add(&thread->samples, &hit);
}
