// SPDX-License-Identifier: GPL-2.0-or-later
/* native.c - by what a compiled program shows that it has a loop, and whether a wait is its code's. */
#include "runtime/native.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "proc/epoll.h"
#include "runtime/program.h"

#define HABIT_EPOLL 4 /* sleeps in a row on the same epoll instance, ring or futex */
#define HABIT_POLL  16 /* on the same call site */
#define EPOLLS_MAX  64 /* of a process */

bool native_is_habit(const struct bp_candidate *candidate)
{
	unsigned int habit =
		candidate->wait_class == BP_WAIT_POLL || candidate->wait_class == BP_WAIT_SELECT
			? HABIT_POLL
			: HABIT_EPOLL;

	return candidate->count >= habit && candidate->others <= candidate->count / 2;
}

static bool begins_with_one(const char *path, const char *const *prefixes)
{
	for (; prefixes && *prefixes; prefixes++)
		if (starts_with(base_name(path), *prefixes))
			return true;
	return false;
}

/* The runtime's code is in the executable. */
static bool is_executable(const struct runtime *runtime, struct program *program)
{
	return (runtime->programs && program_is(program, runtime->programs)) ||
	       (runtime->function && program_defines(program, runtime->function));
}

static bool is_mapped(const struct runtime *runtime, struct program *program)
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
	return is_executable(runtime, moment->program) || is_mapped(runtime, moment->program);
}

static void fill(const struct runtime *runtime, unsigned int wait_class, uint64_t wait_id,
		 struct recognised *recognised)
{
	recognised->runtime = runtime;
	recognised->wait_class = wait_class;
	recognised->wait_id = wait_id;
}

/* The thread is in a turn of the loop whose own epoll instance is known. */
static bool fill_turn(const struct runtime *runtime, const struct moment *moment, int own,
		      struct recognised *recognised)
{
	fill(runtime, BP_WAIT_EPOLL, (uint64_t)own, recognised);
	/* a child has the descriptors of its parent, but has no loop by that */
	if (moment->forked_ns || epoll_is_inherited(moment->pid, own))
		memset(recognised, 0, sizeof(*recognised));
	else
		recognised->in_turn = true;
	return true;
}

/* The thread sleeps in what may be a wait. often: it has, before. */
static bool recognise_wait(const struct runtime *runtime, const struct moment *moment,
			   unsigned int wait_class, uint64_t wait_id, bool often,
			   struct recognised *recognised)
{
	int own = runtime->own_epoll ? runtime->own_epoll(moment) : -1;

	if (own >= 0 && (wait_class != BP_WAIT_EPOLL || (uint64_t)own != wait_id))
		return fill_turn(runtime, moment, own, recognised);
	if (own >= 0 || often)
		fill(runtime, wait_class, wait_id, recognised);
	return true;
}

bool native_recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	int own;

	if (!moment->program)
		return false;
	if (candidate && candidate->wait_class == BP_WAIT_FUTEX)
		return false;
	if (candidate)
		return is_caller(runtime, moment, candidate->sp) &&
		       recognise_wait(runtime, moment, candidate->wait_class, candidate->wait_id,
				      native_is_habit(candidate), recognised);
	/* idle for longer than anyone has looked: a wait of this runtime's own code */
	if (block && block->wait_class && block->wait_class != BP_WAIT_FUTEX)
		return is_caller(runtime, moment, block->sp) &&
		       recognise_wait(runtime, moment, block->wait_class, block->wait_id, true,
				      recognised);
	if (!runtime->own_epoll || moment->forked_ns)
		return false;
	own = runtime->own_epoll(moment);
	/* most programs have no such instance: their symbols need not be read */
	return own >= 0 &&
	       (is_executable(runtime, moment->program) || is_mapped(runtime, moment->program)) &&
	       fill_turn(runtime, moment, own, recognised);
}

int native_main_epoll(const struct moment *moment)
{
	struct epoll epolls[EPOLLS_MAX];
	int nr;

	if (moment->tid != moment->pid)
		return -1;
	nr = epoll_list(moment->pid, epolls, EPOLLS_MAX);
	for (int i = 0; i < nr; i++)
		if (!epoll_others_wait(moment->pid, moment->tid, epolls[i].fd))
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
