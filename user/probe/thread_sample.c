// SPDX-License-Identifier: GPL-2.0-or-later
/* thread_sample.c - how perf's sample of a thread is asked for and laid out (perf_event_open(2)). */
#include "probe/thread_sample.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PERIOD_NS  1000000
#define DATA_PAGES 32 /* a power of two; a sample takes up to 64 KiB, and one is read */
/* A sample is no longer than 64 KiB: the kernel makes the stack shorter where it has to (USHRT_MAX). */
#define STACK_WANTED_BYTES (63u << 10)

/* Which registers are asked for, in the order in which they come, and what DWARF calls them. */
#if defined(__x86_64__)
static const struct {
	unsigned char perf;
	unsigned char dwarf;
} registers[] = {
	/* arch/x86/include/uapi/asm/perf_regs.h */
	{ 0, 0 },   { 1, 3 },	{ 2, 2 },   { 3, 1 },	{ 4, 4 },   { 5, 5 },
	{ 6, 6 },   { 7, 7 },	{ 8, 16 },  { 16, 8 },	{ 17, 9 },  { 18, 10 },
	{ 19, 11 }, { 20, 12 }, { 21, 13 }, { 22, 14 }, { 23, 15 },
};
#define REGISTERS	  (sizeof(registers) / sizeof(registers[0]))
#define REGISTER_PERF(i)  registers[i].perf
#define REGISTER_DWARF(i) registers[i].dwarf
#else
/* arm64: the same numbers, and 32 for the program counter */
#define REGISTERS	  BP_REGISTERS
#define REGISTER_PERF(i)  (i)
#define REGISTER_DWARF(i) (i)
#endif

static uint64_t register_mask(void)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < REGISTERS; i++)
		mask |= 1ull << REGISTER_PERF(i);
	return mask;
}

static int event_open(pid_t tid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD_NS,
		.sample_type =
			PERF_SAMPLE_CALLCHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER,
		.sample_regs_user = register_mask(),
		.sample_stack_user = STACK_WANTED_BYTES,
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

/* The words of a sample, as far as they have been taken. */
struct words {
	const unsigned char *at;
	size_t left; /* bytes */
};

static uint64_t next(struct words *words)
{
	uint64_t word = 0;

	if (words->left < sizeof(word)) {
		words->left = 0;
		return 0;
	}
	memcpy(&word, words->at, sizeof(word));
	words->at += sizeof(word);
	words->left -= sizeof(word);
	return word;
}

/* abi, registers if there is one; size, stack, how much of it was there. */
static void read_copy(struct words *words, struct bp_stack_copy *copy)
{
	uint64_t abi = next(words), bytes, filled;
	const unsigned char *stack;

	for (size_t i = 0; abi && i < REGISTERS; i++)
		copy->regs.reg[REGISTER_DWARF(i)] = next(words);
	bytes = next(words);
	if (abi != PERF_SAMPLE_REGS_ABI_64 || !bytes || bytes > words->left)
		return;
	stack = words->at;
	words->at += bytes;
	words->left -= bytes;
	filled = next(words);
	if (filled > bytes || filled > BP_STACK_COPY_BYTES)
		return;
	memcpy(copy->stack, stack, filled);
	copy->bytes = (unsigned int)filled;
	if (filled == bytes)
		copy->flags |= BP_STACK_COPY_CUT;
}

/* The first sample in the ring, which begins at the ring's start. */
static int read_sample(const struct perf_event_mmap_page *ring, size_t page, struct bp_stack *stack,
		       struct bp_stack_copy *copy)
{
	const unsigned char *data = (const unsigned char *)ring + page;
	uint64_t head = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE), at = 0;

	while (at + sizeof(struct perf_event_header) <= head && head <= DATA_PAGES * page) {
		struct perf_event_header header;
		struct words words;
		uint64_t nr;

		memcpy(&header, data + at, sizeof(header));
		if (header.size < sizeof(header) || header.size > head - at)
			break;
		words.at = data + at + sizeof(header);
		words.left = header.size - sizeof(header);
		nr = header.type == PERF_RECORD_SAMPLE ? next(&words) : 0;
		if (nr && nr <= words.left / sizeof(uint64_t)) {
			split((const uint64_t *)words.at, nr, stack);
			words.at += nr * sizeof(uint64_t);
			words.left -= nr * sizeof(uint64_t);
			read_copy(&words, copy);
			return 0;
		}
		at += header.size;
	}
	return -EAGAIN;
}

int thread_sample_take(pid_t tid, int max_ms, struct bp_stack *stack, struct bp_stack_copy *copy)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (1 + DATA_PAGES) * page;
	struct pollfd fd = { .fd = event_open(tid), .events = POLLIN };
	int event __closing = fd.fd, err = -EAGAIN;
	void *ring;

	memset(copy, 0, offsetof(struct bp_stack_copy, stack));
	if (event < 0)
		return event;
	ring = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
	if (ring == MAP_FAILED)
		return -errno;
	if (poll(&fd, 1, max_ms) > 0)
		err = read_sample(ring, page, stack, copy);
	munmap(ring, bytes);
	return err;
}
