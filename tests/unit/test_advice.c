// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Advice: every row is given for its own case, and for no other row's; nothing is
 * said where nothing is known; and a name of the program is in it only where it
 * is a plain identifier.
 */
#include "records.h"

#include "runtime/advice.h"
#include "runtime/loops/loops.h"

#define FRAMES_MAX   4
#define PROGRAM	     "/srv/bin/server"
#define PY(fn, path) PYTHON(fn, path, 7)
#define JS(f, path)                                                     \
	{                                                               \
		.kind = FRAME_JS, .fn = (f), .file = (path), .line = 7, \
	}
#define JIT(f)                                \
	{                                     \
		.kind = FRAME_JIT, .fn = (f), \
	}

struct given {
	const struct runtime *runtime;
	enum cause cause;
	const char *syscall;
	const char *advice; /* NULL: none */
	struct frame frames[FRAMES_MAX]; /* innermost first; fn NULL: the end */
};

#define CASE(runtime, cause, syscall, advice, ...)                                   \
	{                                                                            \
		&runtime_##runtime, CAUSE_##cause, syscall, advice, { __VA_ARGS__ }, \
	}

static const struct given cases[] = {
#include "advice_cases.h"
};

/* The user's function in the language of a runtime, and what stands around it. */
static size_t outer_frames(const struct runtime *runtime, struct frame *frames, struct frame own)
{
	size_t nr = 0;

	if (own.fn)
		frames[nr++] = own;
	if (runtime == &runtime_asyncio) {
		frames[nr++] = (struct frame)PY("Handle._run", LIBRARY "asyncio/events.py");
		frames[nr++] = (struct frame)PY("BaseEventLoop._run_once",
						LIBRARY "asyncio/base_events.py");
		frames[nr++] = (struct frame)PY("BaseEventLoop.run_until_complete",
						LIBRARY "asyncio/base_events.py");
	}
	frames[nr++] = (struct frame)NATIVE("main", PROGRAM);
	return nr;
}

static struct frame own_of(const struct runtime *runtime)
{
	if (runtime->off_loop)
		return (struct frame)PY("fetch_rates", "/srv/app/rates.py");
	if (runtime->runs_javascript)
		return (struct frame)JS("fetchRates", "/srv/app/rates.js");
	return (struct frame){ 0 };
}

/* A stall with one slice; slices_free() its slices. */
static struct stall_record stall_of(const struct given *given, struct frame own)
{
	struct frame frames[FRAMES_MAX + 8] = { KERNEL("do_something") };
	struct culprit runner = { .kind = CULPRIT_RUNNER, .pid = 7, .comm = "make", .ns = MS };
	struct stall_record stall = {
		AT(1),
		.turn = "4242-1",
		.id = thread_main(),
		.duration_ns = S,
		.cause = given->cause,
	};
	struct slice slice = {
		.cause = given->cause,
		.syscall = given->syscall ? strdup(given->syscall) : NULL,
		.ns = S,
		.count = 1,
	};
	size_t nr = 1;

	for (size_t i = 0; i < FRAMES_MAX && given->frames[i].fn; i++)
		frames[nr++] = given->frames[i];
	nr += outer_frames(given->runtime, frames + nr, own);
	slice.stack = make_stack(frames, nr);
	if (given->cause == CAUSE_RUNQUEUE)
		assert_int_equal(culprits_add(&slice.culprits, &runner), 0);
	assert_int_equal(slices_add(&stall.slices, &slice), 0);
	return stall;
}

static void assert_advice(const struct given *given, struct frame own)
{
	struct stall_record stall = stall_of(given, own);
	char text[ADVICE_BYTES] = "";
	bool any = advice_of(given->runtime, &stall, text);

	if (any != (given->advice != NULL) || (any && strcmp(text, given->advice)))
		fail_msg("%s, %s: '%s', not '%s'", given->runtime->name, cause_name(given->cause),
			 any ? text : "(none)", given->advice ? given->advice : "(none)");
	slices_free(&stall.slices);
}

static const struct advice *row_of(const struct given *given)
{
	struct stall_record stall = stall_of(given, own_of(given->runtime));
	const struct frame *call;
	const struct advice *row = advice_find(given->runtime, &stall, &call);

	slices_free(&stall.slices);
	return row;
}

static void every_case_has_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR(cases); i++)
		assert_advice(&cases[i], own_of(cases[i].runtime));
}

static const struct runtime *const runtimes[] = {
#define RUNTIME(name) &runtime_##name,
#include "runtime/loops/list.h"
#undef RUNTIME
};

