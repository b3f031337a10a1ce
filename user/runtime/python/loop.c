// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * loop.c - which asyncio loop a thread runs. asyncio says it itself; frames show
 * where in the loop the thread is. They may lack the loop's (a greenlet's stack), or
 * have some of a loop that runs elsewhere (a process that was forked in its turn).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "proc/process.h"
#include "runtime/python/asyncio.h"
#include "runtime/python/dict.h"
#include "runtime/python/epoll.h"
#include "runtime/python/frames.h"
#include "runtime/python/interpreter.h"
#include "runtime/python/look.h"
#include "runtime/python/object.h"
#include "runtime/python/running_loop.h"
#include "runtime/python/threads.h"

static enum py_code_kind next_kind(struct py_codes *codes)
{
	const struct py_code *code;

	return py_codes_next(codes, &code) ? PY_CODE_OTHER : code->kind;
}

/*
 * What frames have shown so far, from the innermost outwards. What the loop waits
 * in is select() of selectors.py, or one of the user's that calls it.
 */
struct shown {
	unsigned int run_onces;
	bool only_selects; /* so far */
	bool in_select; /* between the last _run_once and the innermost frame is nothing but select() */
	bool in_run;
	bool in_call;
	bool guest;
	bool begun; /* a frame has shown with which the stack of a program begins */
	bool called;
	enum py_code_kind outermost;
};

/* called: by compiled code. */
static void show_frame(struct shown *shown, enum py_code_kind kind, bool called, bool innermost)
{
	if (innermost) {
		shown->only_selects = kind == PY_CODE_SELECT;
		shown->in_call = kind == PY_CODE_RUN_FOREVER;
	}
	shown->outermost = kind;
	shown->in_run |= kind == PY_CODE_RUN_FOREVER;
	shown->begun |= kind == PY_CODE_START;
	shown->called |= called && !shown->begun;
	shown->guest |= kind == PY_CODE_GUEST;
	if (kind == PY_CODE_RUN_ONCE) {
		shown->run_onces++;
		shown->in_select = shown->only_selects;
		shown->only_selects = false;
	} else if (kind != PY_CODE_SELECT) {
		shown->only_selects = false;
	}
}

static void loop_of(const struct shown *shown, struct python_loop *out)
{
	*out = (struct python_loop){ .run_onces = shown->run_onces, .epoll_fd = -1 };
	out->in_own_select = shown->run_onces == 1 && shown->in_select;
	out->in_run = shown->in_run;
	out->in_call = shown->in_call;
	out->called = shown->called;
	out->whole = shown->outermost == PY_CODE_START;
	out->guest = shown->guest;
}

int python_frames_loop(struct python *python, const struct bp_python_frame *frames, size_t nr,
		       struct python_loop *out)
{
	struct shown shown = { 0 };
	struct py_codes codes;

	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr);
	for (size_t i = 0; i < nr; i++)
		show_frame(&shown, next_kind(&codes), frames[i].code & BP_PYTHON_ENTRY, i == 0);
	loop_of(&shown, out);
	return 0;
}

/* Seconds of loop.time() that are past. 0: none. */
static uint64_t past_ns(struct python *python, uint64_t object)
{
	double seconds;

	if (python->other_clock || py_float(python, object, &seconds) || !isfinite(seconds) ||
	    seconds <= 0 || seconds > (double)(UINT64_MAX / NS_PER_SEC / 2))
		return 0;
	return seconds * NS_PER_SEC <= clock_now_ns() ? (uint64_t)(seconds * NS_PER_SEC) : 0;
}

/* end_time of _run_once: loop.time() when the selector had returned; not set before. */
static uint64_t turn_start(struct python *python, const struct py_frame *run_once)
{
	uint64_t object;

	return py_frame_local(python, run_once, "end_time", &object) ? 0 : past_ns(python, object);
}

/* _when of the first of loop._scheduled: behind the slots of Handle, with or without a list of weak references. */
static uint64_t first_timer(struct python *python, uint64_t loop)
{
	static const unsigned int places[] = { 88, 80 };
	uint64_t list, items, timer, nr, when, due_ns = 0;

	if (py_attribute(python, loop, "_scheduled", &list) ||
	    !py_is_instance(python, list, "list") ||
	    memory_read_ptr(&python->memory, list + PY_VAR_SIZE, &nr) || !nr ||
	    memory_read_ptr(&python->memory, list + PY_LIST_ITEMS, &items) ||
	    memory_read_ptr(&python->memory, items, &timer))
		return 0;
	for (size_t i = 0; i < 2 && !due_ns; i++)
		if (!memory_read_ptr(&python->memory, timer + places[i], &when) && when)
			due_ns = past_ns(python, when);
	return due_ns;
}

static uint64_t running_task(struct python *python, uint64_t tstate, uint64_t loop)
{
	uint64_t interp, dict, task, its_loop;

	/* the loop that runs may be another, which was started inside of it */
	if (py_asyncio_has_debug(python) && !py_asyncio_learn(python) && tstate &&
	    !memory_read_ptr(&python->memory, tstate + python->asyncio.tstate_task, &task) &&
	    task && !memory_read_ptr(&python->memory, task + PY_TASK_LOOP, &its_loop) &&
	    its_loop == loop)
		return task;

	if (py_main_interpreter(python, &interp) || py_current_tasks(python, interp, &dict) ||
	    py_dict_get_object(python, dict, loop, &task))
		return 0;
	return task;
}

/* -- what asyncio says -- */

/* Its _thread_id; loops that are no BaseEventLoop have none. */
static bool is_of_thread(struct python *python, uint64_t loop, uint64_t fsbase)
{
	uint64_t object, thread;

	if (py_attribute(python, loop, "_thread_id", &object))
		return true;
	return !py_long(python, object, &thread) && thread == fsbase;
}

