// SPDX-License-Identifier: GPL-2.0-or-later
/* native.c - by what a compiled program shows that it has a loop, and whether a wait is its code's. */
#include "runtime/native.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "proc/epoll.h"
#include "proc/process.h"
#include "runtime/borrowers.h"
#include "runtime/program.h"

#define HABIT_TIMES 4 /* three returns to one wait, whatever lies between */
#define EPOLLS_MAX  64 /* of a process */
#define NESTED_MAX  2 /* runs, one inside the other: more than one is enough to know */

bool native_sleeps_further_out(const struct moment *moment)
{
	/*
	 * As often as not: a wait may be deep in the loop's own code, or have a large frame,
	 * so that callbacks sleep further out. Calls between an interpreter's functions
	 * take no native stack.
	 */
	return !moment->python && !runtime_unread(moment->program) &&
	       moment->candidate->outer >= moment->candidate->count / 2;
}

bool native_is_habit(const struct moment *moment)
{
	return moment->candidate->count >= HABIT_TIMES;
}

static bool begins_with_one(const char *path, const char *const *prefixes)
{
	for (; prefixes && *prefixes; prefixes++)
		if (starts_with(base_name(path), *prefixes))
			return true;
	return false;
}

/* The runtime's code is in the executable, by its descriptor's fields. */
static bool is_executable(const struct runtime *runtime, struct program *program)
{
	return (runtime->programs && program_is(program, runtime->programs)) ||
	       (runtime->function && program_defines(program, runtime->function)) ||
	       (runtime->or_function && program_defines(program, runtime->or_function));
}

bool native_is_mapped(const struct runtime *runtime, struct program *program)
{
	for (const char *const *prefix = runtime->libraries; prefix && *prefix; prefix++)
		if (program_library(program, *prefix))
			return true;
	return false;
}

/* The call that may be a wait was made by this runtime's code, as far as can be told. */
static bool is_caller(const struct runtime *runtime, const struct moment *moment, uint64_t sp)
{
	const char *caller = program_caller(moment->program, sp);

	if (caller && *caller && runtime->libraries)
		return begins_with_one(caller, runtime->libraries);
	/* what a program calls, which is this runtime as a whole, in its libraries, is its own */
	if (!runtime->libraries || (caller && !*caller))
		return is_executable(runtime, moment->program);
	return is_executable(runtime, moment->program) ||
	       native_is_mapped(runtime, moment->program);
}

size_t native_runs(const struct runtime *runtime, const struct moment *moment, uint64_t sp)
{
	struct program_functions_in in = {
		.functions = runtime->runs_in,
		.libraries = runtime->libraries,
	};
	int calls[NESTED_MAX];

	if (!runtime->runs_in)
		return 0;
	in.executable = is_executable(runtime, moment->program);
	if (!in.executable && !native_is_mapped(runtime, moment->program))
		return 0;
	return program_calls(moment->program, sp, &in, calls, NESTED_MAX);
}

static void fill(const struct runtime *runtime, enum way way, unsigned int wait_class,
		 uint64_t wait_id, struct recognised *recognised)
{
	recognised->runtime = runtime;
	recognised->way = way;
	recognised->wait_class = wait_class;
	recognised->wait_id = wait_id;
}

/* The thread is in a turn of the loop whose own epoll instance is known. */
static bool fill_turn(const struct runtime *runtime, const struct moment *moment, int own,
		      struct recognised *recognised)
{
	fill(runtime, WAY_SOURCE, BP_WAIT_EPOLL, (uint64_t)own, recognised);
	/* a child has the descriptors of its parent, but has no loop by that */
	if (moment->forked_ns || epoll_is_inherited(&moment->memory, own))
		memset(recognised, 0, sizeof(*recognised));
	else
		recognised->in_turn = true;
	return true;
}

/* The only epoll instance of the process, if no other thread waits on it; -1: it is not known. */
static int only_epoll(const struct moment *moment)
{
	struct epoll epolls[2];

	if (epoll_list(&moment->memory, epolls, 2) != 1 ||
	    epoll_others_wait(&moment->memory, moment->tid, epolls[0].fd))
		return -1;
	return epolls[0].fd;
}

/*
 * The thread is blocked in a turn of this loop, whose function is on its stack; or it
 * runs. In a child that is its parent's copy still the stack proves nothing: it needs an
 * epoll instance that the parent has not.
 */
static bool recognise_hanging(const struct runtime *runtime, const struct moment *moment,
			      struct recognised *recognised)
{
	uint64_t sp = moment->block ? moment->block->sp : moment->sp;
	size_t runs = native_runs(runtime, moment, sp);
	bool copy, borrowed_run;
	int own;

	/* the run of a private loop for one call is none */
	if (!runs || (runs == 1 && native_borrows(moment, sp, &borrowed_run) && borrowed_run))
		return false;
	own = runtime->waits_by_epoll ? only_epoll(moment) : -1;
	copy = moment->forked_ns || process_is_copy(moment->pid);
	if (copy && (own < 0 || epoll_is_inherited(&moment->memory, own)))
		return false;
	fill(runtime, WAY_STACK, own < 0 ? BP_WAIT_NONE : BP_WAIT_EPOLL,
	     own < 0 ? 0 : (uint64_t)own, recognised);
	recognised->in_turn = true;
	return true;
}

