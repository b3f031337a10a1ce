/* SPDX-License-Identifier: GPL-2.0 */
/*
 * python.h - CPython frames of a thread, read in the process's own context.
 *
 * The thread stands still while it is read, so that its frames fit together. Names
 * are resolved in user space, from the addresses of code objects.
 *
 * The larger functions are global: the verifier checks those once, not once a call.
 */
#ifndef BLOCKPROF_PYTHON_BPF_H
#define BLOCKPROF_PYTHON_BPF_H

#include "repeat.h"
#include "state.h"

#define PYTHON_THREADS	 256 /* thread states that are searched */
#define PYTHON_SHIMS	 16 /* frames made by C code, passed over */
#define DICT_ENTRIES	 16 /* of _current_tasks: one a running loop, and holes */
#define DICT_LOG2_MAX	 20
#define TASK_LOOP	 16 /* FutureObj_HEAD of Modules/_asynciomodule.c */
#define PYTHON_REF_MARKS 3ull /* in references that frames of 3.14 on hold (pycore_stackref.h) */

static __always_inline u64 user_u64(u64 addr)
{
	u64 value = 0;

	bpf_probe_read_user(&value, sizeof(value), (void *)addr);
	return value;
}

static __always_inline u32 user_u32(u64 addr)
{
	u32 value = 0;

	bpf_probe_read_user(&value, sizeof(value), (void *)addr);
	return value;
}

static __always_inline u8 user_u8(u64 addr)
{
	u8 value = 0;

	bpf_probe_read_user(&value, sizeof(value), (void *)addr);
	return value;
}

/* Does the collector run, in whichever thread? */
static __always_inline bool python_collecting(const struct bp_python *py)
{
	return py->collecting_addr && user_u32(py->collecting_addr);
}

/* Does it run in the thread with this state, which has the GIL then? */
static __always_inline bool python_collects(const struct bp_python *py, u64 tstate)
{
	if (!python_collecting(py))
		return false;
	return !py->gil_addr || (user_u32(py->gil_addr + py->gil_locked) == 1 &&
				 user_u64(py->gil_addr + py->gil_last_holder) == tstate);
}

struct tstate_search {
	const struct bp_python *py;
	u64 pthread;
	u64 tstate;
};

static long tstate_step(u32 i, struct tstate_search *search)
{
	if (!search->tstate ||
	    user_u64(search->tstate + search->py->tstate_thread_id) == search->pthread)
		return 1;
	search->tstate =
		i == PYTHON_THREADS - 1 ? 0 : user_u64(search->tstate + search->py->tstate_next);
	return 0;
}

/* The thread state of the thread whose pthread_self() this is; hint: where it was last time. */
__weak __noinline u64 python_tstate(const struct bp_python *py, u64 pthread, u64 hint)
{
	struct tstate_search search = { .py = py, .pthread = pthread };
	u64 interp;

	if (!py)
		return 0;
	if (hint && user_u64(hint + py->tstate_thread_id) == pthread)
		return hint;
	interp = user_u64(py->interp_head_addr);
	if (!interp)
		return 0;
	search.tstate = user_u64(interp + py->interp_threads_head);
	REPEAT(PYTHON_THREADS, tstate_step, &search);
	return search.tstate;
}

/*
 * Of a frame up to the last field that is of interest: f_lasti of 3.9 is at 104.
 * From 3.11 on the frames of calls from Python to Python follow each other in
 * memory, the caller's below: a read of 1 KiB, which takes hardly longer than one
 * of a word (some 60 ns), has several of them.
 */
#define FRAME_BYTES  128
#define WINDOW_BYTES 1024

struct frame_window {
	u64 from;
	u64 bytes; /* that are there from it on */
	unsigned char data[WINDOW_BYTES + FRAME_BYTES];
};

/* What walks frames is never interrupted by anything else that does. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct frame_window);
} frame_windows SEC(".maps");

struct frame_walk {
	struct bp_stack *stack;
	const struct bp_python *py;
	struct frame_window *window;
	u64 frame;
	u64 bytes; /* of each */
	u64 cframe;
};

