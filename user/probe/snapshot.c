// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/snapshot.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc/cleanup.h"

#define PERIOD_NS  1000000
#define DATA_PAGES 2 /* a power of two; one sample takes some 1 KiB */

static int event_open(pid_t tid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD_NS,
		.sample_type = PERF_SAMPLE_CALLCHAIN,
		.wakeup_events = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Addresses with marks between them that say whose they are (PERF_CONTEXT_*). */
static void split(const uint64_t *chain, uint64_t nr, struct bp_stack *stack)
{
	bool user = false;

	stack->kernel_nr = 0;
	stack->user_nr = 0;
	for (uint64_t i = 0; i < nr; i++) {
		if (chain[i] >= (uint64_t)PERF_CONTEXT_MAX)
			user = chain[i] == (uint64_t)PERF_CONTEXT_USER;
		else if (user && stack->user_nr < BP_USER_FRAMES)
			stack->user[stack->user_nr++] = chain[i];
		else if (!user && stack->kernel_nr < BP_KERNEL_FRAMES)
			stack->kernel[stack->kernel_nr++] = chain[i];
	}
}

/* The first sample of the ring, which begins at its start. */
static int read_sample(const struct perf_event_mmap_page *ring, size_t page, struct bp_stack *stack)
{
	const unsigned char *data = (const unsigned char *)ring + page;
	uint64_t head = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE), at = 0;

	while (at + sizeof(struct perf_event_header) + sizeof(uint64_t) <= head &&
	       head <= DATA_PAGES * page) {
		struct perf_event_header header;
		uint64_t nr;

		memcpy(&header, data + at, sizeof(header));
		memcpy(&nr, data + at + sizeof(header), sizeof(nr));
		if (header.type == PERF_RECORD_SAMPLE &&
		    nr <= (header.size - sizeof(header) - sizeof(nr)) / sizeof(uint64_t)) {
			split((const uint64_t *)(data + at + sizeof(header) + sizeof(nr)), nr,
			      stack);
			return 0;
		}
		if (header.size < sizeof(header))
			break;
		at += header.size;
	}
	return -EAGAIN;
}

int snapshot_take(pid_t tid, int max_ms, struct bp_stack *stack)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (1 + DATA_PAGES) * page;
	struct pollfd fd = { .fd = event_open(tid), .events = POLLIN };
	int event __closing = fd.fd, err = -EAGAIN;
	void *ring;

	if (event < 0)
		return event;
	ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
	if (ring == MAP_FAILED)
		return -errno;
	if (poll(&fd, 1, max_ms) > 0)
		err = read_sample(ring, page, stack);
	munmap(ring, bytes);
	return err;
}
