// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/observed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "blockprof.skel.h"

/*
 * Since 6.1 (f0d74c4da1f0) an iterator can be told whose threads to go through;
 * the build machine's headers may be older. A kernel that does not know it goes
 * through all of them, or refuses.
 */
struct task_iterator {
	uint32_t tid;
	uint32_t pid;
	uint32_t pid_fd;
	uint32_t pad;
};

static struct bpf_link *attach(struct blockprof_bpf *skel, struct task_iterator only)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, opts, .link_info = (union bpf_iter_link_info *)&only,
		    .link_info_len = sizeof(only));
	struct bpf_link *link = bpf_program__attach_iter(skel->progs.observe_task, &opts);

	if (link || errno == ESRCH)
		return link;
	return bpf_program__attach_iter(skel->progs.observe_task, NULL);
}

static int read_all(int fd, observed_fn *fn, void *context)
{
	struct bp_observed_snapshot info[8];
	size_t held = 0, nr;
	ssize_t got;

	while ((got = read(fd, (char *)info + held, sizeof(info) - held)) != 0) {
		if (got < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			return -errno;
		}
		held += got;
		nr = held / sizeof(info[0]);
		for (size_t i = 0; i < nr; i++)
			fn(context, &info[i]);
		held -= nr * sizeof(info[0]);
		memmove(info, &info[nr], held);
	}
	return 0;
}

static int look(struct blockprof_bpf *skel, pid_t pid, struct task_iterator only, observed_fn *fn,
		void *context)
{
	struct bpf_link *link;
	int fd, err;

	skel->bss->observed_tgid = pid;
	link = attach(skel, only);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? -errno : read_all(fd, fn, context);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}

int observed_iterate(struct blockprof_bpf *skel, pid_t pid, observed_fn *fn, void *context)
{
	return look(skel, pid, (struct task_iterator){ .pid = pid }, fn, context);
}

int observed_iterate_thread(struct blockprof_bpf *skel, pid_t pid, pid_t tid, observed_fn *fn,
			    void *context)
{
	return look(skel, pid, (struct task_iterator){ .tid = tid }, fn, context);
}

int observed_add(struct blockprof_bpf *skel, pid_t pid, const struct bp_python *python)
{
	static const struct bp_python none;
	uint32_t key = pid;

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.observed), &key, python ? python : &none,
				BPF_ANY))
		return -errno;
	skel->bss->observing = 1;
	return 0;
}

void observed_clear(struct blockprof_bpf *skel)
{
	int map = bpf_map__fd(skel->maps.observed);
	uint32_t key;

	skel->bss->observing = 0;
	while (!bpf_map_get_next_key(map, NULL, &key))
		if (bpf_map_delete_elem(map, &key))
			break;
}

void observed_fd(struct blockprof_bpf *skel, pid_t tid, int fd)
{
	int map = bpf_map__fd(skel->maps.observed_fds);
	uint32_t key = tid;

	if (fd < 0)
		bpf_map_delete_elem(map, &key);
	else
		bpf_map_update_elem(map, &key, &fd, BPF_ANY);
}