static __always_inline u64 frame_bytes(const struct bp_python *py)
{
	u64 bytes = (u64)py->frame_back + 8;

	if (bytes < (u64)py->frame_code + 8)
		bytes = (u64)py->frame_code + 8;
	if (bytes < (u64)py->frame_instr + 8)
		bytes = (u64)py->frame_instr + 8;
	if (bytes <= py->frame_owner)
		bytes = (u64)py->frame_owner + 1;
	if (bytes <= py->frame_is_entry)
		bytes = (u64)py->frame_is_entry + 1;
	return bytes < FRAME_BYTES ? bytes : FRAME_BYTES;
}

/* The window has the frame. Returns where; anything above WINDOW_BYTES: it is not in memory. */
static __always_inline u64 frame_seek(struct frame_walk *walk)
{
	struct frame_window *window = walk->window;
	u64 at = walk->frame - window->from, bytes = walk->bytes;

	if (at < WINDOW_BYTES && at + bytes <= window->bytes)
		return at;
	if (!walk->py->instr_is_lasti) {
		window->from = walk->frame + bytes - WINDOW_BYTES;
		window->bytes = WINDOW_BYTES;
		if (!bpf_probe_read_user(window->data, WINDOW_BYTES, (void *)window->from))
			return WINDOW_BYTES - bytes;
	}
	barrier_var(bytes);
	window->from = walk->frame;
	window->bytes = bytes;
	if (bytes > FRAME_BYTES || bpf_probe_read_user(window->data, bytes, (void *)walk->frame)) {
		window->bytes = 0;
		return WINDOW_BYTES + 1;
	}
	return 0;
}

/* Offsets come from user space, which knows the layout: a wrong one gives a wrong frame. */
static __always_inline u64 frame_u64(const struct frame_walk *walk, u64 at, u32 offset)
{
	at = (at & (WINDOW_BYTES - 1)) + (offset & (FRAME_BYTES - 8));
	barrier_var(at);
	return at <= sizeof(walk->window->data) - 8 ? *(const u64 *)&walk->window->data[at] : 0;
}

static __always_inline u8 frame_u8(const struct frame_walk *walk, u64 at, u32 offset)
{
	at = (at & (WINDOW_BYTES - 1)) + (offset & (FRAME_BYTES - 1));
	barrier_var(at);
	return at < sizeof(walk->window->data) ? walk->window->data[at] : 0;
}

static long frame_step(u32 i, struct frame_walk *walk)
{
	const struct bp_python *py = walk->py;
	struct bp_stack *stack = walk->stack;
	u64 nr = stack->python_nr, last = nr - 1, frame = walk->frame, at, code, instr, loop = 0;

	if (!frame)
		return 1;
	at = frame_seek(walk);
	if (at > WINDOW_BYTES) {
		stack->flags |= BP_STACK_PYTHON_FAULT;
		return 1;
	}
	walk->frame = frame_u64(walk, at, py->frame_back);
	if (py->owner_cstack && frame_u8(walk, at, py->frame_owner) >= py->owner_cstack) {
		/* the frame that the C code made: the one inside it is the outermost of its run */
		barrier_var(last); /* checked as it is used */
		if (last < BP_PYTHON_FRAMES && !(stack->python[last].code & BP_PYTHON_ENTRY)) {
			stack->python[last].code |= BP_PYTHON_ENTRY;
			stack->python[last].loop = frame;
		}
		return 0;
	}
	if (nr >= BP_PYTHON_FRAMES) {
		stack->flags |= BP_STACK_PYTHON_CUT;
		return 1;
	}
	code = frame_u64(walk, at, py->frame_code) & ~PYTHON_REF_MARKS;
	instr = frame_u64(walk, at, py->frame_instr);
	if (py->instr_is_lasti) {
		instr = (u32)instr;
		code |= BP_PYTHON_ENTRY; /* <= 3.10: a run of the C loop for each frame */
	}
	if (py->frame_is_entry && frame_u8(walk, at, py->frame_is_entry))
		code |= BP_PYTHON_ENTRY;
	if (code & BP_PYTHON_ENTRY && walk->cframe) {
		loop = walk->cframe;
		walk->cframe = user_u64(walk->cframe + py->cframe_previous);
	}
	barrier_var(nr);
	if (nr >= BP_PYTHON_FRAMES)
		return 1;
	stack->python[nr].code = code;
	stack->python[nr].instr = instr;
	stack->python[nr].loop = loop;
	stack->python_nr = nr + 1;
	return 0;
}

