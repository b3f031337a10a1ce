// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recognise.c - which threads are loops. A thread is judged when it is first
 * seen, when it sleeps in a call that may be a loop's wait, and, where a Python
 * program has shown no loop yet, every now and then.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "proc/process.h"
#include "runtime/program.h"
#include "runtime/python/python.h"
#include "stall/engine_private.h"
#include "stall/loops/relearn.h"

#define SCAN_EVERY_NS 10000000ull
#define LOOK_FIRST_NS 5000000ull /* then twice as long each time, up to: */
#define LOOK_EVERY_NS 100000000ull
#define LOOK_LATE_NS  1000000000ull
#define LOOKS_OFTEN   100 /* as often as LOOK_EVERY_NS: ten seconds; then later ones */
#define LOOKS_NO_PYTHON \
	8 /* a program that is none may still load it; that is waited for a second */
#define LOOKS_BUSY	    40 /* the symbolizer is started again; without one, for four seconds */
#define PROGRAM_AGE_NS	    1000000000ull
#define PROGRAM_AGES	    5 /* doublings */
#define SCANS_A_TICK	    16
#define RUNNING_STACK_BYTES (24u << 10) /* looked through of a worker that runs */
#define SCANS_FEW	    4 /* processes: these are looked at every LOOK_EVERY_NS for good */
#define SCANS_OFTEN	    4 /* of one process, before the time between them is doubled */
#define SCANS_OCTAVES	    5 /* doublings */

static uint64_t look_gap_ns(unsigned int looks)
{
	if (looks > LOOKS_OFTEN)
		return LOOK_LATE_NS;
	if (looks > 4)
		return LOOK_EVERY_NS;
	return LOOK_FIRST_NS << looks;
}

/* Since it was looked at last: where it has not, that would show the same once more. */
static bool has_moved(struct watched *watched)
{
	uint64_t before_ns = watched->ran_ns;

	watched->ran_ns = process_ran_ns(watched->pid);
	return !watched->ran_ns || watched->ran_ns != before_ns;
}

struct python *recognise_python(struct engine *engine, struct watched *watched)
{
	struct bp_python layout;
	uint64_t now_ns = probe_now_ns();

	if (watched->python_pending && now_ns >= watched->next_look_ns) {
		const struct memory memory = { engine->options.memory, watched->pid };
		int err = watched->look_err;

		/* whether the symbolizer is busy is nothing that shows in the process */
		if (!watched->looks || err == -EBUSY || has_moved(watched)) {
			python_close(watched->python);
			err = watched->look_err =
				python_open(&watched->python, &memory, engine->symbols);
		}
		watched->next_look_ns = now_ns + look_gap_ns(watched->looks++);
		watched->python_pending = err == -EAGAIN ||
					  (err == -ENOENT && watched->looks < LOOKS_NO_PYTHON) ||
					  (err == -EBUSY && watched->looks < LOOKS_BUSY);
		watched->unreadable = err == -ENOTSUP || (err == -EBUSY && watched->python);
		if (err && !watched->unreadable)
			watched->python = NULL;
	}
	if (!watched->python || watched->unreadable)
		return NULL;
	if (!watched->tasks_known && !python_layout(watched->python, &layout)) {
		watched->tasks_known = layout.current_tasks || layout.tstate_running_task;
		probe_python(engine->probe, watched->pid, &layout);
	}
	return watched->python;
}

static bool overridden(const struct engine *engine, pid_t tid, struct verdict *verdict)
{
	for (size_t i = 0; i < engine->options.nr_overrides; i++) {
		const struct engine_override *override = &engine->options.overrides[i];

		if (override->tid != tid)
			continue;
		memset(verdict, 0, sizeof(*verdict));
		if (override->fd < 0)
			return true;
		verdict->runtime = "generic";
		verdict->wait_class = BP_WAIT_EPOLL;
		verdict->wait_id = override->fd;
		return true;
	}
	return false;
}

