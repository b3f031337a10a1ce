// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threads.c - what every thread of a process is in, by rounds of snapshots: a
 * thread that has not been on a CPU between two of them was in just what was
 * found out in between. For the others it is done once more, a few times.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/files.h"
#include "capture/arguments.h"
#include "capture/frame_pointers.h"
#include "capture/frames.h"
#include "capture/runtime_wait.h"
#include "dump/private.h"
#include "probe/thread_sample.h"
#include "proc/thread_copy.h"
#include "runtime/python/python.h"

#define ROUNDS 5
/* Stacks of threads that run, which have to be waited for: not many run at a time. */
#define SAMPLES_MAX 32
#define SAMPLE_MS   20
#define DNS_PORT    53

struct scanned {
	struct bp_observed_snapshot snapshot; /* of the last round that had it */
	unsigned int seen; /* the number of that round */
	bool known; /* what it is in was found out since */
	bool settled; /* and the round after that found it still there */
	int fd; /* that the next snapshot is to describe; -1: none */
	struct dump_thread thread;
};

struct scan {
	struct dump *dump;
	struct subject *subject;
	struct bp_python layout; /* version 0: none */
	struct scanned *v; /* by tid, as far as they are sorted */
	size_t nr;
	size_t nr_sorted;
	size_t capacity;
	unsigned int round;
	unsigned int samples;
	uint64_t left_out;
	int err;
	struct bp_capture capture;
	struct bp_stack_copy copy; /* of the stack; 0 bytes: none */
};

static int compare_tids(const void *left, const void *right)
{
	const struct scanned *a = left, *b = right;

	return a->snapshot.tid < b->snapshot.tid ? -1 : a->snapshot.tid > b->snapshot.tid;
}

static struct scanned *find(struct scan *scan, unsigned int tid)
{
	struct scanned key = { .snapshot.tid = tid };

	return scan->nr_sorted ? bsearch(&key, scan->v, scan->nr_sorted, sizeof(key), compare_tids)
			       : NULL;
}

static struct scanned *add(struct scan *scan)
{
	if (scan->nr == DUMP_THREADS_MAX) {
		scan->left_out++;
		return NULL;
	}
	if (scan->nr == scan->capacity) {
		size_t capacity = scan->capacity ? 2 * scan->capacity : 16;
		struct scanned *v = realloc(scan->v, capacity * sizeof(*v));

		if (!v) {
			scan->err = -ENOMEM;
			return NULL;
		}
		scan->v = v;
		scan->capacity = capacity;
	}
	scan->v[scan->nr] = (struct scanned){ .fd = -1 };
	return &scan->v[scan->nr++];
}

static void on_snapshot(void *context, const struct bp_observed_snapshot *snapshot)
{
	struct scan *scan = context;
	struct scanned *scanned = find(scan, snapshot->tid);
	bool same;

	if ((pid_t)snapshot->tgid != scan->subject->memory.pid)
		return;
	if (!scanned)
		scanned = add(scan);
	if (!scanned)
		return;
	scanned->seen = scan->round;
	if (scanned->settled)
		return;
	same = scanned->known && snapshot->state == BP_BLOCKED &&
	       scanned->snapshot.state == BP_BLOCKED &&
	       snapshot->switches == scanned->snapshot.switches;
	scanned->snapshot = *snapshot;
	if (same && scanned->fd < 0)
		scanned->settled = true;
	else
		scanned->known = false;
}

/* -- what a thread is in -- */

/* A thread that waits for a resolver's answer has the question on its stack. */
static void read_question(const struct memory *memory, struct bp_capture *capture)
{
	static const unsigned int sizes[] = { BP_QUESTION_BYTES, BP_QUESTION_BYTES / 4 };

	if (capture->object.kind != BP_OBJECT_SOCKET ||
	    capture->object.socket.peer_port != DNS_PORT)
		return;
	for (size_t i = 0; i < 2 && !capture->question_bytes; i++)
		if (!memory_read(memory, capture->block.sp, capture->question, sizes[i]))
			capture->question_bytes = sizes[i];
}

/*
 * Of a thread that runs, native frames are those of a moment soon after, and
 * Python frames of one after that. Returns whether it runs: one that was ready in
 * its snapshot may only have made room for us.
 */
static bool read_stack(struct scan *scan, const struct bp_observed_snapshot *snapshot,
		       struct bp_stack *stack)
{
	const struct innermost_frame from = {
		.ip = snapshot->block.ip,
		.sp = snapshot->block.sp,
		.fp = snapshot->regs.reg[BP_REGISTER_FP],
	};
	bool runs = snapshot->on_cpu;
	struct python *python = scan->layout.version ? scan->subject->python : NULL;
	int nr;

