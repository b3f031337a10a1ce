/* SPDX-License-Identifier: GPL-2.0 */
/*
 * capture.h - what is captured of a block: what it waits for, the thread's stack,
 * and who holds the GIL it waits for, or ended the block, with a stack, too.
 */
#ifndef BLOCKPROF_CAPTURE_H
#define BLOCKPROF_CAPTURE_H

#include "object.h"
#include "python.h"
#include "stack_copy.h"
#include "syscall.h"

/* So many captures of one thread in so much time have a stack; the rest is skipped and counted. */
#define CAPTURES_A_WINDOW  200
#define CAPTURES_WINDOW_NS 20000000

#define DNS_PORT    53
#define PF_EXITING  0x00000004 /* include/linux/sched.h */
#define FOREFATHERS 4 /* of whoever ends a block that are looked at */

/* A child's end is passed on within this time, by a thread that has not run for longer than this. */
#define REAPED_NS     20000000
#define REAPER_RAN_NS 2000000

static __always_inline const struct bp_python *python_of(u32 tgid)
{
	struct bp_process_config *config = bpf_map_lookup_elem(&processes, &tgid);

	return config && config->python.version ? &config->python : NULL;
}

/* No frames: also what a capture holds whose stack was not taken. */
static __always_inline void stack_clear(struct bp_stack *stack)
{
	stack->flags = 0;
	stack->task = 0;
	stack->python_nr = 0;
	stack->kernel_nr = 0;
	stack->user_nr = 0;
}

/* Native frames of current; ctx is the program's. */
static __always_inline void stack_native(void *ctx, struct bp_stack *stack)
{
	long bytes;

	stack_clear(stack);
	bytes = bpf_get_stack(ctx, stack->kernel, sizeof(stack->kernel), 0);
	if (bytes > 0)
		stack->kernel_nr = bytes / 8;
	if (bytes == sizeof(stack->kernel))
		stack->flags |= BP_STACK_KERNEL_CUT;
	bytes = bpf_get_stack(ctx, stack->user, sizeof(stack->user), BPF_F_USER_STACK);
	if (bytes > 0)
		stack->user_nr = bytes / 8;
	if (bytes == sizeof(stack->user))
		stack->flags |= BP_STACK_USER_CUT;
}

/* Python frames of current. */
static __always_inline void stack_python(struct bp_stack *stack, const struct bp_python *py,
					 struct task_struct *task, struct thread *thread,
					 u64 loop_object)
{
	u64 tstate = python_tstate(py, task_pthread(task), thread ? thread->tstate : 0);

	if (thread)
		thread->tstate = tstate;
	if (tstate)
		python_walk(stack, py, tstate);
	if (stack->flags & BP_STACK_PYTHON_FAULT)
		lose(BP_LOSS_PYTHON_FAULT);
	if (python_has_tasks(py))
		stack->task = python_task(py, tstate, loop_object);
}

static __always_inline bool capture_allowed(struct bp_slot *slot, u64 now)
{
	if (now - slot->captures_window_ns > CAPTURES_WINDOW_NS) {
		slot->captures_window_ns = now;
		slot->captures = 0;
	}
	return slot->captures++ < CAPTURES_A_WINDOW;
}

/* Who has the GIL now, with its Python frames, which are in current's address space. */
__weak __noinline int capture_holder(struct bp_capture *capture, const struct bp_python *py)
{
	u64 tstate;

	if (!capture || !py)
		return 0;
	stack_clear(&capture->other_stack);
	/* last_holder stays after a release (Python/ceval_gil.h): only locked makes it the holder */
	if (user_u32(py->gil_addr + py->gil_locked) != 1)
		return 0;
	tstate = user_u64(py->gil_addr + py->gil_last_holder);
	if (!tstate)
		return 0;
	capture->other.kind = BP_OTHER_HOLDER;
	capture->other.flags = python_collecting(py) ? BP_OTHER_COLLECTS : 0;
	capture->other.tid = 0;
	capture->other.tgid = 0;
	capture->other.comm[0] = 0;
	capture->other.pthread = user_u64(tstate + py->tstate_thread_id);
	python_walk(&capture->other_stack, py, tstate);
	/* it may run, and have left a frame, and its memory, while that was read */
	if (capture->other_stack.flags & BP_STACK_PYTHON_FAULT)
		python_walk(&capture->other_stack, py, tstate);
	if (capture->other_stack.flags & BP_STACK_PYTHON_FAULT)
		lose(BP_LOSS_PYTHON_FAULT);
	return 0;
}

