// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threads.c - threads are looked at, what each is in is found out, and then
 * they are looked at again: one that has not been on a CPU meanwhile was in
 * just that. For the others it is done once more, a few times.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "capture/arguments.h"
#include "capture/frame_pointers.h"
#include "capture/frames.h"
#include "dump/private.h"
#include "probe/thread_sample.h"
#include "proc/thread_copy.h"
#include "runtime/python/python.h"

#define LOOKS 5
/* Stacks that are waited for: of threads that run, of which there are not many at a time. */
#define SNAPSHOTS_MAX 32
#define SNAPSHOT_MS   20
#define DNS_PORT      53

struct looked {
	struct bp_observed_snapshot info; /* of the last look */
	unsigned int seen; /* the number of that */
	bool known; /* what it is in was found out since */
	bool settled; /* and the look after that found it still there */
	int fd; /* that the next look tells of; -1: none */
	struct dump_thread thread;
};

struct looks {
	struct dump *dump;
	struct subject *subject;
	struct bp_python layout; /* version 0: none */
	struct looked *v; /* by tid, as far as they are sorted */
	size_t nr;
	size_t nr_sorted;
	size_t capacity;
	unsigned int look;
	unsigned int snapshots;
	uint64_t left_out;
	int err;
	struct bp_capture capture;
	struct bp_stack_copy copy; /* of the stack; 0 bytes: none */
};

static int compare_tids(const void *left, const void *right)
{
	const struct looked *a = left, *b = right;

	return a->info.tid < b->info.tid ? -1 : a->info.tid > b->info.tid;
}

static struct looked *find(struct looks *looks, unsigned int tid)
{
	struct looked key = { .info.tid = tid };

	return looks->nr_sorted
		       ? bsearch(&key, looks->v, looks->nr_sorted, sizeof(key), compare_tids)
		       : NULL;
}

static struct looked *add(struct looks *looks)
{
	if (looks->nr == DUMP_THREADS_MAX) {
		looks->left_out++;
		return NULL;
	}
	if (looks->nr == looks->capacity) {
		size_t capacity = looks->capacity ? 2 * looks->capacity : 16;
		struct looked *v = realloc(looks->v, capacity * sizeof(*v));

		if (!v) {
			looks->err = -ENOMEM;
			return NULL;
		}
		looks->v = v;
		looks->capacity = capacity;
	}
	looks->v[looks->nr] = (struct looked){ .fd = -1 };
	return &looks->v[looks->nr++];
}

static void on_look(void *context, const struct bp_observed_snapshot *info)
{
	struct looks *looks = context;
	struct looked *looked = find(looks, info->tid);
	bool same;

	if ((pid_t)info->tgid != looks->subject->memory.pid)
		return;
	if (!looked)
		looked = add(looks);
	if (!looked)
		return;
	looked->seen = looks->look;
	if (looked->settled)
		return;
	same = looked->known && info->state == BP_BLOCKED && looked->info.state == BP_BLOCKED &&
	       info->switches == looked->info.switches;
	looked->info = *info;
	if (same && looked->fd < 0)
		looked->settled = true;
	else
		looked->known = false;
}

/* -- what a thread is in -- */

/* A resolver's question is on the stack of who waits for the answer. */
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
 * Python frames of one after that. Returns whether it runs: one that was ready when
 * it was looked at may just have made room for us.
 */
static bool read_stack(struct looks *looks, const struct bp_observed_snapshot *info,
		       struct bp_stack *stack)
{
	const struct innermost_frame from = {
		.ip = info->block.ip,
		.sp = info->block.sp,
		.fp = info->regs.reg[BP_REGISTER_FP],
	};
	bool runs = info->on_cpu;
	struct python *python = looks->layout.version ? looks->subject->python : NULL;
	int nr;