	stack->kernel_nr = 0;
	stack->user_nr = 0;
	stack->python_nr = 0;
	stack->flags = 0;
	scan->copy.bytes = 0;
	if (snapshot->state == BP_BLOCKED) {
		stack->kernel_nr = snapshot->kernel_nr < BP_KERNEL_FRAMES ? snapshot->kernel_nr
									  : BP_KERNEL_FRAMES;
		memcpy(stack->kernel, snapshot->kernel, sizeof(snapshot->kernel));
		stack->user_nr = frame_pointers_walk(&scan->subject->memory, &from,
						     (uint64_t *)stack->user, BP_USER_FRAMES);
		if (thread_copy(&scan->subject->memory, (pid_t)snapshot->tid, &snapshot->regs,
				snapshot->switches, &scan->copy))
			scan->copy.bytes = 0;
	} else if (scan->samples < SAMPLES_MAX && files_lock_is_free(&scan->subject->memory)) {
		scan->samples++;
		runs |= !thread_sample_take((pid_t)snapshot->tid, SAMPLE_MS, stack, &scan->copy);
	}
	if (!python)
		return runs;
	nr = python_frames(python, snapshot->pthread, stack->python, BP_PYTHON_FRAMES);
	stack->python_nr = nr > 0 ? nr : 0;
	if (nr == BP_PYTHON_FRAMES)
		stack->flags |= BP_STACK_PYTHON_CUT;
	return runs;
}

static void set_task(const struct scan *scan, uint64_t task, struct slice *slice)
{
	char name[256] = "", coro[256] = "";

	if (!task ||
	    python_task(scan->subject->python, task, name, sizeof(name), coro, sizeof(coro)))
		return;
	slice->task_name = name[0] ? strdup(name) : NULL;
	slice->task_coro = coro[0] ? strdup(coro) : NULL;
}

/* Which loop the thread runs, and whether it is in its wait. */
static bool recognise(const struct scan *scan, const struct bp_observed_snapshot *snapshot,
		      struct dump_thread *thread)
{
	const struct bp_block *block = snapshot->state == BP_BLOCKED ? &snapshot->block : NULL;
	struct moment moment = {
		.pid = snapshot->tgid,
		.tid = snapshot->tid,
		.memory = scan->subject->memory,
		.pthread = snapshot->pthread,
		.program = scan->subject->program,
		.comm = thread->id.comm,
		.symbols = scan->dump->symbols,
		.pool = &scan->subject->pool,
		.python = scan->layout.version ? scan->subject->python : NULL,
		.block = block,
	};
	struct recognised recognised;

	runtime_recognise(&moment, &recognised);
	thread->against = recognised.against;
	if (!recognised.runtime)
		return false;
	thread->way = recognised.way;
	thread->doubt = recognised.doubt;
	thread->id.runtime = strdup(recognised.runtime->name);
	set_task(scan, recognised.task, &thread->slice);
	return block && recognised.wait_class && block->wait_class == recognised.wait_class &&
	       block->wait_id == recognised.wait_id;
}

static bool in_gil(const struct scan *scan, const struct bp_block *block)
{
	return block->syscall == SYS_futex && bp_is_gil_futex(&scan->layout, block->args[0]);
}

static void set_holder(struct scan *scan, struct slice *slice)
{
	uint64_t pthread = python_gil_holder(scan->subject->python);

	for (size_t i = 0; i < scan->nr && pthread; i++) {
		const struct bp_observed_snapshot *snapshot = &scan->v[i].snapshot;

		if (snapshot->pthread != pthread)
			continue;
		slice->holder.collects = python_collecting(scan->subject->python);
		slice->holder.pid = snapshot->tgid;
		slice->holder.tid = snapshot->tid;
		memcpy(slice->holder.comm, snapshot->comm, sizeof(slice->holder.comm));
		slice->holder.comm[sizeof(slice->holder.comm) - 1] = 0;
	}
}

static void find_out_blocked(struct scan *scan, struct scanned *scanned)
{
	struct bp_capture *capture = &scan->capture;
	struct slice *slice = &scanned->thread.slice;
	const struct memory *memory = &scan->subject->memory;
	char host[256];
	int fd;

	capture->block = scanned->snapshot.block;
	capture->object = scanned->snapshot.object;
	capture->question_bytes = 0;
	if (in_gil(scan, &capture->block)) {
		capture->block.flags |= BP_BLOCK_GIL;
		capture->block.args[0] = scan->layout.gil_addr;
	}
	fd = scanned->fd < 0 ? arguments_read(memory, capture) : -1;
	observer_fd(scan->dump->observer, scanned->snapshot.tid, fd);
	scanned->fd = fd;
	read_question(memory, capture);
	classify(&scan->dump->classify, memory->pid, capture, slice);
	if (slice->cause == CAUSE_GIL)
		set_holder(scan, slice);
	if (slice->cause == CAUSE_DNS && !slice->target.name && scan->layout.version &&
	    !python_getaddrinfo_host(scan->subject->python, scanned->snapshot.pthread, host,
				     sizeof(host)))
		slice->target.name = strdup(host);
}

/* It runs: its interpreter's collector? */
static bool collects(struct scan *scan, const struct bp_observed_snapshot *snapshot,
		     const struct dump_thread *thread)
{
	struct python *python = scan->layout.version ? scan->subject->python : NULL;

	return runtime_collects(thread->slice.stack) ||
	       (python && python_collecting(python) &&
		python_gil_holder(python) == snapshot->pthread);
}

