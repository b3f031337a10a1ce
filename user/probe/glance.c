// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/glance.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/libbpf.h>

#include "blockprof.skel.h"
#include "probe/features.h"
#include "probe/probe.h"
#include "probe/suspects.h"
#include "probe/syscall.h"

#define CLOCK_TRIES 5

struct glance {
	struct blockprof_bpf *skel;
	int64_t sched_clock_ns; /* add to the scheduler's clock to get CLOCK_MONOTONIC */
	bool sched_clock_known;
};

/* Of all programs and maps only what the look takes. */
static int load(struct glance *glance)
{
	struct blockprof_bpf *skel = glance->skel;
	unsigned char flags[BP_SYSCALLS];
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_program (program, skel->obj)
		bpf_program__set_autoload(program, program == skel->progs.on_suspect);
	bpf_object__for_each_map(map, skel->obj) if (!bpf_map__is_internal(map))
		bpf_map__set_autocreate(map, map == skel->maps.suspect_info ||
						     map == skel->maps.suspect_fds);
	syscall_fill_flags(flags);
	memcpy((void *)skel->rodata->syscall_flags, flags, sizeof(flags));
	return blockprof_bpf__load(skel);
}

static void note_own(void *context, const struct bp_suspect_info *info)
{
	if (info->tid == (unsigned int)syscall(SYS_gettid))
		*(uint64_t *)context = info->sched_arrival_ns;
}

static long preempted(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : usage.ru_nivcsw;
}

/* When we come back onto a CPU after a sleep, is known by both clocks. */
static void read_clock(struct glance *glance)
{
	for (int i = 0; i < CLOCK_TRIES && !glance->sched_clock_known; i++) {
		uint64_t arrival_ns = 0, now_ns;
		long before = preempted();

		poll(NULL, 0, 1);
		now_ns = probe_now_ns();
		if (glance_process(glance, getpid(), note_own, &arrival_ns) || !arrival_ns ||
		    preempted() != before)
			continue;
		glance->sched_clock_ns = (int64_t)(now_ns - arrival_ns);
		glance->sched_clock_known = true;
	}
}

int glance_open(struct glance **out, bool libbpf_log, const char **reason)
{
	struct glance *glance;
	int err = features_basic(reason);

	if (err)
		return err;
	probe_libbpf_log(libbpf_log);
	glance = calloc(1, sizeof(*glance));
	if (!glance)
		return -ENOMEM;
	glance->skel = blockprof_bpf__open();
	err = glance->skel ? load(glance) : -errno;
	if (err) {
		*reason = err == -EPERM ? "not permitted; run it as root"
					: "the kernel refused a BPF program; -vv shows its reason";
		glance_close(glance);
		return err;
	}
	read_clock(glance);
	*out = glance;
	return 0;
}

void glance_close(struct glance *glance)
{
	if (!glance)
		return;
	blockprof_bpf__destroy(glance->skel);
	free(glance);
}

int glance_process(struct glance *glance, pid_t pid, glance_fn *fn, void *context)
{
	return suspects_look(glance->skel, pid, fn, context);
}

void glance_fd(struct glance *glance, pid_t tid, int fd)
{
	suspects_fd(glance->skel, tid, fd);
}

uint64_t glance_since_ns(const struct glance *glance, const struct bp_suspect_info *info)
{
	uint64_t since_ns;

	if (!glance->sched_clock_known || !info->sched_arrival_ns)
		return 0;
	since_ns = info->sched_arrival_ns + (uint64_t)glance->sched_clock_ns;
	if (info->state == BP_BLOCKED)
		since_ns += info->sched_ran_ns;
	return since_ns < info->time_ns ? since_ns : info->time_ns;
}