/* No row is given for two cases, and there is a case for each. */
static void every_row_is_for_its_own_case(void **state)
{
	const struct advice *rows[NR(cases)];
	size_t nr = 0;

	(void)state;
	for (size_t i = 0; i < NR(cases); i++) {
		rows[i] = row_of(&cases[i]);
		for (size_t other = 0; other < i; other++)
			if (rows[i] == rows[other])
				fail_msg("one row for '%s' and '%s'", cases[i].advice,
					 cases[other].advice);
	}
	for (size_t i = 0; i < NR(runtimes); i++) {
		const struct advice *const *list = runtimes[i]->advice;

		for (; list && *list; list++)
			for (const struct advice *row = *list; row->text; row++) {
				size_t at = 0;

				assert_true(row->causes);
				while (at < NR(cases) && rows[at] != row)
					at++;
				if (at == NR(cases))
					fail_msg("no case for '%s' of %s", row->text,
						 runtimes[i]->name);
				nr++;
			}
	}
	assert_true(nr >= 60);
}

#define SITE "/srv/venv/lib/python3.11/site-packages/"

/* Nobody knows better, or what is known is not about this call. */
static void nothing_is_known(void **state)
{
	static const struct given unknown[] = {
		CASE(generic, SLEEP, "clock_nanosleep", NULL),
		CASE(generic, CPU, NULL, NULL),
		CASE(asyncio, OTHER, "ptrace", NULL),
		CASE(asyncio, IPC, "msgrcv", NULL),
		CASE(asyncio, STOPPED, NULL, NULL),
		/* computing in a library that no row knows */
		CASE(asyncio, CPU, NULL, NULL, PY("call", SITE "strange/core.py")),
		CASE(asyncio, CPU, NULL, NULL, NATIVE("f", "/usr/lib/libstrange.so.1")),
		CASE(node, CPU, NULL, NULL, JS("call", "/srv/app/node_modules/strange/index.js")),
		CASE(node, SOCKET, "read", NULL),
		CASE(redis, CPU, NULL, NULL, NATIVE("processCommand", PROGRAM)),
		CASE(nginx, SOCKET, "recvfrom", NULL),
		CASE(nginx, CPU, NULL, NULL, NATIVE("ngx_http_handler", PROGRAM)),
		CASE(postgres, FILE, "fsync", NULL),
		CASE(glib, LOCK, "futex", NULL),
		CASE(qt, LOCK, "futex", NULL, NATIVE("Mutexes::lock()", PROGRAM)),
		CASE(tokio, LOCK, "futex", NULL, NATIVE("std::thread::spawn", PROGRAM)),
	};

	(void)state;
	for (size_t i = 0; i < NR(unknown); i++)
		assert_advice(&unknown[i], own_of(unknown[i].runtime));
}

#define LIBRARY_BLOCKS "a library that is made for asyncio, or await asyncio.to_thread(fetch_rates)"

/* Nobody's function is known but the one that started the loop, of which nothing is a call. */
static void nothing_inside_of_the_loop(void **state)
{
	static const struct frame frames[] = {
		NATIVE("[unknown]", "/usr/bin/python3.11"),
		PY("Handle._run", LIBRARY "asyncio/events.py"),
		PY("BaseEventLoop._run_once", LIBRARY "asyncio/base_events.py"),
		PY("BaseEventLoop.run_until_complete", LIBRARY "asyncio/base_events.py"),
		PY("<module>", "/srv/app/main.py"),
	};
	static const struct given given =
		CASE(asyncio, POLL, "epoll_wait", "loop.add_reader() instead of select and poll");
	struct stall_record stall = stall_of(&given, (struct frame){ 0 });
	char text[ADVICE_BYTES];

	(void)state;
	stack_put(stall.slices.v[0].stack);
	stall.slices.v[0].stack = make_stack(frames, NR(frames));
	assert_true(advice_of(&runtime_asyncio, &stall, text));
	assert_string_equal(text, given.advice);
	slices_free(&stall.slices);
}

