// SPDX-License-Identifier: GPL-2.0-or-later
/* observer.c - which programs and maps a dump loads, and how the scheduler's clock is read. */
#include "probe/observer.h"

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
#include "probe/observed.h"
#include "probe/probe.h"
#include "probe/sched_clock.h"
#include "probe/syscall.h"

#define CLOCK_TRIES 5

struct observer {
	struct blockprof_bpf *skel;
	struct sched_clock sched_clock;
};

/* Of all programs and maps only those that observing takes. */
static int load(struct observer *observer)
{
	struct blockprof_bpf *skel = observer->skel;
	unsigned short flags[BP_SYSCALLS];
	struct bpf_program *program;
	struct bpf_map *map;
	int err;

	bpf_object__for_each_program (program, skel->obj)
		bpf_program__set_autoload(program, program == skel->progs.observe_task);
	bpf_object__for_each_map(map, skel->obj) if (!bpf_map__is_internal(map))
		bpf_map__set_autocreate(map, map == skel->maps.observed_snapshot ||
						     map == skel->maps.observed_fds);
	syscall_fill_flags(flags);
	memcpy((void *)skel->rodata->syscall_flags, flags, sizeof(flags));
	err = blockprof_bpf__load(skel);
	/* libbpf goes on without what it takes for beyond this kernel */
	return err || skel->bss ? err : -ENOTSUP;
}

static void on_own(void *context, const struct bp_observed_snapshot *snapshot)
{
	if (snapshot->tid == (unsigned int)syscall(SYS_gettid))
		*(uint64_t *)context = snapshot->sched_arrival_ns;
}

static long preempted(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : usage.ru_nivcsw;
}

/* When we come back onto a CPU after a sleep, both clocks know the moment. */
static void read_clock(struct observer *observer)
{
	for (int i = 0; i < CLOCK_TRIES && !observer->sched_clock.known; i++) {
		uint64_t arrival_ns = 0, now_ns;
		long before = preempted();

		poll(NULL, 0, 1);
		now_ns = probe_now_ns();
		if (observer_process(observer, getpid(), on_own, &arrival_ns) || !arrival_ns ||
		    preempted() != before)
			continue;
		sched_clock_match(&observer->sched_clock, now_ns, arrival_ns);
	}
}

int observer_open(struct observer **out, bool libbpf_log, const char **reason)
{
	struct observer *observer;
	int err = features_basic(reason);

	if (err)
		return err;
	probe_libbpf_log(libbpf_log);
	observer = calloc(1, sizeof(*observer));
	if (!observer)
		return -ENOMEM;
	observer->skel = blockprof_bpf__open();
	err = observer->skel ? load(observer) : -errno;
	if (err) {
		*reason = features_refusal(err);
		observer_close(observer);
		return err;
	}
	read_clock(observer);
	*out = observer;
	return 0;
}

void observer_close(struct observer *observer)
{
	if (!observer)
		return;
	blockprof_bpf__destroy(observer->skel);
	free(observer);
}

int observer_process(struct observer *observer, pid_t pid, observer_fn *fn, void *context)
{
	return observed_iterate(observer->skel, pid, 0, fn, context);
}

void observer_fd(struct observer *observer, pid_t tid, int fd)
{
	observed_fd(observer->skel, tid, fd);
}

uint64_t observer_since_ns(const struct observer *observer,
			   const struct bp_observed_snapshot *snapshot)
{
	uint64_t since_ns;

	if (snapshot->state == BP_BLOCKED)
		since_ns = sched_clock_left_ns(&observer->sched_clock, snapshot->sched_arrival_ns,
					       snapshot->sched_ran_ns);
	else
		since_ns =
			sched_clock_arrived_ns(&observer->sched_clock, snapshot->sched_arrival_ns);
	return since_ns < snapshot->time_ns ? since_ns : snapshot->time_ns;
}
