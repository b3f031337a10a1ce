// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, lines and inlined functions of real programs, by whatever their files say of them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/process.h"
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

static const char inlines_rs[] =
	"use std::io::Write;\n"
	"#[inline(never)]\n"
	"fn outer<T: std::fmt::Debug>(value: T) -> usize {\n"
	"    let at = inner as fn(u32) -> usize as usize;\n"
	"    println!(\"{:#x} 0 0 0\", at); std::io::stdout().flush().unwrap();\n"
	"    std::hint::black_box(&value); inner(3)\n"
	"}\n"
	"mod deep { pub struct Thing<T>(pub T); }\n"
	"impl<T> deep::Thing<T> { #[inline(never)] fn method(&self) -> usize {\n"
	"    loop { std::thread::sleep(std::time::Duration::from_secs(1000)); } } }\n"
	"#[inline(never)]\n"
	"fn inner(x: u32) -> usize { std::hint::black_box(deep::Thing(x)).method() }\n"
	"fn main() { outer(1u8); }\n";

static const char inlines_go[] = "package main\n"
				 "import (\"fmt\"; \"runtime\"; \"time\")\n"
				 "type Server struct{ n int }\n"
				 "var pcs [1]uintptr\n"
				 "func leaf() int { return runtime.Callers(1, pcs[:]) }\n"
				 "func middle() int {\n"
				 "	return leaf()\n"
				 "}\n"
				 "//go:noinline\n"
				 "func (s *Server) Handle() int {\n"
				 "	return middle() + s.n\n"
				 "}\n"
				 "func main() {\n"
				 "	(&Server{0}).Handle()\n"
				 "	fmt.Printf(\"%#x 5 7 11\\n\", pcs[0])\n"
				 "	time.Sleep(1000 * time.Second)\n"
				 "}\n";

struct target {
	struct symbols *symbols;
	char dir[64];
	pid_t pid; /* 0: none */
	uint64_t pc;
	int is_return; /* pc is a return address */
	int lines[3]; /* of leaf, and of the calls in middle and outer */
};

static bool run(const struct target *target, const char *commands)
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

static bool have(const char *program)
{
	char text[128];

	snprintf(text, sizeof(text), "command -v %s >/dev/null 2>&1", program);
	return system(text) == 0;
}

static void put(const struct target *target, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", target->dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int target_setup(void **state)
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
	put(target, "inlines.rs", inlines_rs);
	put(target, "inlines.go", inlines_go);
	return 0;
}

static void end_target(struct target *target)
{
	if (target->pid) {
		kill(target->pid, SIGKILL);
		waitpid(target->pid, NULL, 0);
		symbols_forget(target->symbols, target->pid);
	}
	target->pid = 0;
}

static int target_teardown(void **state)
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

/* Starts a program of the directory, which is its root directory too if that is asked for. */
static void start(struct target *target, const char *program, bool in_root)
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

static struct symbol look(struct target *target)
{
	struct symbol found;

	assert_int_equal(
		symbols_user(target->symbols, target->pid, target->pc, target->is_return, &found),
		0);
	return found;
}

static void assert_line(const struct symbol_line *line, const char *fn, const char *file,
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
static void assert_whole(struct target *target, const char *leaf, const char *middle,
			 const char *outer, const char *file)
{
	struct symbol found = look(target);
	struct symbol_line own = { found.fn, found.file, found.line };

	assert_int_equal(found.nr_inlined, 2);
	assert_line(&found.inlined[0], leaf, file, target->lines[0]);
	assert_line(&found.inlined[1], middle, file, target->lines[1]);
	assert_line(&own, outer, file, target->lines[2]);
}

static void assert_whole_c(struct target *target)
{
	assert_whole(target, "leaf", "middle", "outer", "/inlines.c");
}

static void assert_names_only(struct target *target, const char *fn)
{
	struct symbol found = look(target);

	assert_string_equal(found.fn, fn);
	assert_int_equal(found.nr_inlined, 0);
	assert_null(found.file);
	assert_int_equal(found.line, 0);
}

static struct symbols_counts counts(const struct target *target)
{
	struct symbols_counts counts;

	symbols_counts(target->symbols, &counts);
	assert_int_equal(counts.child_restarts, 0);
	assert_int_equal(counts.files_refused, 0);
	return counts;
}

static void formats(void **state)
{
	static const char *const builds[] = {
		"gcc -O2 -gdwarf-5 inlines.c -o a",
		"gcc -O2 -gdwarf-4 inlines.c -o a",
		"gcc -O2 -g -gz inlines.c -o a",
		"gcc -O2 -g -static inlines.c -o a",
		"gcc -O2 -g -flto inlines.c -o a",
		"gcc -O2 -g -fdebug-types-section inlines.c -o a",
		"clang -O2 -gdwarf-5 inlines.c -o a",
		"clang -O2 -gdwarf-4 inlines.c -o a",
	};
	struct target *target = *state;

	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
		if (!strncmp(builds[i], "clang", 5) && !have("clang"))
			continue;
		assert_true(run(target, builds[i]));
		start(target, "/a", false);
		assert_whole_c(target);
		end_target(target);
	}
	assert_int_equal(counts(target).lines_left_out, 0);
}