static void find_out(struct scan *scan, struct scanned *scanned)
{
	const struct bp_observed_snapshot *snapshot = &scanned->snapshot;
	struct dump_thread *thread = &scanned->thread;
	uint64_t since_ns = observer_since_ns(scan->dump->observer, snapshot);
	bool idle, runs;

	slice_clear(&thread->slice);
	free(thread->id.runtime);
	*thread = (struct dump_thread){ .id = { .pid = snapshot->tgid, .tid = snapshot->tid } };
	memcpy(thread->id.comm, snapshot->comm, sizeof(thread->id.comm));
	thread->id.comm[sizeof(thread->id.comm) - 1] = 0;
	runs = read_stack(scan, snapshot, &scan->capture.stack);
	thread->slice.stack = frames_resolve(
		scan->dump->namer,
		&(struct raw_stack){ scan->subject->memory.pid, scan->subject->python,
				     &scan->capture.stack, &scan->copy },
		FRAMES_KERNEL | FRAMES_USER, NULL);
	idle = recognise(scan, snapshot, thread);
	if (snapshot->state == BP_BLOCKED) {
		thread->state = snapshot->block.flags & BP_BLOCK_STOPPED ? THREAD_STOPPED
				: idle					 ? THREAD_IDLE
									 : THREAD_BLOCKED;
		find_out_blocked(scan, scanned);
	} else {
		thread->state = runs ? THREAD_RUNNING : THREAD_READY;
		thread->slice.cause = !runs				 ? CAUSE_RUNQUEUE
				      : collects(scan, snapshot, thread) ? CAUSE_GC
									 : CAUSE_CPU;
		/* nothing will be the same in the next round */
		scanned->settled = true;
		thread->moved = true;
	}
	/* of one that waits for a CPU it is known when it ran last, not since when it waits */
	thread->since_known = since_ns && (snapshot->state == BP_BLOCKED || snapshot->on_cpu);
	thread->slice.ns = thread->since_known ? snapshot->time_ns - since_ns : 0;
	scanned->known = true;
}

static bool all_settled(const struct scan *scan)
{
	for (size_t i = 0; i < scan->nr; i++)
		if (!scan->v[i].settled)
			return false;
	return true;
}

static int scan_until_settled(struct scan *scan)
{
	int err = 0;

	for (scan->round = 1; scan->round <= ROUNDS && !err; scan->round++) {
		err = observer_process(scan->dump->observer, scan->subject->memory.pid, on_snapshot,
				       scan);
		if (!err)
			err = scan->err;
		if (scan->nr)
			qsort(scan->v, scan->nr, sizeof(scan->v[0]), compare_tids);
		scan->nr_sorted = scan->nr;
		if (err || all_settled(scan))
			break;
		/* the last round only shows which threads have moved */
		for (size_t i = 0; i < scan->nr && scan->round < ROUNDS; i++)
			if (scan->v[i].seen == scan->round && !scan->v[i].known)
				find_out(scan, &scan->v[i]);
	}
	return err;
}

/* Threads that are there still, into out. */
static int hand_over(struct scan *scan, struct dump_record *out, uint64_t **pthreads)
{
	unsigned int last = scan->round > ROUNDS ? ROUNDS : scan->round;

	out->threads = calloc(scan->nr, sizeof(*out->threads));
	*pthreads = calloc(scan->nr, sizeof(**pthreads));
	if (!out->threads || !*pthreads)
		return -ENOMEM;
	for (size_t i = 0; i < scan->nr; i++) {
		struct scanned *scanned = &scan->v[i];

		if (scanned->seen != last || !scanned->thread.id.tid)
			continue;
		scanned->thread.moved |= !scanned->settled;
		(*pthreads)[out->nr_threads] = scanned->snapshot.pthread;
		out->threads[out->nr_threads++] = scanned->thread;
		scanned->thread = (struct dump_thread){ 0 };
	}
	if (scan->left_out)
		out->lost[out->nr_lost++] = (struct name_count){ loss_name(LOSS_THREADS_LEFT_OUT),
								 scan->left_out / last };
	return out->nr_threads ? 0 : -ESRCH;
}

int dump_threads(struct dump *dump, struct subject *subject, struct dump_record *out,
		 uint64_t **pthreads)
{
	struct scan *scan = calloc(1, sizeof(*scan));
	int err;

	if (!scan)
		return -ENOMEM;
	scan->dump = dump;
	scan->subject = subject;
	if (subject->python && !subject->unreadable &&
	    python_layout(subject->python, &scan->layout))
		scan->layout.version = 0;
	err = scan_until_settled(scan);
	if (!err)
		err = scan->nr ? hand_over(scan, out, pthreads) : -ESRCH;
	for (size_t i = 0; i < scan->nr; i++) {
		struct scanned *scanned = &scan->v[i];

		if (scanned->fd >= 0)
			observer_fd(dump->observer, scanned->snapshot.tid, -1);
		slice_clear(&scanned->thread.slice);
		free(scanned->thread.id.runtime);
	}
	free(scan->v);
	free(scan);
	return err;
}
