// SPDX-License-Identifier: GPL-2.0
/*
 * features.bpf.c - programs that do nothing: which of them load and attach shows
 * what this kernel can do. See user/probe/features.c.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#if defined(__TARGET_ARCH_x86)
#define WAIT_CALL "__x64_sys_epoll_pwait"
#else
#define WAIT_CALL "__arm64_sys_epoll_pwait"
#endif

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, int);
} storage SEC(".maps");

/* Task storage in tracing programs: 5.13 (a10787e6d58c). */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(try_storage, struct task_struct *task)
{
	bpf_task_storage_get(&storage, task, NULL, 0);
	return 0;
}

/* Trampolines on kernel functions: not in every build, and not for every user. */
SEC("fexit/" WAIT_CALL)
int BPF_PROG(try_fexit)
{
	return 0;
}

SEC("kretprobe/" WAIT_CALL)
int BPF_KRETPROBE(try_kretprobe)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
