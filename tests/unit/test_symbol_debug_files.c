// SPDX-License-Identifier: GPL-2.0-or-later
/* Debug information that is in other files than the program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/child/symbolizer.h"
#include "symbol/symbol.h"
#include "tests/unit/memory_sources.h"
#include "tests/unit/symbol_debug_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TARGET(debug_link),   WITH_TARGET(build_id),    WITH_TARGET(mini_debug),
		WITH_TARGET(shared_debug), WITH_TARGET(equal_files),
	};

	return cmocka_run_group_tests_name("symbol_debug_files", tests, NULL, NULL);
}
