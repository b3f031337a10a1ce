// SPDX-License-Identifier: GPL-2.0
/*
 * serve.bpf.c - the iterator over all threads of the machine, watched or not, that
 * wait for one source. Nothing is kept of them.
 */
#include "syscall.h"

/* As in struct bp_block; 0: none is asked for. */
__weak volatile unsigned long long asked_source = 0;
/* The thread whose loop's it is, and where that waits. */
__weak volatile unsigned int asked_tid = 0;
__weak volatile unsigned int asked_wait_class = 0;
__weak volatile unsigned long long asked_wait_id = 0;

/* How many references there are to the open file by which task, the one asked about, knows the source; 0: not known. */
static __always_inline u32 references(struct task_struct *task, u64 source)
{
	u64 wait_id = asked_wait_id;
	const struct file___ref *newer;
	struct file *file;

	if (asked_wait_class != BP_WAIT_EPOLL || source_of(task, BP_WAIT_EPOLL, wait_id) != source)
		return 0;
	file = task_file(task, (int)wait_id);
	newer = (const void *)file;
	if (bpf_core_field_exists(newer->f_ref))
		return BPF_CORE_READ(newer, f_ref.refcnt.counter) + 1;
	return BPF_CORE_READ(file, f_count.counter);
}

/* A thread that runs is in the call that it made last, for all that its registers show. */
static __always_inline bool waits_for(struct task_struct *task, u64 source)
{
	const struct pt_regs *regs = task_regs(task);
	u64 wait_id = 0;
	u32 wait_class;

	if (task_is_compat(task))
		return false;
	wait_class = wait_class_of(regs_syscall(regs), regs, BP_PARKS_NONE, &wait_id);
	return source_of(task, wait_class, wait_id) == source;
}

SEC("iter/task")
int serve_task(struct bpf_iter__task *ctx)
{
	struct bp_server_snapshot snapshot = {};
	struct task_struct *task = ctx->task;
	u64 source = asked_source;

	if (!task || !source || task->flags & PF_KTHREAD || task->exit_state)
		return 0;
	snapshot.tid = task_tid(task);
	snapshot.tgid = task_tgid(task);
	snapshot.waits = waits_for(task, source);
	if (snapshot.tid == asked_tid)
		snapshot.references = references(task, source);
	else if (!snapshot.waits)
		return 0;
	bpf_seq_write(ctx->meta->seq, &snapshot, sizeof(snapshot));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
