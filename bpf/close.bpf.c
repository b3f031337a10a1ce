// SPDX-License-Identifier: GPL-2.0
/*
 * close.bpf.c - epoll instances that are closed for good, by whoever: what is made
 * anew each time is no source that anyone comes back to, whatever its number and address.
 */
#include "candidate.h"

/* Attached with the fexit programs, where those are in place all the time. */
SEC("fentry/ep_eventpoll_release")
int BPF_PROG(fentry_epoll_release, struct inode *inode, struct file *file)
{
	u64 source, now;

	if (!armed)
		return 0;
	source = (u64)file->private_data;
	now = bpf_ktime_get_ns();
	bpf_map_update_elem(&closed_sources, &source, &now, BPF_ANY);
	bpf_map_delete_elem(&known_sources, &source);
	__sync_fetch_and_add(&epoll_closes, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
