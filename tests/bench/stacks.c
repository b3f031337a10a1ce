// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stacks.c - what blockprof's own code takes for the stacks of processes that
 * stand still: stacks native|python|memory ROUNDS PID...
 *
 * Prints a line of JSON. native: their frames, found from registers and a copy of
 * the stack, and named; python: those of their interpreter, read and named. cold_us
 * is the first time, the symbolizer's child fresh; warm_us is each of ROUNDS more.
 * memory: that of the symbolizer's child in the end, after the native frames of all.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "bpf/abi.h"
#include "runtime/python/python.h"
#include "symbol/wire/native_frame.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"

#define FRAMES_MAX 256

struct thread {
	struct memory memory;
	struct bp_stack_copy copy;
	uint64_t fsbase;
};

static void fail(const char *what)
{
	fprintf(stderr, "stacks: cannot %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void set_registers(struct thread *thread, const struct user_regs_struct *from)
{
	unsigned long long *to = thread->copy.regs.reg;

#if defined(__x86_64__)
	/* psABI, figure 3.36 */
	const unsigned long long in_order[] = {
		from->rax, from->rdx, from->rcx, from->rbx, from->rsi, from->rdi,
		from->rbp, from->rsp, from->r8,	 from->r9,  from->r10, from->r11,
		from->r12, from->r13, from->r14, from->r15, from->rip,
	};

	memcpy(to, in_order, sizeof(in_order));
	thread->fsbase = from->fs_base;
#elif defined(__aarch64__)
	memcpy(to, from->regs, sizeof(from->regs));
	to[31] = from->sp;
	to[32] = from->pc;
#endif
}

static void copy_stack(struct thread *thread)
{
	ssize_t got = memory_read_most(&thread->memory, thread->copy.regs.reg[BP_REGISTER_SP],
				       thread->copy.stack, BP_STACK_COPY_BYTES);

	thread->copy.bytes = got > 0 ? (unsigned int)got : 0;
}

/* 0, or -1 and errno. */
static int look(struct thread *thread, struct memory_source *source, pid_t pid)
{
	struct user_regs_struct registers;
	struct iovec part = { &registers, sizeof(registers) };

	thread->memory = (struct memory){ source, pid };
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, NULL, __WALL) < 0 || ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part))
		return -1;
	set_registers(thread, &registers);
	copy_stack(thread);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 0;
}

struct measured {
	int frames;
	int named;
	unsigned int flags;
};

static void native(struct symbols *symbols, const struct thread *thread, struct measured *out)
{
	struct native_frame frames[FRAMES_MAX];
	int nr = symbols_unwind(symbols, thread->memory.pid, &thread->copy, frames, FRAMES_MAX,
				&out->flags);

	if (nr < 0) {
		errno = -nr;
		fail("unwind");
	}
	out->frames = nr;
	out->named = 0;
	for (int i = 0; i < nr; i++) {
		struct symbol symbol;

		symbols_user(symbols, thread->memory.pid, frames[i].addr,
			     !(frames[i].flags & NATIVE_EXACT), &symbol);
		out->named += !strstr(symbol.fn, "+0x");
	}
}

static void count_named(void *context, int err, const struct python_name *name)
{
	*(int *)context += !err && name->line;
}

static void python(struct python *python, const struct thread *thread, struct measured *out)
{
	struct bp_python_frame frames[FRAMES_MAX];
	int nr = python_frames(python, thread->fsbase, frames, FRAMES_MAX);

	if (nr < 0) {
		errno = -nr;
		fail("read Python's frames");
	}
	out->frames = nr;
	out->named = 0;
	python_frame_names(python, frames, (size_t)nr, count_named, &out->named);
}

static void print_times(bool is_native, struct thread *thread, int rounds)
{
	struct measured measured = { 0 };
	struct python *interpreter = NULL;
	struct symbols *symbols = NULL;
	int err = symbols_new(&symbols, symbolizer_main, thread->memory.source);

	if (!err && !is_native)
		err = python_open(&interpreter, &thread->memory, symbols);

	if (err) {
		errno = -err;
		fail("begin");
	}
	for (int i = 0; i <= rounds; i++) {
		double start = now_us();

		if (is_native)
			native(symbols, thread, &measured);
		else
			python(interpreter, thread, &measured);
		printf(i ? "%s%.1f" : "%s{\"cold_us\": %.1f, \"warm_us\": [", i > 1 ? ", " : "",
		       now_us() - start);
	}
	printf("], \"frames\": %d, \"named\": %d, \"flags\": %u}\n", measured.frames,
	       measured.named, measured.flags);
	python_close(interpreter);
	symbols_free(symbols);
}

/* The symbolizer is the only child. */
static double child_kib(void)
{
	char path[64], line[256];
	double kib = 0, part;
	FILE *file;
	int child = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "re");
	if (!file || fscanf(file, "%d", &child) != 1)
		fail("find the symbolizer");
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", child);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Pss: %lf kB", &part) == 1)
			kib = part;
	if (file)
		fclose(file);
	return kib;
}

static void print_memory(struct thread *threads, int nr, int rounds)
{
	struct measured measured = { 0 };
	struct symbols_counts counts;
	struct symbols *symbols;
	int frames = 0;

	if (symbols_new(&symbols, symbolizer_main, threads[0].memory.source))
		fail("begin");
	for (int i = 0; i < nr * rounds; i++) {
		native(symbols, &threads[i % nr], &measured);
		frames += measured.frames;
	}
	symbols_counts(symbols, &counts);
	printf("{\"kib\": %.0f, \"processes\": %d, \"frames\": %d, \"restarts\": %llu}\n",
	       child_kib(), nr, frames / rounds, (unsigned long long)counts.child_restarts);
	symbols_free(symbols);
}

int main(int argc, char **argv)
{
	struct memory_source source = memory_source_direct();
	struct thread *threads;
	int nr = 0, rounds;

	if (argc < 4)
		return 2;
	rounds = (int)strtol(argv[2], NULL, 10);
	threads = calloc((size_t)argc, sizeof(*threads));
	if (!threads)
		fail("have memory");
	/* Of many some may have ended. */
	for (int i = 3; i < argc; i++)
		if (look(&threads[nr], &source, (pid_t)strtol(argv[i], NULL, 10)) == 0)
			nr++;
	if (!nr)
		fail("look at the process");
	if (!strcmp(argv[1], "memory"))
		print_memory(threads, nr, rounds);
	else
		print_times(!strcmp(argv[1], "native"), &threads[0], rounds);
	free(threads);
	return 0;
}
