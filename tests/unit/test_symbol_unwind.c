// SPDX-License-Identifier: GPL-2.0-or-later
/* Stacks of real processes, stopped by ptrace, unwound by the symbolizer's child. */
#include <elf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf/abi.h"
#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "symbol/wire/call.h"
#include "tests/unit/memory_sources.h"
#include "tests/unit/symbol_program.h"

#define FRAMES_MAX 256

/*
 * Without frame pointers: a recursion, libc's qsort between two functions of the
 * program, and, where asked for, a signal's handler. Then it sleeps for good.
 * With "library": below a library that another thread closes on SIGUSR2.
 */
static const char deep_text[] =
	"#include <dlfcn.h>\n"
	"#include <pthread.h>\n"
	"#include <signal.h>\n"
	"#include <stdio.h>\n"
	"#include <stdlib.h>\n"
	"#include <unistd.h>\n"
	"#ifdef LIBRARY\n"
	"int in_library(void (*fn)(void)) { fn(); return 1; }\n"
	"#else\n"
	"static volatile int sink, by_signal;\n"
	"static __attribute__((noinline)) void stand_still(void)\n"
	"{ puts(\"ready\"); fflush(stdout); while (sink >= 0) pause(); }\n"
	"static __attribute__((noinline)) void on_signal(int number)\n"
	"{ (void)number; stand_still(); sink++; }\n"
	"static __attribute__((noinline)) void raise_it(void)\n"
	"{ if (by_signal) kill(getpid(), SIGUSR1); else stand_still(); sink++; }\n"
	"static __attribute__((noinline)) int compare(const void *a, const void *b)\n"
	"{ raise_it(); sink++; return *(const int *)a - *(const int *)b; }\n"
	"static __attribute__((noinline)) void sort(void)\n"
	"{ int v[] = { 3, 1, 2 }; qsort(v, 3, sizeof(v[0]), compare); sink += v[0]; }\n"
	"static __attribute__((noinline)) void recurse(int depth)\n"
	"{ volatile char room[32]; room[0] = (char)depth;\n"
	"  if (depth) recurse(depth - 1); else sort();\n"
	"  sink += room[0]; }\n"
	"#ifdef CLOSES\n"
	"static void *close_it(void *library)\n"
	"{ sigset_t set; int number; sigemptyset(&set); sigaddset(&set, SIGUSR2);\n"
	"  sigwait(&set, &number); dlclose(library); return NULL; }\n"
	"static void by_library(void)\n"
	"{ void *library = dlopen(\"other\", RTLD_NOW); pthread_t thread; sigset_t set;\n"
	"  int (*call)(void (*)(void)) = (int (*)(void (*)(void)))dlsym(library, \"in_library\");\n"
	"  sigemptyset(&set); sigaddset(&set, SIGUSR2); sigprocmask(SIG_BLOCK, &set, NULL);\n"
	"  pthread_create(&thread, NULL, close_it, library); sink += call(stand_still); }\n"
	"#else\n"
	"static void by_library(void) {}\n"
	"#endif\n"
	"int main(int argc, char **argv)\n"
	"{ if (argc > 1 && argv[1][0] == 'l') by_library();\n"
	"  by_signal = argc > 1; signal(SIGUSR1, on_signal); recurse(40); return sink; }\n"
	"#endif\n";

struct target {
	struct program program;
	pid_t pid;
};

/* flags: separated by blanks; after: a shell's, in the directory of the program */
static bool deep_compile(struct program *program, const char *flags, const char *after)
{
	char command[1024];
	char *argv[] = { (char *)"sh", (char *)"-c", command, NULL };
	FILE *file;

	if (!program_new(program) || !(file = fopen(program->source, "we")))
		return false;
	fputs(deep_text, file);
	snprintf(command, sizeof(command),
		 "${CC:-cc} -O2 -fomit-frame-pointer -fno-ipa-sra -fno-optimize-sibling-calls "
		 "%s -o %s %s && cd %s && %s",
		 flags, program->path, program->source, program->dir, after);
	return fclose(file) == 0 && run(argv);
}