/* What its process runs. A library may be loaded late: while no loop is found, it is looked at again. */
static struct program *program_of(struct engine *engine, struct watched *watched)
{
	const struct memory memory = { engine->options.memory, watched->pid };
	uint64_t now_ns = probe_now_ns();

	if (watched->program && !watched->loops &&
	    now_ns - watched->program_ns > PROGRAM_AGE_NS << watched->program_ages) {
		/* less and less often: all of its mappings are gone through */
		if (watched->program_ages < PROGRAM_AGES)
			watched->program_ages++;
		program_free(watched->program);
		watched->program = NULL;
	}
	if (!watched->program) {
		watched->program_ns = now_ns;
		if (program_new(&watched->program, &memory, engine->symbols))
			watched->program = NULL;
	}
	return watched->program;
}

static void judge(struct engine *engine, struct watched *watched, struct sighting *sighting,
		  struct verdict *verdict)
{
	sighting->python = recognise_python(engine, watched);
	sighting->python_pending = watched->python_pending && watched->python;
	sighting->forked_ns = watched->forked_ns;
	/* what a thread is that sleeps elsewhere can only be told of a main thread */
	if (sighting->candidate || (sighting->block && sighting->block->wait_class) ||
	    sighting->tid == sighting->pid)
		sighting->program = program_of(engine, watched);
	sighting->symbols = engine->symbols;
	sighting->pool = &watched->pool;
	runtime_judge(sighting, verdict);
	/* what its tasks are kept in may have come since it was asked for above */
	if (verdict->runtime && sighting->python && !watched->tasks_known)
		recognise_python(engine, watched);
	if (watched->pool.parks && !watched->pool.shown) {
		watched->pool.shown = true;
		engine->look_again = !probe_parks(engine->probe, watched->pid);
	}
	if (overridden(engine, sighting->tid, verdict) && sighting->python)
		verdict->turn_start_ns = 0;
}

/* -- a look at every thread -- */

struct look {
	struct engine *engine;
	bool calibrate;
	bool judge;
};

static void calibrate(struct engine *engine, const struct bp_thread_info *own)
{
	/* we run now: since when, is known by both clocks */
	if (own->state != BP_RUNNING || !own->sched_arrival_ns || own->before)
		return;
	engine->sched_clock_ns = (int64_t)(own->since_ns - own->sched_arrival_ns);
	engine->sched_clock_known = true;
}

static void look_at(void *context, const struct bp_thread_info *info)
{
	struct look *look = context;
	struct engine *engine = look->engine;
	struct sighting sighting = { .pid = info->tgid,
				     .tid = info->tid,
				     .pthread = info->pthread };
	struct watched *watched;
	struct loop *loop = NULL;
	struct verdict verdict;

	if (info->own) {
		if (look->calibrate)
			calibrate(engine, info);
		return;
	}
	watched = watched_find(engine->watched, info->tgid);
	if (!watched && engine->options.whole_system) {
		watched = watched_add(engine->watched, info->tgid, probe_now_ns());
		if (watched) {
			watched_identify(watched);
			recognise_soon(engine, watched);
		}
	}
	if (!watched)
		return;
	watched_note_thread(watched, info->tid, info->pthread);
	if (probe_slot(engine->probe, info->slot))
		loop = binding_slot(engine, info->slot, info->tgid, info->tid);
	if (!look->judge || (loop && loop->id.runtime))
		return;
	sighting.block = info->state == BP_BLOCKED ? &info->block : NULL;
	sighting.comm = info->comm;
	judge(engine, watched, &sighting, &verdict);
	if (verdict.runtime)
		binding_ask(engine, info->tgid, info->tid, &verdict, info);
}

/* The thread itself has to have left the CPU and come back for its clocks to be compared. */
static void calibrate_clock(struct engine *engine)
{
	struct look look = { .engine = engine, .calibrate = true };

	for (int i = 0; i < 3 && !engine->sched_clock_known; i++) {
		poll(NULL, 0, 1);
		probe_look(engine->probe, look_at, &look);
	}
}

