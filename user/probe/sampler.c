// SPDX-License-Identifier: GPL-2.0-or-later
/* sampler.c - one perf event a CPU, attached for good and switched on and off. */
#include "probe/sampler.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <bpf/libbpf.h>

struct tick {
	struct bpf_link *link; /* NULL: the CPU is offline */
	int fd; /* of the event; the link closes it */
};

struct sampler {
	struct tick *ticks; /* one a possible CPU */
	int nr;
	bool on;
};

static int event_open(int cpu, uint64_t period_ns)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = period_ns,
		.disabled = 1,
		.exclude_idle = 1,
	};

	return syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

int sampler_new(struct sampler **out, struct bpf_program *program, uint64_t period_ns)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));
	int attached = 0, err = -ENODEV;

	if (!sampler)
		return -ENOMEM;
	sampler->nr = libbpf_num_possible_cpus();
	if (sampler->nr > 0)
		sampler->ticks = calloc(sampler->nr, sizeof(*sampler->ticks));
	if (!sampler->ticks) {
		free(sampler);
		return -ENOMEM;
	}
	for (int cpu = 0; cpu < sampler->nr; cpu++) {
		struct tick *tick = &sampler->ticks[cpu];

		tick->fd = event_open(cpu, period_ns);
		if (tick->fd < 0) {
			err = -errno;
			continue;
		}
		tick->link = bpf_program__attach_perf_event(program, tick->fd);
		if (!tick->link) {
			err = -errno;
			close(tick->fd);
			continue;
		}
		/* attaching turned it on */
		ioctl(tick->fd, PERF_EVENT_IOC_DISABLE, 0);
		attached++;
	}
	if (!attached) {
		sampler_free(sampler);
		return err;
	}
	*out = sampler;
	return 0;
}

void sampler_free(struct sampler *sampler)
{
	if (!sampler)
		return;
	for (int cpu = 0; cpu < sampler->nr; cpu++)
		bpf_link__destroy(sampler->ticks[cpu].link);
	free(sampler->ticks);
	free(sampler);
}

void sampler_set(struct sampler *sampler, bool on)
{
	if (sampler->on == on)
		return;
	for (int cpu = 0; cpu < sampler->nr; cpu++)
		if (sampler->ticks[cpu].link)
			ioctl(sampler->ticks[cpu].fd,
			      on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE, 0);
	sampler->on = on;
}