	stack->kernel_nr = 0;
	stack->user_nr = 0;
	stack->python_nr = 0;
	stack->flags = 0;
	looks->copy.bytes = 0;
	if (info->state == BP_BLOCKED) {
		stack->kernel_nr =
			info->kernel_nr < BP_KERNEL_FRAMES ? info->kernel_nr : BP_KERNEL_FRAMES;
		memcpy(stack->kernel, info->kernel, sizeof(info->kernel));
		stack->user_nr = frame_pointers_walk(&looks->subject->memory, &from,
						     (uint64_t *)stack->user, BP_USER_FRAMES);
		if (thread_copy(&looks->subject->memory, (pid_t)info->tid, &info->regs,
				info->switches, &looks->copy))
			looks->copy.bytes = 0;
	} else if (looks->snapshots < SNAPSHOTS_MAX) {
		looks->snapshots++;
		runs |= !thread_sample_take((pid_t)info->tid, SNAPSHOT_MS, stack, &looks->copy);
	}
	if (!python)
		return runs;
	nr = python_frames(python, info->pthread, stack->python, BP_PYTHON_FRAMES);
	stack->python_nr = nr > 0 ? nr : 0;
	if (nr == BP_PYTHON_FRAMES)
		stack->flags |= BP_STACK_PYTHON_CUT;
	return runs;
}

static void set_task(const struct looks *looks, uint64_t task, struct slice *slice)
{
	char name[256] = "", coro[256] = "";

	if (!task ||
	    python_task(looks->subject->python, task, name, sizeof(name), coro, sizeof(coro)))
		return;
	slice->task_name = name[0] ? strdup(name) : NULL;
	slice->task_coro = coro[0] ? strdup(coro) : NULL;
}

/* Which loop the thread runs, and whether it is in its wait. */
static bool recognise(const struct looks *looks, const struct bp_observed_snapshot *info,
		      struct dump_thread *thread)
{
	const struct bp_block *block = info->state == BP_BLOCKED ? &info->block : NULL;
	struct moment moment = {
		.pid = info->tgid,
		.tid = info->tid,
		.pthread = info->pthread,
		.program = looks->subject->program,
		.comm = thread->id.comm,
		.symbols = looks->dump->symbols,
		.pool = &looks->subject->pool,
		.python = looks->layout.version ? looks->subject->python : NULL,
		.block = block,
	};
	struct recognised recognised;

	runtime_recognise(&moment, &recognised);
	if (!recognised.runtime)
		return false;
	thread->id.runtime = strdup(recognised.runtime->name);
	set_task(looks, recognised.task, &thread->slice);
	return block && recognised.wait_class && block->wait_class == recognised.wait_class &&
	       block->wait_id == recognised.wait_id;
}

static bool in_gil(const struct looks *looks, const struct bp_block *block)
{
	return block->syscall == SYS_futex && bp_is_gil_futex(&looks->layout, block->args[0]);
}

static void set_holder(struct looks *looks, struct slice *slice)
{
	uint64_t pthread = python_gil_holder(looks->subject->python);

	for (size_t i = 0; i < looks->nr && pthread; i++) {
		const struct bp_observed_snapshot *info = &looks->v[i].info;

		if (info->pthread != pthread)
			continue;
		slice->holder.pid = info->tgid;
		slice->holder.tid = info->tid;
		memcpy(slice->holder.comm, info->comm, sizeof(slice->holder.comm));
		slice->holder.comm[sizeof(slice->holder.comm) - 1] = 0;
	}
}

static void find_out_blocked(struct looks *looks, struct looked *looked)
{
	struct bp_capture *capture = &looks->capture;
	struct slice *slice = &looked->thread.slice;
	const struct memory *memory = &looks->subject->memory;
	char host[256];
	int fd;

	capture->block = looked->info.block;
	capture->object = looked->info.object;
	capture->question_bytes = 0;
	if (in_gil(looks, &capture->block)) {
		capture->block.flags |= BP_BLOCK_GIL;
		capture->block.args[0] = looks->layout.gil_addr;
	}
	fd = looked->fd < 0 ? arguments_read(memory, capture) : -1;
	observer_fd(looks->dump->observer, looked->info.tid, fd);
	looked->fd = fd;
	read_question(memory, capture);
	classify(&looks->dump->classify, memory->pid, capture, slice);
	if (slice->cause == CAUSE_GIL)
		set_holder(looks, slice);
	if (slice->cause == CAUSE_DNS && !slice->target.name && looks->layout.version &&
	    !python_getaddrinfo_host(looks->subject->python, looked->info.pthread, host,
				     sizeof(host)))
		slice->target.name = strdup(host);
}