int recognise_look(struct engine *engine)
{
	struct look judging = { .engine = engine, .judge = true };
	struct look binding = { .engine = engine };
	int err;

	if (!engine->sched_clock_known) {
		err = probe_look(engine->probe, NULL, NULL);
		if (err)
			return err;
		calibrate_clock(engine);
	}
	err = probe_look(engine->probe, look_at, &judging);
	if (!err && engine->look_again) {
		engine->look_again = false;
		err = probe_look(engine->probe, look_at, &judging);
	}
	if (!err && engine->bindings)
		err = probe_look(engine->probe, look_at, &binding);
	binding_forget(engine);
	return err;
}

/* Judges the threads of one process. */
static void look_at_process(struct engine *engine, pid_t pid)
{
	struct look judging = { .engine = engine, .judge = true };
	struct look binding = { .engine = engine };

	probe_look_process(engine->probe, pid, look_at, &judging);
	if (engine->bindings)
		probe_look_process(engine->probe, pid, look_at, &binding);
	binding_forget(engine);
}

/* -- candidates and scans -- */

static void bind_now(struct engine *engine, pid_t pid, pid_t tid, const struct verdict *verdict)
{
	struct look look = { .engine = engine };

	binding_ask(engine, pid, tid, verdict, NULL);
	probe_look_thread(engine->probe, tid, look_at, &look);
	binding_forget(engine);
}

/* A loop whose wait was not known: here it is; the kernel side sees it at the wakeup. */
static void learn(struct bp_slot *slot, const struct verdict *verdict)
{
	if (!slot->park_id)
		__atomic_store_n(&slot->park_id, verdict->park_id, __ATOMIC_RELEASE);
	if (slot->wait_class || !verdict->wait_class)
		return;
	slot->wait_id = verdict->wait_id;
	__atomic_store_n(&slot->wait_class, verdict->wait_class, __ATOMIC_RELEASE);
}

void recognise_candidate(struct engine *engine, const struct bp_candidate *candidate)
{
	struct watched *watched = watched_find(engine->watched, candidate->header.tgid);
	struct bp_slot *slot = probe_slot(engine->probe, candidate->header.slot);
	struct sighting sighting = {
		.pid = candidate->header.tgid,
		.tid = candidate->header.tid,
		.pthread = candidate->pthread,
		.comm = candidate->comm,
		.candidate = candidate,
	};
	struct verdict verdict;

	if (!watched)
		return;
	watched_note_thread(watched, sighting.tid, sighting.pthread);
	judge(engine, watched, &sighting, &verdict);
	if (verdict.runtime && slot && engine->loops[candidate->header.slot] &&
	    slot->use == BP_SLOT_LOOP)
		learn(slot, &verdict);
	else if (verdict.runtime)
		bind_now(engine, sighting.pid, sighting.tid, &verdict);
	if (engine->look_again)
		recognise_look(engine);
}

static bool runs(const struct loop *loop, const struct runtime *runtime)
{
	return loop->id.runtime && !strcmp(loop->id.runtime, runtime->name);
}

bool recognise_shows_end(const struct loop *loop)
{
	return runs(loop, &runtime_asyncio) || runs(loop, &runtime_trio);
}

bool recognise_notes_start(const struct loop *loop)
{
	return runs(loop, &runtime_asyncio);
}

/* Not those of a process that has ended, or become another program, since they were taken. */
static bool frames_are_known(struct python *python, const struct bp_python_frame *frames, size_t nr)
{
	struct python_name name;

	for (size_t i = 0; i < nr; i++)
		if (python_frame_name(python, &frames[i], &name) < 0)
			return false;
	return true;
}

static bool is_pool_worker(const struct loop *loop)
{
	return runs(loop, &runtime_tokio);
}

