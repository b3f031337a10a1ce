// SPDX-License-Identifier: GPL-2.0-or-later
/* tasks.c - which kernels can go through a part of all tasks, and what is done where they cannot. */
#include "probe/tasks.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>

#include "base/cleanup.h"
#include "bpf/abi.h"

#define BUFFER_BYTES 16384

/*
 * The part of union bpf_iter_link_info that Linux 6.1 has for tasks (f0d74c4da1f0);
 * the headers of the machine that builds may be older.
 */
struct task_link_info {
	uint32_t tid;
	uint32_t pid; /* all threads of a process */
	uint32_t pid_fd;
	uint32_t pad;
};

static int kernel_attach(int program, pid_t pid, pid_t tid)
{
	struct task_link_info info = { .tid = tid, .pid = tid ? 0 : pid };
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = (union bpf_iter_link_info *)&info,
		    .iter_info_len = sizeof(info));

	return bpf_link_create(program, 0, BPF_TRACE_ITER, pid || tid ? &opts : NULL);
}

const struct tasks_kernel tasks_kernel = { .attach = kernel_attach, .open = bpf_iter_create };

/* What every snapshot begins with. */
struct snapshot_head {
	unsigned int tid;
	unsigned int tgid;
};

#define HAS_HEAD(type)                                                                         \
	_Static_assert(offsetof(type, tid) == offsetof(struct snapshot_head, tid) &&           \
			       offsetof(type, tgid) == offsetof(struct snapshot_head, tgid) && \
			       sizeof(type) <= BUFFER_BYTES,                                   \
		       "as it is read here")
HAS_HEAD(struct bp_watched_snapshot);
HAS_HEAD(struct bp_observed_snapshot);
HAS_HEAD(struct bp_server_snapshot);
HAS_HEAD(struct bp_sync_snapshot);
HAS_HEAD(struct bp_host_name_snapshot);

static bool is_wanted(const struct tasks_query *query, const void *snapshot)
{
	struct snapshot_head head;

	memcpy(&head, snapshot, sizeof(head));
	return (!query->pid || head.tgid == (unsigned int)query->pid) &&
	       (!query->tid || head.tid == (unsigned int)query->tid);
}

static int read_all(const struct tasks_query *query, int fd, tasks_fn *fn, void *context)
{
	_Alignas(8) char buffer[BUFFER_BYTES];
	const size_t bytes = query->snapshot_bytes;
	size_t held = 0, done;
	ssize_t got;

	/* -EAGAIN: so many threads in a row of which nothing is written (kernel/bpf/bpf_iter.c) */
	while ((got = read(fd, buffer + held, sizeof(buffer) - held)) != 0) {
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return -errno;
		held += got;
		for (done = 0; held - done >= bytes; done += bytes)
			if (is_wanted(query, buffer + done))
				fn(context, buffer + done);
		held -= done;
		memmove(buffer, buffer + done, held);
	}
	return 0;
}

/*
 * Linux 5.13 to 6.0 goes through all tasks. It takes no notice of a tid, which
 * stands where it has a map's descriptor, and refuses a pid, behind all that it
 * knows, with E2BIG (bpf_iter_link_attach()).
 */
static int attach(const struct tasks_kernel *kernel, const struct tasks_query *query)
{
	int link = kernel->attach(query->program, query->pid, query->tid);

	return link == -E2BIG ? kernel->attach(query->program, 0, 0) : link;
}

int tasks_iterate(const struct tasks_kernel *kernel, const struct tasks_query *query, tasks_fn *fn,
		  void *context)
{
	int link __closing = attach(kernel, query);
	int fd __closing = link < 0 ? link : kernel->open(link);

	return fd < 0 ? fd : read_all(query, fd, fn, context);
}