static void find_out(struct looks *looks, struct looked *looked)
{
	const struct bp_observed_snapshot *info = &looked->info;
	struct dump_thread *thread = &looked->thread;
	uint64_t since_ns = observer_since_ns(looks->dump->observer, info);
	bool idle, runs;

	slice_clear(&thread->slice);
	free(thread->id.runtime);
	*thread = (struct dump_thread){ .id = { .pid = info->tgid, .tid = info->tid } };
	memcpy(thread->id.comm, info->comm, sizeof(thread->id.comm));
	thread->id.comm[sizeof(thread->id.comm) - 1] = 0;
	runs = read_stack(looks, info, &looks->capture.stack);
	thread->slice.stack = frames_resolve(
		looks->dump->namer,
		&(struct raw_stack){ looks->subject->memory.pid, looks->subject->python,
				     &looks->capture.stack, &looks->copy },
		FRAMES_KERNEL | FRAMES_USER, NULL);
	idle = recognise(looks, info, thread);
	if (info->state == BP_BLOCKED) {
		thread->state = info->block.flags & BP_BLOCK_STOPPED ? THREAD_STOPPED
				: idle				     ? THREAD_IDLE
								     : THREAD_BLOCKED;
		find_out_blocked(looks, looked);
	} else {
		thread->state = runs ? THREAD_RUNNING : THREAD_READY;
		thread->slice.cause = runs ? CAUSE_CPU : CAUSE_RUNQUEUE;
		/* nothing will be the same at the next look */
		looked->settled = true;
		thread->moved = true;
	}
	/* of one that waits for a CPU only when it ran last is known, not since when it waits */
	thread->since_known = since_ns && (info->state == BP_BLOCKED || info->on_cpu);
	thread->slice.ns = thread->since_known ? info->time_ns - since_ns : 0;
	looked->known = true;
}

static bool all_settled(const struct looks *looks)
{
	for (size_t i = 0; i < looks->nr; i++)
		if (!looks->v[i].settled)
			return false;
	return true;
}

static int look_until_settled(struct looks *looks)
{
	int err = 0;

	for (looks->look = 1; looks->look <= LOOKS && !err; looks->look++) {
		err = observer_process(looks->dump->observer, looks->subject->memory.pid, on_look,
				       looks);
		if (!err)
			err = looks->err;
		if (looks->nr)
			qsort(looks->v, looks->nr, sizeof(looks->v[0]), compare_tids);
		looks->nr_sorted = looks->nr;
		if (err || all_settled(looks))
			break;
		/* the last look only shows who has moved */
		for (size_t i = 0; i < looks->nr && looks->look < LOOKS; i++)
			if (looks->v[i].seen == looks->look && !looks->v[i].known)
				find_out(looks, &looks->v[i]);
	}
	return err;
}

/* Threads that are there still, into out. */
static int hand_over(struct looks *looks, struct dump_record *out, uint64_t **pthreads)
{
	unsigned int last = looks->look > LOOKS ? LOOKS : looks->look;

	out->threads = calloc(looks->nr, sizeof(*out->threads));
	*pthreads = calloc(looks->nr, sizeof(**pthreads));
	if (!out->threads || !*pthreads)
		return -ENOMEM;
	for (size_t i = 0; i < looks->nr; i++) {
		struct looked *looked = &looks->v[i];

		if (looked->seen != last || !looked->thread.id.tid)
			continue;
		looked->thread.moved |= !looked->settled;
		(*pthreads)[out->nr_threads] = looked->info.pthread;
		out->threads[out->nr_threads++] = looked->thread;
		looked->thread = (struct dump_thread){ 0 };
	}
	if (looks->left_out)
		out->lost[out->nr_lost++] = (struct loss_count){ loss_name(LOSS_THREADS_LEFT_OUT),
								 looks->left_out / last };
	return out->nr_threads ? 0 : -ESRCH;
}

int dump_threads(struct dump *dump, struct subject *subject, struct dump_record *out,
		 uint64_t **pthreads)
{
	struct looks *looks = calloc(1, sizeof(*looks));
	int err;

	if (!looks)
		return -ENOMEM;
	looks->dump = dump;
	looks->subject = subject;
	if (subject->python && !subject->unreadable &&
	    python_layout(subject->python, &looks->layout))
		looks->layout.version = 0;
	err = look_until_settled(looks);
	if (!err)
		err = looks->nr ? hand_over(looks, out, pthreads) : -ESRCH;
	for (size_t i = 0; i < looks->nr; i++) {
		struct looked *looked = &looks->v[i];

		if (looked->fd >= 0)
			observer_fd(dump->observer, looked->info.tid, -1);
		slice_clear(&looked->thread.slice);
		free(looked->thread.id.runtime);
	}
	free(looks->v);
	free(looks);
	return err;
}