static bool target_start(struct target *target, const char *flags, const char *after,
			 const char *argument)
{
	char word[8] = "";
	int out[2];

	if (!deep_compile(&target->program, flags, after) || pipe(out))
		return false;
	target->pid = fork();
	if (target->pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		execl(target->program.path, "deep", argument, NULL);
		_exit(127);
	}
	close(out[1]);
	if (read(out[0], word, 5) != 5 || memcmp(word, "ready", 5) != 0)
		return false;
	close(out[0]);
	usleep(20000);
	return true;
}

static void target_end(struct target *target)
{
	kill(target->pid, SIGKILL);
	waitpid(target->pid, NULL, 0);
	run((char *[]){ (char *)"rm", (char *)"-r", target->program.dir, NULL });
}

#ifdef __x86_64__
static void registers_from(struct bp_registers *to, const struct user_regs_struct *from)
{
	const unsigned long long values[] = { from->rax, from->rdx, from->rcx, from->rbx, from->rsi,
					      from->rdi, from->rbp, from->rsp, from->r8,  from->r9,
					      from->r10, from->r11, from->r12, from->r13, from->r14,
					      from->r15, from->rip };

	memcpy(to->reg, values, sizeof(values));
}
#else
static void registers_from(struct bp_registers *to, const struct user_regs_struct *from)
{
	memcpy(to->reg, from->regs, sizeof(from->regs));
	to->reg[31] = from->sp;
	to->reg[32] = from->pc;
}
#endif

/* As the kernel side takes it. */
static bool copy_take(struct bp_stack_copy *copy, pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec part = { &regs, sizeof(regs) };
	struct iovec here = { copy->stack, 0 }, there = { NULL, 0 };
	bool done;

	memset(copy, 0, sizeof(*copy));
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, NULL, 0) != pid)
		return false;
	done = ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &part) == 0;
	registers_from(&copy->regs, &regs);
	for (size_t bytes = BP_STACK_COPY_BYTES; done && bytes >= 1024 && !copy->bytes;
	     bytes -= 1024) {
		here.iov_len = there.iov_len = bytes;
		there.iov_base = (void *)(uintptr_t)copy->regs.reg[BP_REGISTER_SP];
		if (process_vm_readv(pid, &here, 1, &there, 1, 0) == (ssize_t)bytes)
			copy->bytes = (unsigned int)bytes;
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return done && copy->bytes;
}

struct unwound {
	int nr;
	unsigned int flags;
	struct native_frame frames[FRAMES_MAX];
};

static void unwind(struct symbols *symbols, pid_t pid, const struct bp_stack_copy *copy,
		   struct unwound *out)
{
	out->nr = symbols_unwind(symbols, pid, copy, out->frames, FRAMES_MAX, &out->flags);
}

static const char *name_of(struct symbols *symbols, pid_t pid, const struct native_frame *frame)
{
	static char name[512];
	struct symbol symbol;

	symbols_user(symbols, pid, frame->addr, !(frame->flags & NATIVE_EXACT), &symbol);
	snprintf(name, sizeof(name), "%s", symbol.fn);
	return name;
}

/* From frame at on: the first frame of this name; -1: none. */
static int find_frame(struct symbols *symbols, pid_t pid, const struct unwound *unwound, int at,
		      const char *name)
{
	for (int i = at; i < unwound->nr; i++)
		if (strcmp(name_of(symbols, pid, &unwound->frames[i]), name) == 0)
			return i;
	return -1;
}