/* If a name is asked for: the question is on the stack of the thread that waits for the answer. */
static __always_inline void capture_question(struct bp_capture *capture)
{
	const struct bp_object *object = &capture->object;

	if (object->kind != BP_OBJECT_SOCKET || object->socket.peer_port != DNS_PORT)
		return;
	/* near the top of a small stack the copy is shorter: a fault would give nothing */
	if (!bpf_probe_read_user(capture->question, BP_QUESTION_BYTES, (void *)capture->block.sp))
		capture->question_bytes = BP_QUESTION_BYTES;
	else if (!bpf_probe_read_user(capture->question, BP_QUESTION_BYTES / 4,
				      (void *)capture->block.sp))
		capture->question_bytes = BP_QUESTION_BYTES / 4;
}

/* current, bound to slot, is about to block in capture->block. */
static __always_inline void capture_block(void *ctx, struct bp_capture *capture,
					  struct bp_slot *slot, struct thread *thread,
					  struct task_struct *task, u64 now)
{
	const struct bp_python *py = python_of(slot->tgid);

	capture->since_ns = now;
	capture->turn_seq = slot->turn_seq;
	capture->question_bytes = 0;
	capture->other.kind = BP_OTHER_NONE;
	object_read(&capture->object, task, &capture->block, true);
	if (object_second(&capture->second, task, &capture->block))
		capture->block.flags |= BP_BLOCK_TWO;
	if (!capture_allowed(slot, now)) {
		lose(BP_LOSS_STACK_SKIPPED);
		stack_clear(&capture->stack);
		capture->stack.flags = BP_STACK_SKIPPED;
		return;
	}
	stack_native(ctx, &capture->stack);
	stack_copy_block(slot, thread->slot, now);
	capture_question(capture);
	if (!py)
		return;
	stack_python(&capture->stack, py, task, thread, slot->loop_object);
	if (capture->stack.task)
		python_task_read(&capture->task, py, capture->stack.task);
	if (capture->block.syscall == NR_futex && bp_is_gil_futex(py, capture->block.args[0])) {
		capture->block.flags |= BP_BLOCK_GIL;
		/* its condition variable uses several futexes in turn: they are one lock */
		capture->block.args[0] = py->gil_addr;
		capture_holder(capture, py);
	}
}

/* What its descent and its own state say of a wait of process tgid that this task ends. */
static __always_inline u32 waker_flags(struct task_struct *waker, pid_t tgid)
{
	struct task_struct *task = waker;
	int nr = regs_syscall(task_regs(waker)), i;
	u32 flags = 0;

	if (waker->flags & PF_EXITING || nr == NR_execve || nr == NR_execveat)
		flags |= BP_OTHER_ENDS;
	if (waker->flags & PF_KTHREAD)
		flags |= BP_OTHER_KERNEL;
	for (i = 0; i < FOREFATHERS; i++) {
		task = BPF_CORE_READ(task, real_parent);
		if (!task)
			break;
		if (BPF_CORE_READ(task, tgid) == tgid)
			return flags | BP_OTHER_CHILD;
	}
	return flags;
}

