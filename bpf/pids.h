/* SPDX-License-Identifier: GPL-2.0 */
/*
 * pids.h - the numbers by which user space knows threads and processes: those of
 * the pid namespace that blockprof runs in. What is outside of it has number 0.
 */
#ifndef BLOCKPROF_PIDS_H
#define BLOCKPROF_PIDS_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define PID_LEVEL_MAX 32 /* kernel/pid_namespace.c: MAX_PID_NS_LEVEL */

/* Set before loading: blockprof does not run in the initial pid namespace. */
__weak const volatile bool pid_nested = false;
/* Which it is. The iterator finds out, which runs in blockprof's context, before anything else does. */
__weak unsigned long long pid_namespace_addr = 0;
__weak unsigned int pid_level = 0;

static __always_inline const struct upid *pid_upid(const struct pid *pid, u32 level)
{
	return (const void *)pid + bpf_core_field_offset(struct pid, numbers) +
	       (u64)level * bpf_core_type_size(struct upid);
}

static __always_inline void pids_find_own(struct task_struct *current)
{
	const struct pid *pid = BPF_CORE_READ(current, thread_pid);
	u32 level = BPF_CORE_READ(pid, level);

	if (level > PID_LEVEL_MAX)
		return;
	pid_level = level;
	pid_namespace_addr = (u64)BPF_CORE_READ(pid_upid(pid, level), ns);
}

static __always_inline u32 pid_number(const struct pid *pid)
{
	const struct upid *upid;
	u32 level = pid_level;

	if (!pid || !pid_namespace_addr || level > PID_LEVEL_MAX ||
	    BPF_CORE_READ(pid, level) < level)
		return 0;
	upid = pid_upid(pid, level);
	if ((u64)BPF_CORE_READ(upid, ns) != pid_namespace_addr)
		return 0;
	return BPF_CORE_READ(upid, nr);
}

static __always_inline u32 task_tid(struct task_struct *task)
{
	return pid_nested ? pid_number(BPF_CORE_READ(task, thread_pid)) : task->pid;
}

static __always_inline u32 task_tgid(struct task_struct *task)
{
	return pid_nested ? pid_number(BPF_CORE_READ(task, group_leader, thread_pid)) : task->tgid;
}

/* Its effective user, as /proc/PID/status shows it to root. */
static __always_inline u32 task_user(struct task_struct *task)
{
	return BPF_CORE_READ(task, real_cred, euid.val);
}

#endif