/* by_fp: the program's own functions have no CFI. */
static void expect_program(struct symbols *symbols, pid_t pid, const struct unwound *unwound,
			   bool by_fp)
{
	int at = find_frame(symbols, pid, unwound, 0, "compare");

	assert_true(at > 0);
	at = find_frame(symbols, pid, unwound, at, "sort");
	assert_true(at > 0);
	for (int i = 0; i <= 40; i++)
		assert_string_equal(name_of(symbols, pid, &unwound->frames[++at]), "recurse");
	assert_int_equal(unwound->frames[at].flags, by_fp ? NATIVE_BY_FRAME_POINTER : 0);
	assert_string_equal(name_of(symbols, pid, &unwound->frames[++at]), "main");
	assert_string_equal(name_of(symbols, pid, &unwound->frames[unwound->nr - 1]), "_start");
	assert_int_equal(unwound->flags, 0);
	for (int i = 0; i < unwound->nr; i++) {
		assert_true(by_fp || !(unwound->frames[i].flags & NATIVE_BY_FRAME_POINTER));
		assert_true(unwound->frames[i].cfa > (i ? unwound->frames[i - 1].cfa : 0));
	}
}

static void check_built(const char *flags, const char *after, const char *argument, bool by_fp)
{
	struct bp_stack_copy *copy = malloc(sizeof(*copy));
	struct target target;
	struct symbols *symbols;
	struct unwound unwound;

	assert_non_null(copy);
	assert_true(target_start(&target, flags, after, argument));
	assert_true(copy_take(copy, target.pid));
	assert_int_equal(symbols_new(&symbols, symbolizer_main, process_memory()), 0);
	setenv("DEBUGINFOD_CACHE_PATH", target.program.dir, 1);
	unwind(symbols, target.pid, copy, &unwound);
	expect_program(symbols, target.pid, &unwound, by_fp);
	assert_true(unwound.frames[0].flags & NATIVE_EXACT);
	if (argument) {
		int at = find_frame(symbols, target.pid, &unwound, 0, "on_signal");

		/* the trampoline, then what was interrupted: right behind its system call */
		assert_true(at > 0);
		assert_false(unwound.frames[at + 1].flags & NATIVE_EXACT);
		assert_true(unwound.frames[at + 2].flags & NATIVE_EXACT);
		assert_string_equal(name_of(symbols, target.pid, &unwound.frames[at + 2]), "kill");
	}
	symbols_free(symbols);
	target_end(&target);
	free(copy);
}

static void check_deep(const char *flags, const char *argument, bool by_fp)
{
	check_built(flags, "true", argument, by_fp);
}

static void without_frame_pointers(void **state)
{
	(void)state;
	check_deep("-no-pie", NULL, false);
	check_deep("-pie", NULL, false);
	check_deep("-static", NULL, false);
}

static void through_a_signal(void **state)
{
	(void)state;
	check_deep("-pie", "signal", false);
	check_deep("-static", "signal", false);
}

static void by_debug_frame(void **state)
{
	(void)state;
	check_deep("-g -fno-asynchronous-unwind-tables", NULL, false);
	check_deep("-g -gz=zlib -fno-asynchronous-unwind-tables", NULL, false);
	/* beside the .eh_frame of the C library */
	check_deep("-g -fno-asynchronous-unwind-tables -static", "signal", false);
}

/* What strip left nothing of is found by a file's name, or by the build id. */
static void by_separate_debug_frame(void **state)
{
	static const char by_link[] = "objcopy --only-keep-debug program other && "
				      "strip -s program && "
				      "objcopy --add-gnu-debuglink=other program";
	static const char by_id[] = "id=$(readelf -n program | sed -n 's/.*Build ID: //p') && "
				    "mkdir $id && "
				    "objcopy --only-keep-debug program $id/debuginfo && "
				    "strip -s program";

	(void)state;
	check_built("-g -fno-asynchronous-unwind-tables -Wl,--build-id=none", by_link, NULL, false);
	check_built("-g -gz=zlib -fno-asynchronous-unwind-tables", by_link, "signal", false);
	check_built("-g -fno-asynchronous-unwind-tables -Wl,--build-id", by_id, NULL, false);
	/* beside the .eh_frame of the C library */
	check_built("-g -fno-asynchronous-unwind-tables -static -Wl,--build-id", by_id, "signal",
		    false);
}

