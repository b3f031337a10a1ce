// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall/peers/suspect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "capture/arguments.h"
#include "capture/frame_pointers.h"
#include "capture/frames.h"
#include "capture/poll_sets.h"
#include "probe/syscall.h"
#include "proc/epoll.h"
#include "proc/peer/peer.h"
#include "proc/process.h"
#include "proc/thread_copy.h"
#include "runtime/python/python.h"
#include "stall/engine_private.h"
#include "stall/peers/foreign.h"

struct suspect *suspect_new(struct engine *engine, enum culprit_kind kind, pid_t pid, int fd,
			    uint64_t since_ns)
{
	struct suspect *suspect = calloc(1, sizeof(*suspect));

	if (!suspect)
		return NULL;
	suspect->threads = calloc(SUSPECT_THREADS, sizeof(*suspect->threads));
	if (!suspect->threads || process_comm(pid, suspect->comm)) {
		suspect_free(suspect);
		return NULL;
	}
	suspect->kind = kind;
	suspect->pid = pid;
	suspect->fd = fd;
	suspect->since_ns = since_ns;
	foreign_sample(engine, pid);
	return suspect;
}

static void thread_clear(struct suspect_thread *thread)
{
	culprit_clear(&thread->now);
	culprits_free(&thread->did);
	culprits_free(&thread->samples);
}

void suspect_free(struct suspect *suspect)
{
	if (!suspect)
		return;
	for (size_t i = 0; i < suspect->nr_threads; i++)
		thread_clear(&suspect->threads[i]);
	free(suspect->threads);
	free(suspect);
}

struct suspect_thread *suspect_thread(struct suspect *suspect, pid_t tid)
{
	for (size_t i = 0; i < suspect->nr_threads; i++)
		if (suspect->threads[i].tid == tid)
			return &suspect->threads[i];
	return NULL;
}

static struct suspect_thread *thread_add(struct suspect *suspect, pid_t tid)
{
	struct suspect_thread *thread = suspect_thread(suspect, tid);

	if (thread)
		return thread;
	if (suspect->nr_threads == SUSPECT_THREADS) {
		suspect->more_threads = true;
		return NULL;
	}
	thread = &suspect->threads[suspect->nr_threads++];
	thread->tid = tid;
	return thread;
}

/* -- what a blocked thread is in -- */

static void fill_capture(const struct memory *memory, struct python *python,
			 const struct bp_suspect_info *info, struct bp_capture *capture)
{
	const struct innermost_frame from = {
		.ip = info->block.ip,
		.sp = info->block.sp,
		.fp = info->regs.reg[BP_REGISTER_FP],
	};
	struct bp_python layout;
	int nr;

	capture->block = info->block;
	capture->object = info->object;
	capture->stack.kernel_nr = info->kernel_nr;
	memcpy(capture->stack.kernel, info->kernel, sizeof(info->kernel));
	capture->stack.user_nr =
		frame_pointers_walk(memory, &from, (uint64_t *)capture->stack.user, BP_USER_FRAMES);
	if (!python)
		return;
	nr = python_frames(python, info->pthread, capture->stack.python, BP_PYTHON_FRAMES);
	capture->stack.python_nr = nr > 0 ? nr : 0;
	if (info->block.syscall == SYS_futex && !python_layout(python, &layout) &&
	    layout.gil_addr && info->block.args[0] - layout.gil_addr < layout.gil_bytes)
		capture->block.flags |= BP_BLOCK_GIL;
}

/* A watched loop in its own wait is idle, whatever it waits for. */
static bool is_waiting_loop(struct engine *engine, pid_t tid)
{
	for (unsigned int i = 1; i <= probe_slots(engine->probe); i++)
		if (engine->loops[i] && engine->loops[i]->id.tid == tid)
			return probe_slot(engine->probe, i)->state == BP_WAITING;
	return false;
}

/* Does the thread wait for work, the connection asked about among it? */
static bool is_idle(struct engine *engine, const struct suspect *suspect,
		    struct suspect_thread *thread, const struct bp_capture *capture)
{
	const struct memory memory = { engine->options.memory, suspect->pid };
	const unsigned long long *args = capture->block.args;
	const struct syscall_info *info = syscall_info(capture->block.syscall);