/* A helper thread of the process may wait for its children, and tell the one that is blocked. */
static __always_inline u32 waker_reaps(struct bp_ended *out, struct task_struct *waker, u32 tgid,
				       u64 since_ns, u64 now)
{
	const struct bp_ended *ended = bpf_map_lookup_elem(&children_ended, &tgid);
	u64 ran_ns = waker->se.sum_exec_runtime - waker->se.prev_sum_exec_runtime;

	if (!ended || ended->ns < since_ns || now - ended->ns > REAPED_NS || ran_ns > REAPER_RAN_NS)
		return 0;
	*out = *ended;
	return BP_OTHER_REAPS;
}

static __always_inline u32 waker_turn(struct task_struct *waker, u64 since_ns, u64 now)
{
	const struct thread *thread = thread_of(waker);
	const struct bp_slot *slot = thread ? slot_of(thread) : NULL;

	return slot && slot->in_turn && slot->turn_start_ns < since_ns + (now - since_ns) / 2
		       ? BP_OTHER_IN_TURN
		       : 0;
}

/*
 * current ends a long block of the slot's thread, or an interrupt does that hit
 * current: user space sees that by the kernel's frames, as not every kernel lets
 * us read its count of interrupts.
 */
static __noinline int capture_waker(void *ctx, struct bp_capture *capture, u32 slot,
				    struct task_struct *woken, u64 now)
{
	struct task_struct *current = bpf_get_current_task_btf();
	const struct bp_python *py;

	u32 tid = task_tid(current);

	/* an interrupt of an idle CPU, or a thread outside of our pid namespace */
	if (!capture || capture->other.kind == BP_OTHER_HOLDER || !tid)
		return 0;
	capture->other.kind = BP_OTHER_WAKER;
	capture->other.tid = tid;
	capture->other.tgid = task_tgid(current);
	capture->other.flags =
		waker_flags(current, woken->tgid) | waker_turn(current, capture->since_ns, now);
	if (current->tgid == woken->tgid)
		capture->other.flags |= waker_reaps(&capture->other.child, current, woken->tgid,
						    capture->since_ns, now);
	capture->other.pthread = 0;
	bpf_get_current_comm(capture->other.comm, sizeof(capture->other.comm));
	stack_native(ctx, &capture->other_stack);
	/* a thread in user mode wakes no one: that is an interrupt */
	if (regs_syscall(task_regs(current)) >= 0) {
		const struct stack_copy_request request = { .slot = slot,
							    .tid = tid,
							    .tgid = capture->other.tgid,
							    .since_ns = capture->since_ns,
							    .bytes = stack_copy_bytes,
							    .flags = BP_STACK_COPY_OF_WAKER };

		stack_copy_now(&request, now);
	}
	py = python_of(capture->other.tgid);
	if (py)
		stack_python(&capture->other_stack, py, current, thread_of(current), 0);
	return 0;
}

/* How many bytes are used: what is rarely there comes last. */
static __always_inline u32 stack_used_bytes(const struct bp_stack *stack)
{
	if (stack->python_nr)
		return __builtin_offsetof(struct bp_stack, python) +
		       (stack->python_nr & 255) * sizeof(struct bp_python_frame);
	return __builtin_offsetof(struct bp_stack, user) +
	       (stack->user_nr & 127) * sizeof(stack->user[0]);
}

static __always_inline u32 capture_used_bytes(const struct bp_capture *capture)
{
	if (capture->question_bytes)
		return sizeof(*capture);
	if (capture->block.flags & BP_BLOCK_TWO)
		return __builtin_offsetof(struct bp_capture, second) + sizeof(capture->second);
	if (capture->other.kind != BP_OTHER_NONE)
		return __builtin_offsetof(struct bp_capture, other_stack.python) +
		       (capture->other_stack.python_nr & 255) * sizeof(struct bp_python_frame);
	return __builtin_offsetof(struct bp_capture, stack.python) +
	       (capture->stack.python_nr & 255) * sizeof(struct bp_python_frame);
}

#endif