/* A wait that this runtime's code called. way: by which it is a loop's; WAY_NONE: not yet. */
static bool recognise_wait(const struct runtime *runtime, const struct moment *moment,
			   unsigned int wait_class, uint64_t wait_id, enum way way,
			   struct recognised *recognised)
{
	int own = runtime->own_epoll ? runtime->own_epoll(moment) : -1;

	if (own >= 0 && (wait_class != BP_WAIT_EPOLL || (uint64_t)own != wait_id))
		return fill_turn(runtime, moment, own, recognised);
	if (own >= 0)
		fill(runtime, WAY_SOURCE, wait_class, wait_id, recognised);
	else if (way != WAY_NONE)
		recognised->against = native_borrowed_by(
			moment, moment->candidate ? moment->candidate->sp : moment->block->sp);
	if (own < 0 && way != WAY_NONE && !recognised->against)
		fill(runtime, way, wait_class, wait_id, recognised);
	return true;
}

/* It has just begun to sleep in what may be a wait. */
static bool recognise_candidate(const struct runtime *runtime, const struct moment *moment,
				struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	enum way way = WAY_NONE;

	if (candidate->wait_class == BP_WAIT_FUTEX || !is_caller(runtime, moment, candidate->sp))
		return false;
	/* of several runs, one inside the other, it may be a private one's */
	if (native_runs(runtime, moment, candidate->sp) == 1)
		way = WAY_STACK;
	else if (native_is_habit(moment) && !native_sleeps_further_out(moment))
		way = WAY_HABIT;
	return recognise_wait(runtime, moment, candidate->wait_class, candidate->wait_id, way,
			      recognised);
}

/* Where it has an instance to wait for, a poll is for something else, in a turn. */
static bool polls_in_turn(const struct runtime *runtime, const struct moment *moment)
{
	return runtime->waits_by_epoll && bp_is_poll(moment->block->wait_class) &&
	       only_epoll(moment) >= 0;
}

bool native_recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_block *block = moment->block;
	int own;

	if (!moment->program)
		return false;
	if (moment->candidate)
		return recognise_candidate(runtime, moment, recognised);
	/* idle for longer than anyone has looked: a wait of this runtime's own code */
	if (block && block->wait_class && block->wait_class != BP_WAIT_FUTEX &&
	    is_caller(runtime, moment, block->sp) && !polls_in_turn(runtime, moment)) {
		recognise_wait(runtime, moment, block->wait_class, block->wait_id, WAY_STACK,
			       recognised);
		/* or a call's, in a turn */
		if (recognised->against && recognise_hanging(runtime, moment, recognised))
			recognised->against = NULL;
		return true;
	}
	if (runtime->own_epoll && !moment->forked_ns) {
		own = runtime->own_epoll(moment);
		/* most programs have no such instance: their symbols need not be read */
		if (own >= 0 && (is_executable(runtime, moment->program) ||
				 native_is_mapped(runtime, moment->program)))
			return fill_turn(runtime, moment, own, recognised);
	}
	/* its other threads are none of its loops: what else such a file has need not be read */
	return recognise_hanging(runtime, moment, recognised) ||
	       (runtime->programs && !runtime->libraries &&
		program_is(moment->program, runtime->programs));
}

/* The wait is in the interpreter's own code, rather than in what a loop is written on. */
static bool is_own_code(const struct runtime *runtime, const struct moment *moment)
{
	const char *caller = program_caller(moment->program, moment->candidate->sp);

	return !caller || !*caller || begins_with_one(caller, runtime->libraries);
}

bool native_recognise_interpreter(const struct runtime *runtime, const struct moment *moment,
				  struct recognised *recognised)
{
	const struct runtime *unknown = runtime_unknown();

	if (!moment->program || !is_executable(runtime, moment->program))
		return false;
	if (moment->candidate && moment->candidate->wait_class != BP_WAIT_SELECT &&
	    is_own_code(runtime, moment)) {
		recognised->against = "its interpreter waits so for anything";
		return true;
	}
	unknown->recognise(unknown, moment, recognised);
	if (recognised->runtime)
		recognised->runtime = runtime;
	return true;
}

int native_main_epoll(const struct moment *moment)
{
	struct epoll epolls[EPOLLS_MAX];
	int nr;

	if (moment->tid != moment->pid)
		return -1;
	nr = epoll_list(&moment->memory, epolls, EPOLLS_MAX);
	for (int i = 0; i < nr; i++)
		if (!epoll_others_wait(&moment->memory, moment->tid, epolls[i].fd))
			return epolls[i].fd;
	return -1;
}

int native_library_version(struct program *program, const char *prefix, const char *suffix,
			   char *version, size_t size)
{
	const char *path = program_library(program, prefix), *from, *to;

	if (!path)
		return -ENOENT;
	from = base_name(path) + strlen(prefix);
	to = strstr(from, suffix);
	if (!to || to == from || (size_t)(to - from) >= size)
		return -ENOENT;
	memcpy(version, from, (size_t)(to - from));
	version[to - from] = '\0';
	return 0;
}
