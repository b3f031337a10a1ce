// SPDX-License-Identifier: GPL-2.0-or-later
/* Stacks folded to the frames that their reader can act on. */
#include "records.h"

#include "text/fold.h"

/* Text of one stack, folded. */
static char *fold_at(const struct frame *frames, size_t nr, const char *call, size_t columns)
{
	const struct look look = { .columns = columns };
	const struct fold fold = { .call = call, .margin = 4 };
	struct stack *stack = make_stack(frames, nr);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(fold_print(out, stack, &fold, &look), 0);
	fclose(out);
	stack_put(stack);
	return text;
}

static char *fold(const struct frame *frames, size_t nr, const char *call)
{
	return fold_at(frames, nr, call, 80);
}

static void library_only_shows_its_inner_frames(void **state)
{
	static const struct frame frames[] = {
		PYTHON("d", LIBRARY "d.py", 4),
		PYTHON("c", LIBRARY "c.py", 3),
		PYTHON("b", LIBRARY "b.py", 2),
		PYTHON("a", LIBRARY "a.py", 1),
		PYTHON("run_forever", LIBRARY "asyncio/base_events.py", 607),
		PYTHON("main", "/srv/app/main.py", 1),
	};
	char *text = fold(frames, NR(frames), "read");

	(void)state;
	assert_string_equal(text, "    b      python3.11/b.py:2\n"
				  "      c    python3.11/c.py:3\n"
				  "        d  python3.11/d.py:4\n");
	free(text);
}

static void native_program_shows_its_named_frames(void **state)
{
	static const struct frame frames[] = {
		KERNEL("ext4_sync_file"),
		NATIVE("fdatasync", "/lib/libc.so.6"),
		NATIVE("redis-server+0x1234", "/usr/bin/redis-server"),
		NATIVE("flushAppendOnlyFile", "/usr/bin/redis-server"),
		NATIVE("main", "/usr/bin/redis-server"),
	};
	char *text = fold(frames, NR(frames), "fdatasync");

	(void)state;
	assert_string_equal(text, "    main                   redis-server\n"
				  "      flushAppendOnlyFile  redis-server\n"
				  "        redis-server+0x1234\n");
	free(text);
}

/* Nothing of it is cut: not the name, and not the place. */
static void long_names_are_continued(void **state)
{
	static const struct frame frames[] = {
		PYTHON("a_function_with_a_name_that_is_long_enough_to_fill_a_row_by_itself",
		       "/srv/application/a_module_with_a_name_that_is_long_as_well.py", 1234),
		PYTHON("outer", "/srv/app/main.py", 1),
	};
	char *text = fold(frames, NR(frames), NULL);

	(void)state;
	assert_string_equal(
		text, "    outer  app/main.py:1\n"
		      "      a_function_with_a_name_that_is_long_enough_to_fill_a_row_by_itself\n"
		      "          application/a_module_with_a_name_that_is_long_as_well.py:1234\n");
	free(text);
	text = fold_at(frames, NR(frames), NULL, 40);
	assert_string_equal(text, "    outer  app/main.py:1\n"
				  "      a_function_with_a_name_that_is_\n"
				  "          long_enough_to_fill_a_row_by_\n"
				  "          itself  application/a_module_\n"
				  "          with_a_name_that_is_long_as_\n"
				  "          well.py:1234\n");
	free(text);
	text = fold_at(frames, NR(frames), NULL, 0);
	assert_non_null(strstr(text, "by_itself  application/a_module_with_a_name_that_is_long_as_"
				     "well.py:1234\n"));
	free(text);
}

static void only_more_than_the_place_is_more(void **state)
{
	static const struct frame frames[] = {
		PYTHON("recv", LIBRARY "socket.py", 1),
		PYTHON("query", "/srv/app/db.py", 7),
		PYTHON("main", "/srv/app/main.py", 1),
	};
	const struct look look = { .columns = 80 };
	struct stack *stacks[] = { make_stack(frames + 1, 1), make_stack(frames, 2),
				   make_stack(frames + 1, 2) };

	(void)state;
	assert_false(fold_says_more(NULL, &look));
	assert_false(fold_says_more(stacks[0], &look));
	assert_true(fold_says_more(stacks[1], &look));
	assert_true(fold_says_more(stacks[2], &look));
	for (size_t i = 0; i < NR(stacks); i++)
		stack_put(stacks[i]);
}

/* The library that a frame of the user's called, rather than the C library under it. */
static void native_library_is_the_leaf(void **state)
{
	static const struct frame frames[] = {
		KERNEL("do_sys_poll"),
		NATIVE("poll", "/lib/libc.so.6"),
		NATIVE("PQgetResult", "/usr/lib/libpq.so.5"),
		NATIVE("_PyEval_EvalFrameDefault", "/usr/bin/python3.11"),
		PYTHON("query", "/srv/app/db.py", 7),
	};
	char *text = fold(frames, NR(frames), "poll");

	(void)state;
	assert_string_equal(text, "    query          app/db.py:7\n"
				  "      PQgetResult  libpq.so.5\n");
	free(text);
}

static void node_modules_are_library(void **state)
{
	static const struct frame frames[] = {
		{ .kind = FRAME_JS, .fn = "readFileSync", .file = "node:fs", .line = 1 },
		{ .kind = FRAME_JS, .fn = "load", .file = "/a/node_modules/x/i.js", .line = 2 },
		{ .kind = FRAME_JS, .fn = "handler", .file = "/srv/site/web.js", .line = 9 },
	};
	char *text = fold(frames, NR(frames), "openat");

	(void)state;
	assert_string_equal(text, "    handler  site/web.js:9  (+2 library frames)\n"
				  "      openat\n");
	free(text);
}

static void deep_stack_is_abridged(void **state)
{
	struct frame frames[100];
	size_t lines = 0;
	char *text;

	(void)state;
	for (unsigned int i = 0; i < NR(frames); i++)
		frames[i] = (struct frame)PYTHON(i == 99 ? "outermost"
						 : i	 ? "f"
							 : "innermost",
						 "/srv/f.py", i + 1);
	text = fold(frames, NR(frames), NULL);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	assert_int_equal(lines, 13);
	assert_non_null(strstr(text, "... (88 more frames)\n"));
	assert_int_equal(strncmp(text, "    outermost", 13), 0);
	assert_non_null(strstr(text, "innermost"));
	check_width(text, 80);
	free(text);
}

static void empty_stack_is_no_stack(void **state)
{
	char *text = fold(NULL, 0, "read");

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(library_only_shows_its_inner_frames),
		cmocka_unit_test(native_program_shows_its_named_frames),
		cmocka_unit_test(long_names_are_continued),
		cmocka_unit_test(only_more_than_the_place_is_more),
		cmocka_unit_test(native_library_is_the_leaf),
		cmocka_unit_test(node_modules_are_library),
		cmocka_unit_test(deep_stack_is_abridged),
		cmocka_unit_test(empty_stack_is_no_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
