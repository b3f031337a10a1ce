/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbol_debug_fixture.h - programs that tests build with debug information, in a directory of their own. */
#ifndef BLOCKPROF_TESTS_UNIT_SYMBOL_DEBUG_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_SYMBOL_DEBUG_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"

/*
 * leaf() is inlined in middle(), that in outer(). The program writes an address in
 * leaf, its line, and those of the two calls, and sleeps for good.
 */
static const char inlines_c[] =
	"#include <stdio.h>\n"
	"#include <unistd.h>\n"
	"#ifdef __x86_64__\n"
	"#define HERE \"lea -7(%%rip), %0\"\n"
	"#else\n"
	"#define HERE \"adr %0, .\"\n"
	"#endif\n"
	"#define INLINE static inline __attribute__((always_inline))\n"
	"#ifdef __cplusplus\n"
	"template<class T> struct Deep {\n"
	"INLINE void *leaf(int *line) {\n"
	"void *pc; *line = __LINE__ + 1;\n"
	"__asm__ volatile(HERE : \"=r\"(pc)); return pc; }\n"
	"};\n"
	"#define LEAF Deep<Deep<Deep<int>>>::leaf\n"
	"#else\n"
	"INLINE void *leaf(int *line) {\n"
	"void *pc; *line = __LINE__ + 1;\n"
	"__asm__ volatile(HERE : \"=r\"(pc)); return pc; }\n"
	"#define LEAF leaf\n"
	"#endif\n"
	"INLINE void *middle(int *lines) {\n"
	"lines[1] = __LINE__; return LEAF(lines); }\n"
	"static __attribute__((noinline)) void *outer(int *lines) {\n"
	"lines[2] = __LINE__; void *pc = middle(lines);\n"
	"__asm__ volatile(\"\" ::: \"memory\"); return pc; }\n"
	"int main(void) {\n"
	"int lines[3]; void *pc = outer(lines);\n"
	"printf(\"%p %d %d %d\\n\", pc, lines[0], lines[1], lines[2]); fflush(stdout);\n"
	"for (;;) pause(); }\n";

struct target {
	struct symbols *symbols;
	char dir[64];
	pid_t pid; /* 0: none */
	uint64_t pc;
	int is_return; /* pc is a return address */
	int lines[3]; /* of leaf, and of the calls in middle and outer */
};

static inline bool run(const struct target *target, const char *commands)
{
	char *text = NULL;
	int status;

	if (asprintf(&text,
		     "cd %s && export GOCACHE=${GOCACHE:-${HOME:-$PWD}/.cache/go-build} && { %s\n} "
		     ">log 2>&1",
		     target->dir, commands) < 0)
		return false;
	status = system(text);
	if (status != 0) {
		free(text);
		if (asprintf(&text, "cat %s/log >&2", target->dir) > 0)
			status = system(text) + 1;
	}
	free(text);
	return status == 0;
}

static inline bool have(const char *program)
{
	char text[128];

	snprintf(text, sizeof(text), "command -v %s >/dev/null 2>&1", program);
	return system(text) == 0;
}

static inline void put(const struct target *target, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", target->dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static inline int target_setup(void **state)
{
	struct target *target = calloc(1, sizeof(*target));

	*state = target;
	if (!target || symbols_new(&target->symbols, symbolizer_main, process_memory()))
		return -1;
	snprintf(target->dir, sizeof(target->dir), "/tmp/test-debug-XXXXXX");
	if (!mkdtemp(target->dir))
		return -1;
	chmod(target->dir, 0755);
	put(target, "inlines.c", inlines_c);
	put(target, "inlines.cc", inlines_c);
	return 0;
}

static inline void end_target(struct target *target)
{
	if (target->pid) {
		kill(target->pid, SIGKILL);
		waitpid(target->pid, NULL, 0);
		symbols_forget(target->symbols, target->pid);
	}
	target->pid = 0;
}

static inline int target_teardown(void **state)
{
	struct target *target = *state;
	char command[256];

	end_target(target);
	symbols_free(target->symbols);
	snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", target->dir, target->dir);
	if (system(command))
		fprintf(stderr, "%s is left\n", target->dir);
	free(target);
	return 0;
}

#define WITH_TARGET(test) cmocka_unit_test_setup_teardown(test, target_setup, target_teardown)

/* Starts a program of the directory, which is its root directory too if that is asked for. */
static inline void start(struct target *target, const char *program, bool in_root)
{
	char path[128], text[256] = "";
	unsigned long long pc = 0;
	int out[2];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", in_root ? "/" : target->dir, program);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	target->pid = fork();
	if (target->pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		if (in_root && (chroot(target->dir) || chdir("/")))
			_exit(126);
		execl(path, program, NULL);
		_exit(127);
	}
	close(out[1]);
	file = fdopen(out[0], "r");
	assert_non_null(file);
	if (!fgets(text, sizeof(text), file) ||
	    sscanf(text, "%llx %d %d %d", &pc, &target->lines[0], &target->lines[1],
		   &target->lines[2]) != 4)
		fail_msg("%s says \"%s\"", program, text);
	target->pc = pc;
	fclose(file);
}

static inline struct symbol look(struct target *target)
{
	struct symbol found;

	assert_int_equal(
		symbols_user(target->symbols, target->pid, target->pc, target->is_return, &found),
		0);
	return found;
}

static inline void assert_line(const struct symbol_line *line, const char *fn, const char *file,
			       int number)
{
	size_t length = line->file ? strlen(line->file) : 0;

	assert_string_equal(line->fn, fn);
	assert_true(length > strlen(file));
	assert_string_equal(line->file + length - strlen(file), file);
	assert_int_equal(line->file[0], '/');
	assert_int_equal(line->line, number);
}

/* All that there is to be known. */
static inline void assert_whole(struct target *target, const char *leaf, const char *middle,
				const char *outer, const char *file)
{
	struct symbol found = look(target);
	struct symbol_line own = { found.fn, found.file, found.line };

	assert_int_equal(found.nr_inlined, 2);
	assert_line(&found.inlined[0], leaf, file, target->lines[0]);
	assert_line(&found.inlined[1], middle, file, target->lines[1]);
	assert_line(&own, outer, file, target->lines[2]);
}

static inline void assert_whole_c(struct target *target)
{
	assert_whole(target, "leaf", "middle", "outer", "/inlines.c");
}

static inline void assert_names_only(struct target *target, const char *fn)
{
	struct symbol found = look(target);

	assert_string_equal(found.fn, fn);
	assert_int_equal(found.nr_inlined, 0);
	assert_null(found.file);
	assert_int_equal(found.line, 0);
}

static inline struct symbols_counts counts(const struct target *target)
{
	struct symbols_counts counts;

	symbols_counts(target->symbols, &counts);
	assert_int_equal(counts.child_restarts, 0);
	assert_int_equal(counts.files_refused, 0);
	return counts;
}

#endif
