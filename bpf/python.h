/* SPDX-License-Identifier: GPL-2.0 */
/*
 * python.h - CPython frames of a thread, read in the process's own context.
 *
 * The thread itself stands still while it is read, so what is read is of one
 * piece. Names are resolved in user space, from the addresses of code objects.
 *
 * The larger functions are global: the verifier checks those once, not once a call.
 */
#ifndef BLOCKPROF_PYTHON_BPF_H
#define BLOCKPROF_PYTHON_BPF_H

#include "state.h"

#define PYTHON_THREADS 256 /* thread states looked through */
#define PYTHON_SHIMS   16 /* frames made by C code, passed over */
#define DICT_ENTRIES   16 /* of _current_tasks: one a running loop, and holes */
#define DICT_LOG2_MAX  20

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

/* The thread state of the thread whose pthread_self() this is; hint: where it was last time. */
__weak __noinline u64 python_tstate(const struct bp_python *py, u64 pthread, u64 hint)
{
	u64 interp, tstate;
	int i;

	if (!py)
		return 0;
	if (hint && user_u64(hint + py->tstate_thread_id) == pthread)
		return hint;
	interp = user_u64(py->interp_head_addr);
	if (!interp)
		return 0;
	tstate = user_u64(interp + py->interp_threads_head);
	for (i = 0; i < PYTHON_THREADS; i++) {
		if (!tstate || user_u64(tstate + py->tstate_thread_id) == pthread)
			break;
		tstate = user_u64(tstate + py->tstate_next);
	}
	return i < PYTHON_THREADS ? tstate : 0;
}

__weak __noinline int python_walk(struct bp_stack *stack, const struct bp_python *py, u64 tstate)
{
	u64 frame;
	int i;

	if (!stack || !py)
		return 0;
	stack->python_nr = 0;
	frame = user_u64(tstate + py->tstate_frame);
	if (py->tstate_has_cframe && frame)
		frame = user_u64(frame + py->cframe_frame);
	for (i = 0; i < BP_PYTHON_FRAMES + PYTHON_SHIMS; i++) {
		/* kept in the map: as a variable it would be one more thing for the verifier to count */
		u32 nr = stack->python_nr;
		u64 code = 0, instr;

		if (!frame)
			return 0;
		if (nr >= BP_PYTHON_FRAMES)
			break;
		if (py->owner_cstack && user_u8(frame + py->frame_owner) == py->owner_cstack) {
			/* the frame that the C code made: the one inside it is the outermost of its run */
			if (nr > 0)
				stack->python[nr - 1].code |= BP_PYTHON_ENTRY;
			frame = user_u64(frame + py->frame_back);
			continue;
		}
		if (bpf_probe_read_user(&code, sizeof(code), (void *)(frame + py->frame_code))) {
			stack->flags |= BP_STACK_PYTHON_FAULT;
			lose(BP_LOSS_PYTHON_FAULT);
			return 0;
		}
		instr = user_u64(frame + py->frame_instr);
		if (py->instr_is_lasti) {
			instr = (u32)instr;
			code |= BP_PYTHON_ENTRY; /* <= 3.10: a run of the C loop for each frame */
		}
		if (py->frame_is_entry && user_u8(frame + py->frame_is_entry))
			code |= BP_PYTHON_ENTRY;
		stack->python[nr].code = code;
		stack->python[nr].instr = instr;
		stack->python_nr = nr + 1;
		frame = user_u64(frame + py->frame_back);
	}
	stack->flags |= BP_STACK_PYTHON_CUT;
	return 0;
}

/* The Task that runs on a loop: the value of {loop: Task}, or the only value where the loop is not known. */
__weak __noinline u64 python_task(const struct bp_python *py, u64 loop_object)
{
	u64 keys, entries, nr, only = 0;
	u32 entry_bytes = 24, values = 0, i;

	if (!py || !py->current_tasks)
		return 0;
	keys = user_u64(py->current_tasks + py->dict_keys);
	if (!keys)
		return 0;
	nr = user_u64(keys + py->keys_nentries);
	entries = keys + py->keys_indices;
	if (py->keys_log2_index_bytes) {
		u32 log2 = user_u8(keys + py->keys_log2_index_bytes);

		if (log2 > DICT_LOG2_MAX)
			return 0;
		entries += 1ull << log2;
		if (py->keys_kind && user_u8(keys + py->keys_kind))
			entry_bytes = 16;
	} else {
		u64 size = user_u64(keys + py->keys_size);

		/* Objects/dictobject.c, DK_IXSIZE */
		entries += size <= 0xff ? size : size <= 0xffff ? size * 2 : size * 4;
	}
	for (i = 0; i < DICT_ENTRIES; i++) {
		u64 entry = entries + (u64)i * entry_bytes + (entry_bytes - 16);
		u64 key, value;

		if (i >= nr)
			break;
		value = user_u64(entry + 8);
		if (!value)
			continue;
		key = user_u64(entry);
		if (loop_object && key == loop_object)
			return value;
		only = value;
		values++;
	}
	return !loop_object && values == 1 ? only : 0;
}

#endif