/* The lines are here, what was inlined is elsewhere, which is said. */
static void split(void **state)
{
	struct target *target = *state;
	struct symbol found;

	assert_true(run(target, "gcc -O2 -g -gsplit-dwarf inlines.c -o a"));
	start(target, "/a", false);
	found = look(target);
	assert_string_equal(found.fn, "outer");
	assert_non_null(strstr(found.file, "inlines.c"));
	assert_int_equal(found.line, target->lines[0]);
	assert_int_equal(counts(target).lines_left_out, 1);
}

static void cplusplus(void **state)
{
	struct target *target = *state;

	assert_true(run(target, "g++ -O2 -g inlines.cc -o a"));
	start(target, "/a", false);
	assert_whole(target, "Deep<Deep<Deep<int> > >::leaf", "middle", "outer", "/inlines.cc");
}

/* By .gnu_debuglink, in each of the places; the checksum must be right. */
static void debug_link(void **state)
{
	static const struct {
		const char *move;
		bool found;
	} cases[] = {
		{ "true", true },
		{ "mkdir .debug && mv a.debug .debug/", true },
		{ "mkdir -p usr/lib/debug && mv a.debug usr/lib/debug/", true },
		{ "rm a.debug", false },
		{ "echo >> a.debug", false },
		{ "mv -f a.debug b.debug && mkfifo a.debug", false },
		{ "rm a.debug; ln -s /proc/self/root/$PWD/b.debug a.debug", false },
	};
	struct target *target = *state;

	if (getuid())
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "rm -rf .debug usr a.debug; gcc -static -O2 -g "
			 "-Wl,--build-id=none inlines.c -o a && "
			 "objcopy --only-keep-debug a a.debug && strip -s a && "
			 "objcopy --add-gnu-debuglink=a.debug a && { %s; }",
			 cases[i].move);
		assert_true(run(target, text));
		start(target, "/a", true);
		if (cases[i].found)
			assert_whole_c(target);
		else
			assert_int_equal(look(target).nr_inlined, 0);
		end_target(target);
	}
	counts(target);
}

/* By the build id, below the target's root directory: a chroot, or another mount namespace. */
static void build_id(void **state)
{
	struct target *target = *state;

	if (getuid())
		skip();
	assert_true(run(target,
			"gcc -static -O2 -g inlines.c -o a && cp a other && "
			"id=$(readelf -n a | sed -n 's/.*Build ID: //p') && "
			"dir=usr/lib/debug/.build-id/$(echo $id | cut -c-2) && mkdir -p $dir && "
			"objcopy --only-keep-debug --compress-debug-sections a "
			"$dir/$(echo $id | cut -c3-).debug && strip -s a"));
	start(target, "/a", true);
	assert_whole_c(target);
	end_target(target);
	/* Another file in the place of that one is not believed; nothing is known from before. */
	symbols_free(target->symbols);
	target->symbols = NULL;
	assert_int_equal(symbols_new(&target->symbols, symbolizer_main, process_memory()), 0);
	assert_true(run(target, "strip -s other; gcc -static -O1 -g inlines.c -o c; "
				"cp c $(echo usr/lib/debug/.build-id/*/*)"));
	assert_true(run(target, "mv other a"));
	start(target, "/a", true);
	assert_int_equal(look(target).nr_inlined, 0);
	counts(target);
}

