// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/look.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "blockprof.skel.h"

static int look(int link, probe_watched_fn *fn, void *context)
{
	struct bp_watched_snapshot info[64];
	size_t held = 0;
	ssize_t got;
	int fd, err = 0;

	fd = bpf_iter_create(link);
	if (fd < 0)
		return -errno;
	/* the kernel gives whole buffers of whole entries: an entry is never split by a read this large */

	while ((got = read(fd, (char *)info + held, sizeof(info) - held)) != 0) {
		size_t nr;

		if (got < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			err = -errno;
			break;
		}
		held += got;
		nr = held / sizeof(info[0]);
		for (size_t i = 0; fn && i < nr; i++)
			fn(context, &info[i]);
		held -= nr * sizeof(info[0]);
		memmove(info, &info[nr], held);
	}
	close(fd);
	return err;
}

int look_all(struct blockprof_bpf *skel, probe_watched_fn *fn, void *context)
{
	return look(bpf_link__fd(skel->links.watch_task), fn, context);
}

/* union bpf_iter_link_info of Linux 6.1 (f0d74c4da1f0); an older kernel takes no notice of it. */
struct iterate_task {
	uint32_t tid;
	uint32_t pid; /* all threads of a process */
	uint32_t pid_fd;
	uint32_t pad;
};

static int look_narrow(struct blockprof_bpf *skel, const struct iterate_task *task,
		       probe_watched_fn *fn, void *context)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .iter_info = (union bpf_iter_link_info *)task,
		    .iter_info_len = sizeof(*task));
	int err, link = bpf_link_create(bpf_program__fd(skel->progs.watch_task), 0, BPF_TRACE_ITER,
					&opts);

	if (link < 0)
		return link == -ESRCH ? 0 : link;
	err = look(link, fn, context);
	close(link);
	return err;
}

int look_process(struct blockprof_bpf *skel, pid_t pid, probe_watched_fn *fn, void *context)
{
	return look_narrow(skel, &(struct iterate_task){ .pid = pid }, fn, context);
}

int look_thread(struct blockprof_bpf *skel, pid_t tid, probe_watched_fn *fn, void *context)
{
	return look_narrow(skel, &(struct iterate_task){ .tid = tid }, fn, context);
}
