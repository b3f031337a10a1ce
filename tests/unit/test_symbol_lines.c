// SPDX-License-Identifier: GPL-2.0-or-later
/* Names, lines and inlined functions of real programs, by the debug information in their files. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/symbol.h"
#include "tests/unit/symbol_debug_fixture.h"

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

static void rust(void **state)
{
	struct target *target = *state;

	if (!have("rustc"))
		skip();
	put(target, "inlines.rs", inlines_rs);
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
	put(target, "inlines.go", inlines_go);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TARGET(formats), WITH_TARGET(split), WITH_TARGET(cplusplus),
		WITH_TARGET(rust),    WITH_TARGET(go),	  WITH_TARGET(gone_files),
	};

	return cmocka_run_group_tests_name("symbol_lines", tests, NULL, NULL);
}
