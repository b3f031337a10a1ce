// SPDX-License-Identifier: GPL-2.0
/*
 * wait.bpf.c - the return of a loop's wait. For a wait that slept the scheduler's
 * events are enough; one that did not sleep ends a turn and begins the next here,
 * and what it returns is how many events had been waiting. Also seen here: tries
 * of a file lock, or of waiting for a child, that failed, as a program that sleeps
 * before it tries again waits for just that.
 *
 * All this exists for three mechanisms, one of which is loaded: fexit on the
 * system calls, kretprobes on them, or the sys_exit tracepoint.
 */
#include "candidate.h"
#include "impact.h"
#include "turn.h"

#define EAGAIN 11
#define EACCES 13

#define WNOHANG	    1
#define F_SETLK	    6
#define F_OFD_SETLK 37

static __always_inline void nap_try(struct bp_slot *slot, int nr, const struct pt_regs *regs,
				    long ret)
{
	if (nr == NR_fcntl) {
		u32 cmd = regs_arg(regs, 1);

		if ((ret != -EAGAIN && ret != -EACCES) || (cmd != F_SETLK && cmd != F_OFD_SETLK))
			return;
	} else if (nr == NR_flock) {
		if (ret != -EAGAIN)
			return;
	} else {
		u32 options = nr == NR_wait4 ? regs_arg(regs, 2) : regs_arg(regs, 3);

		if (ret || !(options & WNOHANG))
			return;
		slot->nap_flags = BP_BLOCK_TRY_CHILD;
		slot->nap_pid = nr == NR_wait4 ? regs_arg(regs, 0) : regs_arg(regs, 1);
		return;
	}
	slot->nap_flags = BP_BLOCK_TRY_LOCK;
	slot->nap_fd = regs_arg(regs, 0);
}

/*
 * A thread without a slot returns from what may be a loop's wait, in which it need
 * not have slept: there are loops that never do.
 */
static __always_inline int wait_returned(struct thread *thread, struct task_struct *task,
					 u32 wait_class)
{
	u64 now;

	if (thread->own || !wait_class)
		return 0;
	now = bpf_ktime_get_ns();
	/* one that slept was noted as it went to sleep */
	if (since(now, thread->since_ns) < WAIT_RETURN_CPU_NS)
		return 0;
	return candidate_note_return(thread, task, now);
}

/* The current thread returns from system call nr; regs still hold its arguments. */
static __always_inline int call_returned(int nr, const struct pt_regs *regs, long ret)
{
	struct task_struct *task;
	struct thread *thread;
	struct bp_slot *slot;
	u64 wait_id = 0, now;
	u32 wait_class;

	switch (nr) {
	case NR_epoll_wait:
	case NR_epoll_pwait:
	case NR_epoll_pwait2:
	case NR_poll:
	case NR_ppoll:
	case NR_select:
	case NR_pselect6:
	case NR_io_uring_enter:
	case NR_io_getevents:
	case NR_io_pgetevents:
	case NR_wait4:
	case NR_waitid:
	case NR_fcntl:
	case NR_flock:
		break;
	default:
		return 0;
	}
	if (!armed)
		return 0;
	task = bpf_get_current_task_btf();
	thread = thread_of(task);
	if (!thread)
		return 0;
	slot = slot_of(thread);
	if (task_is_compat(task))
		return 0;
	wait_class = wait_class_of(nr, regs, BP_PARKS_NONE, &wait_id);
	if (!slot)
		return wait_returned(thread, task, wait_class);
	if (!slot->wait_class)
		return 0;
	if (!wait_class) {
		if (slot->in_turn)
			nap_try(slot, nr, regs, ret);
		return 0;
	}
	if (!wait_is_own(slot, wait_class, wait_id))
		return 0;
	now = bpf_ktime_get_ns();
	if (turn_next_busy(slot, now))
		return 0;
	arrive_unseen(slot, thread->slot, now);
	turn_cut_if_served(slot, thread->slot, now);
	if (slot->in_turn) {
		u64 ran;

		ran = slot->state == BP_RUNNING ? since(now, slot->since_ns) : 0;
		if (slot->wait_slept && slot->turn.cpu_ns + ran < WAIT_RETURN_CPU_NS) {
			slot->wait_slept = 0;
			return 0;
		}
		if (slot->state == BP_RUNNING)
			slot->turn.cpu_ns += ran;
		else
			slot->turn.unknown_ns += since(now, slot->since_ns);
	}
	slot->since_ns = now;
	state_set(&slot->state, BP_RUNNING);
	slot->wait_slept = 0;
	if (slot->in_turn && since(now, slot->turn_start_ns) >= threshold_ns && !slot->doubt)
		impact_send(slot, thread->slot, wait_class, wait_id, ret);
	turn_end(slot, thread->slot, now, now, ret > 0 ? ret : 0);
	source_renew(slot, task, wait_class, wait_id, false);
	if (slot->cell)
		cell_enter(slot->cell, thread->slot, now);
	turn_begin_if_last(slot, thread->slot, now);
	slot->turn_ran_ns = now;
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	return call_returned(regs_syscall(regs), regs, ret);
}

/*
 * A system call's function gets the user's registers as its one argument (4.17,
 * fa697140f9a2). One program a call: what is not there on a kernel is not loaded.
 */
#if defined(__TARGET_ARCH_x86)
#define SYSCALL_FN "__x64_sys_"
#else
#define SYSCALL_FN "__arm64_sys_"
#endif

#define FEXIT(call)                                                      \
	SEC("fexit/" SYSCALL_FN #call)                                   \
	int BPF_PROG(fexit_##call, const struct pt_regs *regs, long ret) \
	{                                                                \
		return call_returned(NR_##call, regs, ret);              \
	}

FEXIT(epoll_wait)
FEXIT(epoll_pwait)
FEXIT(epoll_pwait2)
FEXIT(poll)
FEXIT(ppoll)
FEXIT(select)
FEXIT(pselect6)
FEXIT(io_uring_enter)
FEXIT(io_getevents)
FEXIT(io_pgetevents)
FEXIT(wait4)
FEXIT(waitid)
FEXIT(fcntl)
FEXIT(flock)

/* A kretprobe has the return value only; the user's registers are the task's. */
#define KRETPROBE(call)                                                                      \
	SEC("kretprobe/" SYSCALL_FN #call)                                                   \
	int BPF_KRETPROBE(kretprobe_##call, long ret)                                        \
	{                                                                                    \
		return call_returned(NR_##call, task_regs(bpf_get_current_task_btf()), ret); \
	}

KRETPROBE(epoll_wait)
KRETPROBE(epoll_pwait)
KRETPROBE(epoll_pwait2)
KRETPROBE(poll)
KRETPROBE(ppoll)
KRETPROBE(select)
KRETPROBE(pselect6)
KRETPROBE(io_uring_enter)
KRETPROBE(io_getevents)
KRETPROBE(io_pgetevents)
KRETPROBE(wait4)
KRETPROBE(waitid)
KRETPROBE(fcntl)
KRETPROBE(flock)

char LICENSE[] SEC("license") = "GPL";
