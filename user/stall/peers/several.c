// SPDX-License-Identifier: GPL-2.0-or-later
/* several.c - how the kernel side is asked for each descriptor of a poll or an epoll instance in turn. */
#include "stall/peers/several.h"

#include <string.h>

#include "capture/poll_sets.h"
#include "capture/target.h"
#include "probe/probe.h"
#include "probe/syscall.h"
#include "proc/epoll.h"
#include "proc/peer/peer.h"
#include "stall/state/state.h"

#define ASKED_MAX 6 /* descriptors */

static size_t list(struct engine *engine, const struct blocked *blocked, int *fds)
{
	const struct bp_block *block = &blocked->capture->block;
	const struct memory memory = state_memory(engine, blocked->pid);
	const struct syscall_info *info = syscall_info(block->syscall);

	if (!info || block->flags & (BP_BLOCK_COMPAT | BP_BLOCK_STOPPED | BP_BLOCK_FAULT))
		return 0;
	if (block->wait_class == BP_WAIT_EPOLL)
		return epoll_sockets(&memory, (int)block->args[0], fds, ASKED_MAX);
	if (info->flags & BP_SYSCALL_POLL)
		return poll_list(&memory, block->args, fds, ASKED_MAX);
	return 0;
}

static void take_object(void *context, const struct bp_observed_snapshot *snapshot)
{
	struct bp_object *object = context;

	*object = snapshot->object;
}

/* As if the thread waited for this one alone. */
static bool find_peer(struct engine *engine, const struct blocked *blocked, int fd,
		      struct peer *out)
{
	struct bp_capture one = { .block.syscall = blocked->capture->block.syscall };
	int err;

	probe_observed_fd(engine->probe, blocked->tid, fd);
	err = probe_observe_thread(engine->probe, blocked->pid, blocked->tid, take_object,
				   &one.object);
	probe_observed_fd(engine->probe, blocked->tid, -1);
	if (err || one.object.fd != fd)
		return false;
	one.object.nr_fds = 1;
	return !target_peer(&engine->classify, blocked->pid, &one, out);
}

static bool is_known(const struct whoms *whoms, pid_t pid)
{
	for (size_t i = 0; i < whoms->nr; i++)
		if (whoms->v[i].pid == pid)
			return true;
	return false;
}

void several_find(struct engine *engine, const struct blocked *blocked, struct whoms *out)
{
	int fds[ASKED_MAX];
	size_t nr = list(engine, blocked, fds);

	for (size_t i = 0; i < nr && out->nr < WHOMS_MAX; i++) {
		struct whom whom = { .kind = CULPRIT_PEER };
		struct peer peer;

		if (fds[i] < 0 || !find_peer(engine, blocked, fds[i], &peer) ||
		    peer.pid == blocked->pid || is_known(out, peer.pid))
			continue;
		whom.pid = peer.pid;
		whom.fd = peer.fd;
		memcpy(whom.comm, peer.comm, sizeof(whom.comm));
		out->v[out->nr++] = whom;
	}
	for (size_t i = 0; i < out->nr && out->nr > 1; i++)
		out->v[i].doubt = CULPRIT_ONE_OF_SEVERAL;
}