/* Libraries are known by where they are installed, and not by what else has their names. */
static void names_that_mislead(void **state)
{
	static const struct given library = CASE(asyncio, SOCKET, "recvfrom", LIBRARY_BLOCKS,
						 PY("call", "/srv/redis/venv/lib/python3.11/"
							    "site-packages/strange/core.py"));
	static const struct given plain = CASE(asyncio, SLEEP, "clock_nanosleep",
					       "await asyncio.sleep() instead of time.sleep()");
	static const struct given outer = CASE(
		asyncio, SLEEP, "clock_nanosleep", "await asyncio.sleep() instead of time.sleep()",
		PY("helper", "/srv/app/helpers.py"), PY("call", SITE "requests/sessions.py"));
	static const struct given nested =
		CASE(asyncio, POLL, "epoll_wait",
		     "httpx.AsyncClient or aiohttp instead of requests, or "
		     "await asyncio.to_thread(fetch_rates)",
		     PY("select", LIBRARY "selectors.py"), PY("call", SITE "urllib3/pool.py"),
		     PY("send", SITE "requests/sessions.py"));

	(void)state;
	assert_advice(&library, own_of(library.runtime));
	/* the user's own package is called as a library is */
	assert_advice(&plain, (struct frame)PY("fetch_rates", "/srv/requests/redis/client.py"));
	/* a library that called the user's function is not what blocks */
	assert_advice(&outer, own_of(outer.runtime));
	/* of several, the one that the user called */
	assert_advice(&nested, own_of(nested.runtime));
}

static void names_in_the_text(void **state)
{
	static const struct {
		const char *fn;
		bool suspends;
		const char *shown;
	} names[] = {
		{ "fetch", false, "fetch" },
		{ "Db.fetch", false, "Db.fetch" },
		{ "main.<locals>.job", false, "job" },
		{ "main.<locals>.inner.<locals>.job", false, "job" },
		/* what a thread cannot be given */
		{ "fetch", true, "..." },
		{ "<lambda>", false, "..." },
		{ "main.<locals>.<lambda>", false, "..." },
		{ "<module>", false, "..." },
		/* what nobody should copy */
		{ "x); import os; os.system('rm -rf ~') #", false, "..." },
		{ HOSTILE, false, "..." },
		{ "f\n", false, "..." },
		{ "", false, "..." },
		{ "{thread}", false, "..." },
		{ "%s%n", false, "..." },
		{ "1f", false, "..." },
		{ "a_name_of_more_than_sixty_four_bytes_which_would_make_the_line_too_long", false,
		  "..." },
	};

	(void)state;
	for (size_t i = 0; i < NR(names); i++) {
		char text[ADVICE_BYTES];
		struct given given = CASE(asyncio, LOCK, "futex", text);
		struct frame own = { .kind = FRAME_PYTHON,
				     .fn = names[i].fn,
				     .file = "/srv/app/x.py",
				     .suspends = names[i].suspends };

		snprintf(text, sizeof(text),
			 "asyncio.Lock or asyncio.Event instead of threading's, or await "
			 "asyncio.to_thread(%s)",
			 names[i].shown);
		assert_advice(&given, own);
	}
}

/* The names of a call, and of who ran, are the program's as well. */
static void other_names_in_the_text(void **state)
{
	static const struct given call =
		CASE(node, FILE, "read", "await fs.promises....() instead of fs....()",
		     JS("x; rmSync", "node:fs"));
	struct given runs = CASE(generic, RUNQUEUE, NULL,
				 "another thread ran meanwhile: give that less CPU (nice, "
				 "CPUWeight=), or this a CPU of its own");
	struct stall_record stall = stall_of(&runs, own_of(runs.runtime));
	char text[ADVICE_BYTES];

	(void)state;
	assert_advice(&call, own_of(call.runtime));
	strcpy(stall.slices.v[0].culprits.v[0].comm, "a;b\033[1m");
	assert_true(advice_of(runs.runtime, &stall, text));
	assert_string_equal(text, runs.advice);
	culprits_free(&stall.slices.v[0].culprits);
	assert_true(advice_of(runs.runtime, &stall, text));
	assert_string_equal(text, runs.advice);
	slices_free(&stall.slices);
}

/* Without slices, stacks, or a runtime. */
static void little_is_known(void **state)
{
	struct stall_record stall = { AT(1), .cause = CAUSE_SLEEP };
	struct slice slice = { .cause = CAUSE_SLEEP, .ns = S };
	char text[ADVICE_BYTES];

	(void)state;
	assert_false(advice_of(&runtime_asyncio, &stall, text));
	assert_int_equal(slices_add(&stall.slices, &slice), 0);
	assert_false(advice_of(NULL, &stall, text));
	assert_false(advice_of(&runtime_asyncio, &stall, text));
	slices_free(&stall.slices);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_has_its_words),
		cmocka_unit_test(every_row_is_for_its_own_case),
		cmocka_unit_test(nothing_is_known),
		cmocka_unit_test(nothing_inside_of_the_loop),
		cmocka_unit_test(names_that_mislead),
		cmocka_unit_test(names_in_the_text),
		cmocka_unit_test(other_names_in_the_text),
		cmocka_unit_test(little_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