__weak __noinline int python_walk(struct bp_stack *stack, const struct bp_python *py, u64 tstate)
{
	struct frame_walk walk = { .stack = stack, .py = py };
	u32 zero = 0;

	if (!stack || !py)
		return 0;
	walk.window = bpf_map_lookup_elem(&frame_windows, &zero);
	if (!walk.window)
		return 0;
	walk.window->bytes = 0;
	stack->python_nr = 0;
	stack->flags &= ~(BP_STACK_PYTHON_CUT | BP_STACK_PYTHON_FAULT);
	walk.bytes = frame_bytes(py);
	walk.frame = user_u64(tstate + py->tstate_frame);
	if (py->tstate_has_cframe && walk.frame)
		walk.frame = user_u64(walk.frame + py->cframe_frame);
	if (py->tstate_cframe)
		walk.cframe = user_u64(tstate + py->tstate_cframe);
	REPEAT(BP_PYTHON_FRAMES + PYTHON_SHIMS, frame_step, &walk);
	return 0;
}

struct task_search {
	u64 entry; /* of the dict: key and value */
	u64 entry_bytes;
	u64 left;
	u64 loop_object; /* 0: whichever is there */
	u64 task;
	u64 found;
};

static long task_step(u32 i, struct task_search *search)
{
	u64 value;

	if (!search->left)
		return 1;
	search->left--;
	value = user_u64(search->entry + 8);
	if (value && (!search->loop_object || user_u64(search->entry) == search->loop_object)) {
		search->task = value;
		search->found++;
	}
	search->entry += search->entry_bytes;
	return 0;
}

/* Of {loop: Task}, the value, or the only value where the loop is not known. */
__weak __noinline u64 python_task_of_dict(const struct bp_python *py, u64 loop_object)
{
	struct task_search search = { .entry_bytes = 24, .loop_object = loop_object };
	u64 keys;

	if (!py || !py->current_tasks)
		return 0;
	keys = user_u64(py->current_tasks + py->dict_keys);
	if (!keys)
		return 0;
	search.left = user_u64(keys + py->keys_nentries);
	search.entry = keys + py->keys_indices;
	if (py->keys_log2_index_bytes) {
		u32 log2 = user_u8(keys + py->keys_log2_index_bytes);

		if (log2 > DICT_LOG2_MAX)
			return 0;
		search.entry += 1ull << log2;
		if (py->keys_kind && user_u8(keys + py->keys_kind))
			search.entry_bytes = 16; /* no hash before the key */
	} else {
		u64 size = user_u64(keys + py->keys_size);

		/* Objects/dictobject.c, DK_IXSIZE */
		search.entry += size <= 0xff ? size : size <= 0xffff ? size * 2 : size * 4;
	}
	search.entry += search.entry_bytes - 16;
	REPEAT(DICT_ENTRIES, task_step, &search);
	return search.found == 1 ? search.task : 0;
}

static __always_inline bool python_has_tasks(const struct bp_python *py)
{
	return py->current_tasks || py->tstate_running_task;
}

/* The Task that runs on a loop, 0: none. The loop may not be known. */
static __always_inline u64 python_task(const struct bp_python *py, u64 tstate, u64 loop_object)
{
	u64 task = 0;

	if (tstate && py->tstate_running_task)
		task = user_u64(tstate + py->tstate_running_task);
	if (task && (!loop_object || user_u64(task + TASK_LOOP) == loop_object))
		return task;
	return python_task_of_dict(py, loop_object);
}

static __always_inline void snippet_read(struct bp_snippet *snippet, u64 addr)
{
	snippet->addr = 0;
	if (!addr)
		return;
	/* an object at the very end of its mapping is shorter than what is asked for */
	if (bpf_probe_read_user(snippet->bytes, sizeof(snippet->bytes), (void *)addr) &&
	    bpf_probe_read_user(snippet->bytes, sizeof(snippet->bytes) / 2, (void *)addr))
		return;
	snippet->addr = addr;
}

__weak __noinline int python_task_read(struct bp_task *out, const struct bp_python *py, u64 task)
{
	u64 coro;

	if (!out || !py)
		return 0;
	coro = task ? user_u64(task + py->task_coro) : 0;
	snippet_read(&out->task, task);
	snippet_read(&out->name, task ? user_u64(task + py->task_name) : 0);
	snippet_read(&out->coro, coro);
	snippet_read(&out->coro_name, coro ? user_u64(coro + py->coro_qualname) : 0);
	return 0;
}

#endif