/* As Fedora's packages are made. */
static void mini_debug(void **state)
{
	struct target *target = *state;

	assert_true(
		run(target,
		    "gcc -O2 -g -Wl,--build-id=none inlines.c -o a && "
		    "nm -D a --format=posix --defined-only | awk '{print $1}' | sort >dynamic && "
		    "nm a --format=posix --defined-only | "
		    "awk '$2 == \"T\" || $2 == \"t\" {print $1}' | sort >all && "
		    "comm -13 dynamic all >keep && "
		    "objcopy --only-keep-debug a debug && "
		    "objcopy -S --remove-section .gdb_index --remove-section .comment "
		    "--keep-symbols=keep debug mini && xz mini && strip -s a && "
		    "objcopy --add-section .gnu_debugdata=mini.xz a"));
	start(target, "/a", false);
	assert_names_only(target, "outer");
	counts(target);
}

/* dwz moves what two programs have in common into a third file. */
static void shared_debug(void **state)
{
	struct target *target = *state;

	if (!have("dwz") || getuid())
		skip();
	assert_true(run(target,
			"gcc -static -O2 -g inlines.c -o a && cp a b && echo 'int x;' >x.c && "
			"gcc -O2 -g -DB -static inlines.c -o b && "
			"dwz -m $PWD/common -M /common a b && readelf -S a | "
			"grep -q gnu_debugaltlink"));
	start(target, "/a", true);
	assert_whole_c(target);
	counts(target);
}

static void rust(void **state)
{
	struct target *target = *state;

	if (!have("rustc"))
		skip();
	for (int v0 = 0; v0 < 2; v0++) {
		struct symbol found;

		assert_true(
			run(target, v0 ? "rustc -g -C opt-level=1 -C symbol-mangling-version=v0 "
					 "inlines.rs -o a"
				       : "rustc -g -C opt-level=1 inlines.rs -o a"));
		start(target, "/a", false);
		found = look(target);
		assert_string_equal(found.fn, "inlines::inner");
		assert_non_null(found.file);
		assert_non_null(strstr(found.file, "inlines.rs"));
		assert_int_equal(found.line, 12);
		end_target(target);
	}
	counts(target);
}

/* Go keeps a table of its own, whatever is stripped. */
static void go(void **state)
{
	static const char *const builds[] = {
		"go build -o a inlines.go",
		"go build -ldflags='-s -w' -o a inlines.go",
		"go build -ldflags='-s -w' -buildmode=pie -o a inlines.go",
	};
	struct target *target = *state;

	if (!have("go"))
		skip();
	target->is_return = 1;
	for (size_t i = 0; i < sizeof(builds) / sizeof(builds[0]); i++) {
		struct symbol found;

		assert_true(run(target, builds[i]));
		start(target, "/a", false);
		found = look(target);
		assert_string_equal(found.fn, "main.(*Server).Handle");
		/* Without what relocations would put there, the inner ones are not known. */
		if (i < 2 || found.nr_inlined) {
			assert_whole(target, "main.leaf", "main.middle", "main.(*Server).Handle",
				     "/inlines.go");
		} else {
			assert_int_equal(found.line, 0);
		}
		end_target(target);
	}
	counts(target);
}

/* A program that was never in the file system, or is not what it was there. */
static void gone_files(void **state)
{
	struct target *target = *state;
	char path[128];

	assert_true(run(target, "gcc -O2 -g inlines.c -o a"));
	start(target, "/a", false);
	assert_true(run(target, "rm a"));
	assert_whole_c(target);
	end_target(target);

	assert_true(run(target, "gcc -O2 -g inlines.c -o a && gcc -O0 inlines.c -o b"));
	start(target, "/a", false);
	assert_true(run(target, "mv b a"));
	assert_whole_c(target);
	/* What was asked while it lived is known when it is gone. */
	kill(target->pid, SIGKILL);
	assert_int_equal(waitpid(target->pid, NULL, 0), target->pid);
	assert_whole_c(target);
	target->pid = 0;

	assert_true(run(target, "gcc -O2 -g inlines.c -o a"));
	snprintf(path, sizeof(path), "%s/a", target->dir);
	put(target, "run.py",
	    "import os, sys\n"
	    "fd = os.memfd_create('program')\n"
	    "os.write(fd, open(sys.argv[0].replace('run.py', 'a'), 'rb').read())\n"
	    "os.execve(fd, ['program'], os.environ)\n");
	if (!have("python3"))
		return;
	put(target, "memory", "#!/bin/sh\nexec python3 \"${0%memory}run.py\"\n");
	assert_true(run(target, "chmod +x memory"));
	start(target, "/memory", false);
	assert_whole_c(target);
	counts(target);
}

/*
 * The same file in another place is known by what it has in it: its debug file is
 * not beside it there. One that only says that it is the same is not.
 */