	thread->same_end = false;
	if (is_waiting_loop(engine, thread->tid))
		return true;
	if (suspect->kind != CULPRIT_PEER || suspect->fd < 0 || !info ||
	    capture->block.flags & (BP_BLOCK_FAULT | BP_BLOCK_STOPPED | BP_BLOCK_COMPAT))
		return false;
	if (capture->block.wait_class == BP_WAIT_EPOLL)
		return epoll_has(suspect->pid, (int)args[0], suspect->fd);
	if (info->flags & BP_SYSCALL_POLL)
		return poll_has(&memory, args, suspect->fd);
	/* select: the first one is what is known */
	thread->same_end = capture->object.kind != BP_OBJECT_NONE && info->cause != CAUSE_FILE &&
			   capture->object.fd == suspect->fd;
	return thread->same_end;
}

static void resolve(struct engine *engine, struct suspect *suspect, struct suspect_thread *thread,
		    const struct bp_suspect_info *info)
{
	const struct memory memory = { engine->options.memory, suspect->pid };
	struct bp_capture *capture = calloc(1, sizeof(*capture));
	struct python *python = foreign_python(engine, suspect->pid);
	__freeing struct bp_copy *copy = malloc(sizeof(*copy));
	struct slice slice = { 0 };
	struct peer peer;

	culprit_clear(&thread->now);
	thread->peer = (struct suspect_peer){ .fd = -1 };
	if (!capture)
		return;
	if (copy && thread_copy(&memory, thread->tid, &info->regs, info->switches, copy))
		copy->bytes = 0;
	fill_capture(&memory, python, info, capture);
	arguments_read(&memory, capture);
	slice.stack = frames_resolve(engine->namer, suspect->pid, python, &capture->stack, copy,
				     FRAMES_KERNEL | FRAMES_USER, NULL);
	classify(&engine->classify, suspect->pid, capture, &slice);
	thread->now = (struct culprit){
		.told = true,
		.idle = is_idle(engine, suspect, thread, capture),
		.cause = slice.cause,
		.syscall = slice.syscall,
		.target = slice.target,
		.stack = slice.stack,
	};
	if (slice.target.peer_pid &&
	    !classify_peer(&engine->classify, suspect->pid, capture, &peer))
		thread->peer = (struct suspect_peer){ peer.pid, peer.fd };
	free(capture);
}

/* -- the ledger -- */

static void add(struct suspect_thread *thread, const struct culprit *what, uint64_t ns)
{
	struct culprits one = { .v = (struct culprit *)what, .nr = 1 }, copy;

	if (!ns || culprits_copy(&copy, &one))
		return;
	copy.v[0].ns = ns;
	culprits_add(&thread->did, &copy.v[0]);
	culprits_free(&copy);
}