/* Of x86-64 the code is asked first. */
static void by_frame_pointers(void **state)
{
	bool by_fp = call_own_machine() != EM_X86_64;

	(void)state;
	check_deep("-fno-asynchronous-unwind-tables -fno-omit-frame-pointer", NULL, by_fp);
	check_deep("-fno-asynchronous-unwind-tables -fno-omit-frame-pointer", "signal", by_fp);
}

static void by_the_code(void **state)
{
	(void)state;
	if (call_own_machine() != EM_X86_64)
		skip();
	check_deep("-fno-asynchronous-unwind-tables", NULL, false);
	check_deep("-fno-asynchronous-unwind-tables", "signal", false);
	check_deep("-fno-asynchronous-unwind-tables -static -Os -fcf-protection=full", NULL, false);
}

static bool has_mapped(pid_t pid, const char *path)
{
	char name[32], line[512];
	bool found = false;
	FILE *maps;

	snprintf(name, sizeof(name), "/proc/%d/maps", pid);
	maps = fopen(name, "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, path) != NULL;
	fclose(maps);
	return found;
}

/* What is known of the library when it goes. */
enum { NOTHING, MAPS, STACK };

static void check_closed(int known)
{
	struct bp_stack_copy *copy = malloc(sizeof(*copy));
	struct symbols_counts counts;
	struct target target;
	struct symbols *symbols;
	struct unwound unwound;
	struct symbol symbol;
	int at;

	assert_non_null(copy);
	assert_true(target_start(&target, "-DCLOSES -ldl -pthread '-Wl,-rpath,$ORIGIN'",
				 "cc -O2 -fomit-frame-pointer -fno-optimize-sibling-calls -fPIC "
				 "-shared -DLIBRARY -o other program.c",
				 "library"));
	assert_int_equal(symbols_new(&symbols, symbolizer_main, process_memory()), 0);
	assert_true(copy_take(copy, target.pid));
	if (known == MAPS)
		symbols_place(symbols, target.pid, copy->regs.reg[BP_REGISTER_IP], 0, &symbol);
	if (known == STACK) {
		unwind(symbols, target.pid, copy, &unwound);
		assert_true(find_frame(symbols, target.pid, &unwound, 0, "in_library") > 0);
	}
	assert_true(has_mapped(target.pid, target.program.other));
	kill(target.pid, SIGUSR2);
	for (int i = 0; i < 500 && has_mapped(target.pid, target.program.other); i++)
		usleep(10000);
	assert_false(has_mapped(target.pid, target.program.other));
	assert_true(copy_take(copy, target.pid));
	unwind(symbols, target.pid, copy, &unwound);
	at = find_frame(symbols, target.pid, &unwound, 0, "stand_still");
	assert_true(at > 0);
	if (at + 1 == unwound.nr) {
		assert_true(unwound.flags & UNWIND_LOST);
	} else {
		const char *name = name_of(symbols, target.pid, &unwound.frames[at + 1]);

		assert_true(!strcmp(name, "in_library") || !strncmp(name, "other+0x", 8) ||
			    !strcmp(name, "[unknown]"));
	}
	assert_true(known != NOTHING || at + 1 == unwound.nr);
	assert_true(known != STACK || at + 1 < unwound.nr);
	symbols_counts(symbols, &counts);
	assert_int_equal(counts.child_restarts, 0);
	symbols_free(symbols);
	target_end(&target);
	free(copy);
}

/* Its text is no more where it will return to. */
static void below_a_closed_library(void **state)
{
	(void)state;
	for (int known = NOTHING; known <= STACK; known++)
		check_closed(known);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_frame_pointers), cmocka_unit_test(through_a_signal),
		cmocka_unit_test(by_debug_frame),	  cmocka_unit_test(by_separate_debug_frame),
		cmocka_unit_test(by_frame_pointers),	  cmocka_unit_test(by_the_code),
		cmocka_unit_test(below_a_closed_library),
	};

	return cmocka_run_group_tests_name("symbol_unwind", tests, NULL, NULL);
}