static void equal_files(void **state)
{
	struct target *target = *state;

	assert_true(
		run(target,
		    "gcc -O2 -g -Wl,--build-id=0x12345678 inlines.c -o a && mkdir other && "
		    "gcc -O2 -g -Wl,--build-id=0x12345678 -Douter=other inlines.c -o other/c && "
		    "objcopy --only-keep-debug a a.debug && "
		    "objcopy --strip-debug --add-gnu-debuglink=a.debug a && cp a other/b && "
		    "objcopy --strip-debug --add-gnu-debuglink=a.debug other/c && "
		    "test $(stat -c %s a) = $(stat -c %s other/c)"));
	start(target, "/a", false);
	assert_whole_c(target);
	end_target(target);
	start(target, "/other/b", false);
	assert_whole_c(target);
	end_target(target);
	start(target, "/other/c", false);
	assert_names_only(target, "other");
	counts(target);
}

/*
 * A unit with one function, whose entry is its own sibling and abstract origin, as
 * is that of the call inlined in it.
 */
static const char loops_s[] =
	".text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start: nop; nop; nop; nop\n"
	"end: .size _start, . - _start\n"
	".section .debug_abbrev\n"
	".uleb128 1, 0x11; .byte 1\n" /* a unit: low_pc, high_pc */
	".uleb128 0x11, 1, 0x12, 7, 0, 0\n"
	".uleb128 2, 0x2e; .byte 1\n" /* a function: sibling, abstract_origin, low_pc, high_pc */
	".uleb128 0x01, 0x13, 0x31, 0x13, 0x11, 1, 0x12, 7, 0, 0\n"
	".uleb128 3, 0x1d; .byte 1\n" /* an inlined call, the same */
	".uleb128 0x01, 0x13, 0x31, 0x13, 0x11, 1, 0x12, 7, 0, 0\n"
	".byte 0\n"
	".section .debug_info\n"
	"unit: .4byte last - first\n"
	"first: .2byte 4; .4byte 0; .byte 8\n"
	".uleb128 1; .8byte _start, end - _start\n"
	"function: .uleb128 2; .4byte function - unit, function - unit\n"
	".8byte _start, end - _start\n"
	"inlined: .uleb128 3; .4byte inlined - unit, inlined - unit\n"
	".8byte end, end - _start\n"
	".byte 0, 0, 0\n"
	"last:\n";

/* Maps a file of the directory as code, here, and asks what is at an offset of it. */
static struct symbol look_in_file(struct target *target, const char *name, size_t offset)
{
	struct symbol found;
	char path[128];
	void *code;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", target->dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	code = mmap(NULL, 1 << 20, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	assert_true(code != MAP_FAILED);
	close(fd);
	symbols_forget(target->symbols, getpid());
	symbols_user(target->symbols, getpid(), (uint64_t)(uintptr_t)code + offset, 0, &found);
	munmap(code, 1 << 20);
	return found;
}

static void loops(void **state)
{
	struct target *target = *state;
	struct symbol found;

	put(target, "loops.s", loops_s);
	assert_true(run(target, "gcc -nostdlib -static loops.s -o loops -Wl,-z,noseparate-code && "
				"nm loops | grep ' _start'"));
	for (size_t offset = 0; offset < 4096; offset += 2) {
		found = look_in_file(target, "loops", offset);
		if (!strcmp(found.fn, "_start"))
			break;
	}
	assert_string_equal(found.fn, "_start");
	assert_int_equal(found.nr_inlined, 0);
	counts(target);
}

/* A file that shares its debug information with itself. */
static void shared_with_itself(void **state)
{
	struct target *target = *state;

	if (getuid())
		skip();
	assert_true(run(
		target,
		"gcc -static -O2 -g inlines.c -o a && "
		"id=$(readelf -n a | sed -n 's/.*Build ID: //p') && "
		"{ printf '/a\\0'; printf $id | sed 's/../\\\\x&/g' | xargs -0 printf; } >link && "
		"objcopy --add-section .gnu_debugaltlink=link a"));
	start(target, "/a", true);
	assert_whole_c(target);
	counts(target);
}

/* Sections that claim to become what no memory has room for. */
static void exploding_sections(void **state)
{
	struct target *target = *state;

	assert_true(run(target,
			"gcc -O2 -g -gz inlines.c -o a && "
			"at=$(readelf -SW a | sed -n 's/.*[.]debug_info *PROGBITS *[0-9a-f]* *"
			"\\([0-9a-f]*\\) .*/\\1/p') && "
			"printf '\\377\\377\\377\\377\\377\\0\\0\\0' | "
			"dd of=a bs=1 seek=$((0x$at + 8)) conv=notrunc"));
	start(target, "/a", false);
	assert_names_only(target, "outer");
	assert_int_equal(counts(target).lines_left_out, 1);
}