/* A worker's park elsewhere: the tasks, and the futex, of another one are its own now. */
static bool pool_wait(struct engine *engine, struct watched *watched, struct loop *loop,
		      const struct bp_block *block, bool *left)
{
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	uint64_t pthread = watched_pthread(watched, loop->id.tid);

	if (!pthread || block->syscall < 0)
		return false;
	if (block->wait_class == BP_WAIT_FUTEX && pthread - block->sp == watched->pool.park_depth) {
		slot->park_id = block->wait_id;
		return true;
	}
	*left = tokio_waits_for_work(&watched->pool, pthread, block);
	return false;
}

bool recognise_may_park(struct engine *engine, const struct loop *loop)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);

	return watched && is_pool_worker(loop) && watched->pool.nameless &&
	       !watched->pool.park_depth;
}

bool recognise_in_place(struct engine *engine, const struct loop *loop,
			const struct bp_block *block)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	uint64_t pthread = watched ? watched_pthread(watched, loop->id.tid) : 0;

	if (!pthread || !is_pool_worker(loop))
		return false;
	if (block)
		return tokio_in_place(engine->symbols, watched->pid, block->sp);
	/* it runs: where, is not known; further out than this it is not */
	return watched->pool.park_depth &&
	       tokio_in_place(engine->symbols, watched->pid,
			      pthread - watched->pool.park_depth - RUNNING_STACK_BYTES);
}

/* What the frames say of the loop: whether there is one, and whether it waits. */
static bool loop_in_frames(struct python *python, const struct loop *loop,
			   const struct bp_stack *stack, struct python_loop *seen)
{
	if (!runs(loop, &runtime_trio))
		return python_frames_loop(python, stack->python, stack->python_nr, seen) >= 0;
	seen->run_onces = python_frames_hub(python, stack->python, stack->python_nr,
					    &seen->in_own_select) == PYTHON_HUB_TRIO;
	return true;
}

bool recognise_wait(struct engine *engine, struct loop *loop, const struct bp_capture *capture,
		    bool *left)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct python_loop seen = { .epoll_fd = -1 };

	*left = false;
	if (watched && is_pool_worker(loop) && !(capture->block.flags & BP_BLOCK_EARLIER))
		return pool_wait(engine, watched, loop, &capture->block, left);
	if (watched && slot && !recognise_shows_end(loop))
		return relearn(loop, watched, slot, capture);
	if (!watched || !watched->python || watched->unreadable ||
	    capture->block.flags & BP_BLOCK_EARLIER ||
	    capture->stack.flags & (BP_STACK_PYTHON_CUT | BP_STACK_PYTHON_FAULT | BP_STACK_SKIPPED))
		return false;
	if (!capture->stack.python_nr) {
		/*
		 * The interpreter starts, or shuts down; or it has more threads than the
		 * kernel side looks through.
		 */
		*left = python_thread_loop(watched->python, watched_pthread(watched, loop->id.tid),
					   &seen) < 0 ||
			!seen.run_onces;
		return false;
	}
	if (!loop_in_frames(watched->python, loop, &capture->stack, &seen))
		return false;
	*left = !seen.run_onces &&
		frames_are_known(watched->python, capture->stack.python, capture->stack.python_nr);
	if (!seen.in_own_select || !capture->block.wait_class)
		return false;
	/* asyncio.run() or trio.run() again: another loop object, another epoll instance */
	slot->loop_object = 0;
	relearn_as(slot, &capture->block);
	return true;
}

void recognise_return(struct engine *engine, struct loop *loop, uint64_t now_ns)
{
	struct watched *watched = watched_find(engine->watched, loop->id.pid);
	struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	struct sighting sighting = { .pid = loop->id.pid, .tid = loop->id.tid };
	uint64_t left_ns = slot->turn_start_ns;
	struct verdict verdict;

	if (!loop->void_seq || loop->void_seq != slot->turn_seq || !slot->in_turn || !watched ||
	    !recognise_notes_start(loop) || now_ns < loop->next_return_ns)
		return;
	loop->next_return_ns = now_ns + LOOK_EVERY_NS;
	sighting.pthread = watched_pthread(watched, sighting.tid);
	judge(engine, watched, &sighting, &verdict);
	if (!verdict.runtime || verdict.turn_start_ns <= left_ns)
		return;
	/* the kernel side takes up the turn that it is in, as that of a thread just bound */
	slot->in_turn = 0;
	bind_now(engine, sighting.pid, sighting.tid, &verdict);
}