static void add_plain(struct suspect_thread *thread, enum cause cause, uint64_t ns)
{
	struct culprit what = { .told = true, .cause = cause };

	add(thread, &what, ns);
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Since when a thread is blocked that has not moved since; 0: not known. */
static uint64_t blocked_since(const struct engine *engine, const struct bp_suspect_info *info)
{
	if (!engine->sched_clock_known || !info->sched_arrival_ns)
		return 0;
	return info->sched_arrival_ns + info->sched_ran_ns + engine->sched_clock_ns;
}

static void account(struct engine *engine, struct suspect *suspect, struct suspect_thread *thread,
		    const struct bp_suspect_info *info)
{
	bool running = info->state == BP_RUNNING, first = !thread->looked_ns;
	bool moved = first || thread->switches != info->switches ||
		     thread->ran_ns != info->ran_ns || thread->running != running;
	uint64_t from_ns = first ? suspect->since_ns : thread->looked_ns;
	uint64_t ns = less(info->time_ns, from_ns), ran_ns, queued_ns, since_ns;

	if (first && !running) {
		/* before it blocked it did what nobody saw */
		since_ns = blocked_since(engine, info);
		if (!since_ns || since_ns > info->time_ns)
			since_ns = info->time_ns;
		ns = less(info->time_ns, since_ns > from_ns ? since_ns : from_ns);
	} else if (first) {
		ns = 0;
	}
	if (!first) {
		ran_ns = less(info->ran_ns, thread->ran_ns);
		ran_ns = ran_ns < ns ? ran_ns : ns;
		queued_ns = less(info->queued_ns, thread->queued_ns);
		queued_ns = queued_ns < ns - ran_ns ? queued_ns : ns - ran_ns;
		/* its last stretch on the CPU is not in the count yet */
		if (running && thread->running && thread->switches == info->switches)
			ran_ns = ns - queued_ns;
		add_plain(thread, CAUSE_CPU, ran_ns);
		add_plain(thread, CAUSE_RUNQUEUE, queued_ns);
		ns -= ran_ns + queued_ns;
	}
	if (moved && running && thread->now.told)
		add(thread, &thread->now, ns);
	else if (moved && running && !first)
		add_plain(thread, CAUSE_CPU, ns);
	if (moved && !running)
		resolve(engine, suspect, thread, info);
	if (!running && thread->now.told)
		add(thread, &thread->now, ns);
	if (running)
		culprit_clear(&thread->now);
	thread->running = running;
	thread->looked_ns = info->time_ns;
	thread->switches = info->switches;
	thread->ran_ns = info->ran_ns;
	thread->queued_ns = info->queued_ns;
	memcpy(thread->comm, info->comm, sizeof(thread->comm));
	thread->comm[sizeof(thread->comm) - 1] = 0;
}

struct look {
	struct engine *engine;
	struct suspect *suspect;
	pid_t again[SUSPECT_THREADS]; /* their descriptors are known now */
	size_t nr_again;
	bool second;
	size_t seen;
};

static void look_at(void *context, const struct bp_suspect_info *info)
{
	struct look *look = context;
	struct suspect *suspect = look->suspect;
	const struct memory memory = { look->engine->options.memory, suspect->pid };
	struct suspect_thread *thread;
	struct bp_capture capture = { .block = info->block, .object = info->object };
	bool moved, wanted = !look->second;
	int fd = -1;

	look->seen++;
	if ((pid_t)info->tgid != suspect->pid || (suspect->tid && suspect->tid != (pid_t)info->tid))
		return;
	thread = thread_add(suspect, info->tid);
	for (size_t i = 0; i < look->nr_again; i++)
		wanted |= look->again[i] == (pid_t)info->tid;
	if (!thread || !wanted)
		return;
	moved = thread->switches != info->switches || !thread->looked_ns;
	if (!look->second && moved && info->state == BP_BLOCKED && look->nr_again < SUSPECT_THREADS)
		fd = arguments_read(&memory, &capture);
	if (fd >= 0) {
		/* the kernel side can tell what it stands for */
		probe_suspect_fd(look->engine->probe, info->tid, fd);
		look->again[look->nr_again++] = info->tid;
		return;
	}
	account(look->engine, suspect, thread, info);
}

int suspect_look(struct engine *engine, struct suspect *suspect)
{
	struct look look = { .engine = engine, .suspect = suspect };
	int err = probe_suspect_look(engine->probe, suspect->pid, look_at, &look);

	if (!err && look.nr_again) {
		look.second = true;
		err = probe_suspect_look(engine->probe, suspect->pid, look_at, &look);
	}
	for (size_t i = 0; i < look.nr_again; i++)
		probe_suspect_fd(engine->probe, look.again[i], -1);
	if (err)
		return err;
	return look.seen ? 0 : -ESRCH;
}

void suspect_sample(struct engine *engine, struct suspect *suspect,
		    const struct bp_suspect_sample *sample, const struct bp_copy *copy)
{
	struct suspect_thread *thread;
	struct culprit hit = { .ns = 1 };
	struct copy_use use = { 0 };

	if (suspect->tid && suspect->tid != (pid_t)sample->header.tid)
		return;
	thread = thread_add(suspect, sample->header.tid);
	if (!thread)
		return;
	hit.stack =
		frames_resolve(engine->namer, suspect->pid, foreign_python(engine, suspect->pid),
			       &sample->stack, copy, FRAMES_KERNEL | FRAMES_USER, &use);
	tell_other_copied(engine, copy, &use);
	if (hit.stack)
		culprits_add(&thread->samples, &hit);
}