bool python_task_is_on(struct python *python, uint64_t task, uint64_t fsbase)
{
	uint64_t loop;

	return !memory_read_ptr(&python->memory, task + PY_TASK_LOOP, &loop) && loop &&
	       is_of_thread(python, loop, fsbase);
}

struct word {
	bool known;
	uint64_t loop; /* 0: none */
};

static struct word ask(struct python *python, uint64_t tstate, uint64_t fsbase)
{
	struct word word = { 0 };

	word.known = !py_running_loop(python, tstate, &word.loop);
	if (word.known && word.loop && !is_of_thread(python, word.loop, fsbase))
		return (struct word){ 0 };
	return word;
}

/* -- what frames show -- */

struct walk {
	struct python *python;
	struct word word;
	struct shown shown;
	uint64_t waits; /* the loop whose select is innermost */
	uint64_t outer; /* the loop of the outermost _run_once so far */
	uint64_t inner_start_ns; /* of the innermost turn of that loop */
	unsigned int ghosts;
};

/* It has been on the stack since before this process was forked. */
static bool is_ghost(const struct walk *walk, const struct py_frame *frame, uint64_t loop)
{
	uint64_t start_ns, forked_ns;

	if (!process_is_forked(walk->python->memory.pid))
		return false;
	if (walk->word.known && walk->word.loop != loop)
		return true;
	start_ns = turn_start(walk->python, frame);
	forked_ns = process_started_ns(walk->python->memory.pid);
	return start_ns && start_ns < forked_ns;
}

static void show_run_once(struct walk *walk, const struct py_frame *frame, bool innermost)
{
	uint64_t loop = 0;

	py_frame_local(walk->python, frame, "self", &loop);
	if (is_ghost(walk, frame, loop)) {
		show_frame(&walk->shown, PY_CODE_OTHER, frame->is_entry, innermost);
		walk->ghosts++;
		return;
	}
	show_frame(&walk->shown, PY_CODE_RUN_ONCE, frame->is_entry, innermost);
	if (walk->shown.in_select)
		walk->waits = loop;
	if (walk->shown.run_onces == 1 || loop != walk->outer)
		walk->inner_start_ns = turn_start(walk->python, frame);
	walk->outer = loop;
}

static int walk_frames(struct walk *walk, uint64_t fsbase)
{
	struct py_frame *frames __freeing = calloc(PY_FRAMES_MAX, sizeof(*frames));
	struct py_codes codes;
	int nr;

	if (!frames)
		return -ENOMEM;
	nr = py_frames(walk->python, fsbase, frames, PY_FRAMES_MAX);
	py_codes_start(&codes, walk->python, &frames->code, sizeof(*frames),
		       nr > 0 ? (size_t)nr : 0);
	for (int i = 0; i < nr; i++) {
		enum py_code_kind kind = next_kind(&codes);

		if (kind == PY_CODE_RUN_ONCE)
			show_run_once(walk, &frames[i], i == 0);
		else
			show_frame(&walk->shown, kind, frames[i].is_entry, i == 0);
	}
	return nr < 0 ? nr : 0;
}

/* When the turn began in which this Task runs: its frames hang on the loop's, also where a greenlet runs inside of it. */
static uint64_t turn_start_of_task(struct python *python, uint64_t task, uint64_t loop)
{
	struct py_frame *frames __freeing = calloc(PY_FRAMES_MAX, sizeof(*frames));
	struct py_codes codes;
	uint64_t coro, self;
	int nr;

	if (!frames || py_task_coro(python, task, &coro) || !coro)
		return 0;
	nr = py_frames_of_coroutine(python, coro, frames, PY_FRAMES_MAX);
	py_codes_start(&codes, python, &frames->code, sizeof(*frames), nr > 0 ? (size_t)nr : 0);
	for (int i = 0; i < nr; i++)
		if (next_kind(&codes) == PY_CODE_RUN_ONCE &&
		    !py_frame_local(python, &frames[i], "self", &self) && self == loop)
			return turn_start(python, &frames[i]);
	return 0;
}

int python_thread_loop(struct python *python, uint64_t fsbase, struct python_loop *out)
{
	struct python_look look PYTHON_LOOKING = python_look_begin(python);
	struct walk walk = { .python = python };
	uint64_t tstate, frame;
	int err = py_threads_find(python, fsbase, &tstate, &frame);

	if (err)
		return err;
	walk.word = ask(python, tstate, fsbase);
	err = walk_frames(&walk, fsbase);
	if (err)
		return err;
	loop_of(&walk.shown, out);
	out->ghosts = walk.ghosts;
	out->said = walk.word.loop != 0;
	out->left = walk.word.known && !walk.word.loop;
	out->loop_object = out->run_onces ? walk.outer : walk.word.loop;
	if (!out->loop_object)
		return 0;
	out->in_own_select = walk.waits && walk.waits == walk.outer;
	out->turn_start_ns = walk.inner_start_ns;
	out->is_uvloop = !out->run_onces && py_is_uvloop(python, out->loop_object);
	out->epoll_fd = out->is_uvloop ? py_uvloop_epoll(python, out->loop_object)
				       : py_selector_epoll(python, out->loop_object);
	if (out->in_own_select)
		out->due_ns = first_timer(python, out->loop_object);
	/* frames of its own code would show on a stack that is all there is of this thread's */
	if (!out->run_onces && out->epoll_fd >= 0 && !out->is_uvloop)
		out->guest |= out->whole;
	out->task = running_task(python, tstate, out->loop_object);
	if (!out->run_onces && out->task)
		out->turn_start_ns = turn_start_of_task(python, out->task, out->loop_object);
	return 0;
}