/* Cut anywhere, it may lose what it says, and nothing else is lost. */
static void truncated(void **state)
{
	struct target *target = *state;
	struct symbol found;

	assert_true(run(target, "gcc -O2 -g inlines.c -o a && for part in 1 2 3 4 5 6 7 8 9; do "
				"head -c $(($(stat -c %s a) * part / 10)) a >a$part; done"));
	for (int part = 1; part < 10; part++) {
		char name[] = { 'a', (char)('0' + part), '\0' };

		look_in_file(target, name, 0x1100);
	}
	assert_int_equal(
		symbols_user(target->symbols, getpid(), (uint64_t)(uintptr_t)truncated, 0, &found),
		0);
	assert_string_equal(found.fn, "truncated");
}

/* Children that were lost, and places without lines for that: no file is without names. */
static void assert_left_out(const struct target *target, uint64_t restarts, uint64_t places)
{
	struct symbols_counts counts;

	symbols_counts(target->symbols, &counts);
	assert_int_equal(counts.child_restarts, restarts);
	assert_int_equal(counts.files_refused, 0);
	assert_int_equal(counts.lines_left_out, places);
}

/* A mapped file that is cut is a SIGBUS in the midst of its debug information. */
static void killed_by_lines(void **state)
{
	struct target *target = *state;

	assert_true(run(target, "gcc -O2 -g inlines.c -o a && "
				"objcopy --only-keep-debug a a.debug && strip -g a && "
				"objcopy --add-gnu-debuglink=a.debug a"));
	start(target, "/a", false);
	assert_whole_c(target);
	assert_true(run(target, "truncate -s 0 a.debug"));
	target->pc++;
	assert_names_only(target, "outer");
	assert_left_out(target, 1, 1);
	target->pc++;
	assert_names_only(target, "outer");
	assert_left_out(target, 1, 2);
}

static void kill_child(void *context)
{
	kill(*(pid_t *)context, SIGKILL);
}

/* The symbolizer is killed while it is asked about the next place. */
static void next_place(struct target *target)
{
	pid_t children[2], child;

	assert_int_equal(process_children(getpid(), children, 2), 2);
	child = children[children[0] == target->pid];
	target->pc++;
	kill(child, SIGSTOP);
	symbols_meanwhile(target->symbols, kill_child, &child);
	look(target);
	symbols_meanwhile(target->symbols, NULL, NULL);
}

/* Again and again: it goes on without lines, and does not try them again. */
static void killed_with_lines(void **state)
{
	struct target *target = *state;
	struct symbols_counts counts;

	assert_true(run(target, "gcc -O2 -g inlines.c -o a"));
	start(target, "/a", false);
	assert_whole_c(target);
	for (int i = 0; i < 2; i++) {
		next_place(target);
		assert_int_equal(look(target).nr_inlined, 2);
	}
	assert_left_out(target, 2, 0);
	next_place(target);
	assert_names_only(target, "outer");
	assert_left_out(target, 3, 1);
	target->pc++;
	assert_names_only(target, "outer");
	assert_left_out(target, 3, 2);
	/* If it was not for them, it is without names, too. */
	for (int i = 0; i < 3; i++)
		next_place(target);
	assert_string_not_equal(look(target).fn, "outer");
	symbols_counts(target->symbols, &counts);
	assert_int_equal(counts.files_refused, 1);
	assert_int_equal(counts.lines_left_out, 4);
}

#define WITH_TARGET(test) cmocka_unit_test_setup_teardown(test, target_setup, target_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TARGET(formats),
		WITH_TARGET(split),
		WITH_TARGET(cplusplus),
		WITH_TARGET(debug_link),
		WITH_TARGET(build_id),
		WITH_TARGET(mini_debug),
		WITH_TARGET(shared_debug),
		WITH_TARGET(rust),
		WITH_TARGET(go),
		WITH_TARGET(gone_files),
		WITH_TARGET(equal_files),
		WITH_TARGET(loops),
		WITH_TARGET(shared_with_itself),
		WITH_TARGET(exploding_sections),
		WITH_TARGET(truncated),
		WITH_TARGET(killed_by_lines),
		WITH_TARGET(killed_with_lines),
	};

	return cmocka_run_group_tests_name("symbol_debug", tests, NULL, NULL);
}