struct scan {
	struct engine *engine;
	uint64_t now_ns;
	uint64_t next_ns; /* when the first of them is to be looked at again */
	unsigned int left;
};

/* A Python program that has shown no loop is looked at less and less often where there are many. */
static uint64_t scan_gap_ns(const struct engine *engine, struct watched *watched)
{
	unsigned int octave = watched->scans++ / SCANS_OFTEN;

	if (watched_count(engine->watched) <= SCANS_FEW)
		return LOOK_EVERY_NS;
	return LOOK_EVERY_NS << (octave < SCANS_OCTAVES ? octave : SCANS_OCTAVES);
}

/* Only what is known by its frames: other loops show when they wait. */
static bool shows_loop(struct python *python, uint64_t pthread)
{
	struct bp_python_frame frames[BP_PYTHON_FRAMES];
	struct python_loop loop = { .epoll_fd = -1 };
	bool in_wait;
	int nr = python_frames(python, pthread, frames, BP_PYTHON_FRAMES);

	if (nr <= 0)
		return false;
	return (!python_frames_loop(python, frames, (size_t)nr, &loop) && loop.run_onces) ||
	       python_frames_hub(python, frames, (size_t)nr, &in_wait) != PYTHON_HUB_NONE;
}

static void scan_process(struct scan *scan, struct watched *watched)
{
	struct engine *engine = scan->engine;
	struct sighting sighting = { .pid = watched->pid, .tid = watched->pid };
	struct verdict verdict;
	bool was_pending = watched->python_pending;

	scan->left--;
	if (!recognise_python(engine, watched)) {
		if (!watched->python_pending)
			watched->next_look_ns = UINT64_MAX; /* candidates are judged all the same */
		return;
	}
	watched->next_look_ns = scan->now_ns + scan_gap_ns(engine, watched);
	if (was_pending || !watched_pthread(watched, watched->pid)) {
		look_at_process(engine, watched->pid);
		return;
	}
	/* its main thread may run a loop that has never had to wait yet */
	sighting.pthread = watched_pthread(watched, watched->pid);
	if (!has_moved(watched) || !shows_loop(watched->python, sighting.pthread))
		return;
	judge(engine, watched, &sighting, &verdict);
	if (verdict.runtime)
		bind_now(engine, sighting.pid, sighting.tid, &verdict);
}

static void scan_if_due(void *context, struct watched *watched)
{
	struct scan *scan = context;

	if (watched->loops)
		return;
	if (watched->next_look_ns <= scan->now_ns && scan->left)
		scan_process(scan, watched);
	if (watched->next_look_ns < scan->next_ns)
		scan->next_ns = watched->next_look_ns;
}

void recognise_soon(struct engine *engine, const struct watched *watched)
{
	if (watched->next_look_ns < engine->next_scan_ns)
		engine->next_scan_ns = watched->next_look_ns;
}

void recognise_scan(struct engine *engine, uint64_t now_ns)
{
	struct scan scan = {
		.engine = engine,
		.now_ns = now_ns,
		.next_ns = UINT64_MAX,
		.left = SCANS_A_TICK,
	};

	if (now_ns < engine->next_scan_ns)
		return;
	/* processes that come meanwhile bring it forward */
	engine->next_scan_ns = UINT64_MAX;
	watched_each(engine->watched, scan_if_due, &scan);
	if (scan.next_ns < now_ns + SCAN_EVERY_NS)
		scan.next_ns = now_ns + SCAN_EVERY_NS;
	if (scan.next_ns < engine->next_scan_ns)
		engine->next_scan_ns = scan.next_ns;
}
