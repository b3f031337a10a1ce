// SPDX-License-Identifier: GPL-2.0-or-later
/* poll_core.c - how polls of one thread are compared, and which descriptors stand for all of them. */
#include "runtime/poll_core.h"

#include <poll.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strings.h"
#include "proc/epoll.h"
#include "proc/process.h"

#define SURE_FDS 4 /* three besides the wakeup descriptor */

/* One call of poll or select. */
struct call {
	unsigned int wait_class;
	uint64_t sp;
	int fds[BP_POLL_FDS];
	size_t nr;
	bool listens;
	bool connected;
};

static void call_of(const struct bp_candidate *candidate, struct call *call)
{
	*call = (struct call){
		.wait_class = candidate->wait_class,
		.sp = candidate->sp,
		.listens = candidate->listens != 0,
		.connected = candidate->connected != 0,
	};
	if (candidate->wait_class == BP_WAIT_POLL) {
		for (size_t i = 0; i < candidate->nr_fds && i < BP_POLL_FDS; i++)
			if (candidate->fds[i] >= 0)
				call->fds[call->nr++] = candidate->fds[i];
		return;
	}
	for (size_t i = 0; i < BP_SELECT_WORDS; i++)
		for (uint64_t word = candidate->words[i]; word && call->nr < BP_POLL_FDS;
		     word &= word - 1)
			call->fds[call->nr++] = (int)(i * 64) + __builtin_ctzll(word);
}

static bool is_in(const int *fds, size_t nr, int fd)
{
	for (size_t i = 0; i < nr; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

/* Positive: the call is further in than the one that is known. */
static int64_t further_in(const struct poll_core *core, const struct call *call)
{
	return (int64_t)(core->sp - call->sp);
}

static void learn(struct poll_core *core, const struct call *call)
{
	bool first =
		core->wait_class != call->wait_class || further_in(core, call) < -BP_SITE_BYTES;
	size_t kept = 0;

	if (!first && further_in(core, call) > BP_SITE_BYTES)
		return;
	if (first) {
		memset(core, 0, sizeof(*core));
		core->wait_class = call->wait_class;
		core->sp = call->sp;
		memcpy(core->fds, call->fds, call->nr * sizeof(call->fds[0]));
		core->nr = call->nr;
	}
	for (size_t i = 0; i < core->nr; i++)
		if (is_in(call->fds, call->nr, core->fds[i]))
			core->fds[kept++] = core->fds[i];
	core->nr = kept;
	core->times++;
	core->listens |= call->listens;
	core->connected |= call->connected;
	if (call->nr > core->most)
		core->most = (unsigned int)call->nr;
}

void poll_core_learn(struct poll_core *core, const struct bp_candidate *candidate)
{
	struct call call;

	call_of(candidate, &call);
	learn(core, &call);
}

void poll_core_learn_block(struct poll_core *core, const struct memory *memory,
			   const struct bp_block *block)
{
	struct call call = { .wait_class = block->wait_class, .sp = block->sp };
	struct pollfd fds[BP_POLL_FDS];
	size_t nr = block->args[1] < BP_POLL_FDS ? block->args[1] : BP_POLL_FDS;

	if (block->wait_class != BP_WAIT_POLL || !nr ||
	    memory_read(memory, block->args[0], fds, nr * sizeof(fds[0])))
		return;
	for (size_t i = 0; i < nr; i++)
		if (fds[i].fd >= 0)
			call.fds[call.nr++] = fds[i].fd;
	learn(core, &call);
}

static bool is_connection(pid_t pid, int fd)
{
	char *path __freeing = process_fd_path(pid, fd);

	return !path || starts_with(path, "socket:");
}

size_t poll_core_keys(const struct poll_core *core, pid_t pid, bool alike, int fds[BP_CORE])
{
	size_t nr = 0;

	for (size_t i = 0; !alike && i < core->nr && nr < BP_CORE; i++)
		if (!is_connection(pid, core->fds[i]))
			fds[nr++] = core->fds[i];
	if (nr)
		return nr;
	/* or nothing but sockets: that they were always there is all that is known */
	nr = core->nr < BP_CORE ? core->nr : BP_CORE;
	memcpy(fds, core->fds, nr * sizeof(fds[0]));
	return nr;
}

bool poll_core_has(const struct poll_core *core, int fd)
{
	return is_in(core->fds, core->nr, fd);
}

bool poll_core_is_sure(const struct poll_core *core, pid_t pid)
{
	if ((core->listens && core->connected) || core->most >= SURE_FDS)
		return true;
	for (size_t i = 0; i < core->nr; i++)
		if (epoll_is(pid, core->fds[i]))
			return true;
	return false;
}
