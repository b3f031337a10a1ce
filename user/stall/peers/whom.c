// SPDX-License-Identifier: GPL-2.0-or-later
/* whom.c - which reader of which fact is asked, for each way to block, who could end that. */
#include "stall/peers/whom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/clock.h"
#include "base/strings.h"
#include "capture/bus_name.h"
#include "capture/owner.h"
#include "capture/target.h"
#include "probe/probe.h"
#include "proc/epoll.h"
#include "proc/mount.h"
#include "proc/peer/peer.h"
#include "proc/process.h"
#include "runtime/python/python.h"
#include "stall/peers/foreign.h"
#include "stall/state/loop.h"
#include "stall/state/loops.h"
#include "stall/state/state.h"
#include "stall/state/threads.h"
#include "stall/state/watched.h"

static void add(struct whoms *whoms, const struct whom *whom)
{
	if (whoms->nr == WHOMS_MAX)
		return;
	whoms->v[whoms->nr] = *whom;
	if (whom->pid && !*whom->comm)
		process_comm(whom->pid, whoms->v[whoms->nr].comm);
	whoms->nr++;
}

static void add_peer(struct whoms *whoms, enum culprit_kind kind, const struct peer *peer)
{
	struct whom whom = { .kind = kind, .pid = peer->pid, .fd = peer->fd };

	if (!peer->certain)
		whom.doubt = CULPRIT_ONE_OF_SEVERAL;
	memcpy(whom.comm, peer->comm, sizeof(whom.comm));
	add(whoms, &whom);
}

/* -- locks in memory -- */

static pid_t gil_owner(struct engine *engine, pid_t pid)
{
	struct python *python = foreign_python(engine, pid);
	uint64_t pthread = python ? python_gil_holder(python) : 0;
	struct watched *watched = watched_find(engine->watched, pid);
	pid_t tid;

	if (!pthread || !watched)
		return 0;
	tid = watched_tid(watched, pthread);
	if (!tid) {
		threads_note(engine, watched);
		tid = watched_tid(watched, pthread);
	}
	return tid;
}

pid_t whom_owner(struct engine *engine, pid_t pid, const struct bp_block *block)
{
	const struct memory memory = state_memory(engine, pid);
	pid_t owner = 0;

	if (block->flags & BP_BLOCK_GIL)
		return gil_owner(engine, pid);
	return owner_now(&memory, block, &owner) ? owner : 0;
}

static bool waits_for_own_loop(struct engine *engine, const struct blocked *blocked)
{
	struct watched *watched = watched_find(engine->watched, blocked->pid);
	struct python *python = watched ? watched_python(watched) : NULL;
	uint64_t pthread = python ? watched_pthread(watched, blocked->tid) : 0;

	return pthread && blocked->slice->cause == CAUSE_LOCK &&
	       python_waits_for_own_loop(python, pthread);
}

static void find_owner(struct engine *engine, const struct blocked *blocked, struct whoms *out)
{
	struct whom whom = { .kind = CULPRIT_OWNER, .pid = blocked->pid, .fd = -1 };

	whom.tid = whom_owner(engine, blocked->pid, &blocked->capture->block);
	if (!whom.tid && waits_for_own_loop(engine, blocked)) {
		whom.kind = CULPRIT_PEER;
		whom.tid = blocked->tid;
	}
	if (!whom.tid)
		return;
	process_thread_comm(whom.pid, whom.tid, whom.comm);
	add(out, &whom);
}

void whoms_add_waker(const struct blocked *blocked, struct whoms *out)
{
	add(out, &(struct whom){
			 .kind = CULPRIT_WAKER,
			 .pid = blocked->pid,
			 .not_tid = blocked->tid,
			 .fd = -1,
		 });
}

/* -- files -- */

/* Whether a function of the kernel with this in its name is on the stack; true as well where that has no kernel frames. */
static bool may_be_in(const struct stack *stack, const char *part)
{
	bool has_kernel = false;

	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		if (stack->frames[i].kind != FRAME_KERNEL)
			continue;
		has_kernel = true;
		if (strstr(stack->frames[i].fn, part))
			return true;
	}
	return !has_kernel;
}

static bool is_in(const struct stack *stack, const char *part)
{
	return stack && stack->nr && stack->frames[0].kind == FRAME_KERNEL &&
	       may_be_in(stack, part);
}

/* File systems that another machine answers for, and what the kernel's functions are called that wait for it. */
static const struct {
	const char *type;
	const char *part;
} remote[] = {
	{ "nfs", "rpc_" }, { "nfs", "nfs" },	   { "cifs", "cifs" },	 { "cifs", "smb" },
	{ "smb3", "smb" }, { "smb3", "cifs" },	   { "9p", "p9_" },	 { "ceph", "ceph" },
	{ "afs", "afs" },  { "virtiofs", "fuse" }, { "ocfs2", "ocfs2" }, { "gfs2", "gfs2" },
};

static void find_remote(const struct mount *mount, const struct stack *stack, struct whoms *out)
{
	struct whom whom = { .kind = CULPRIT_SERVER, .fd = -1 };

	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
		if (!starts_with(mount->type, remote[i].type) || !may_be_in(stack, remote[i].part))
			continue;
		snprintf(whom.name, sizeof(whom.name), "%s", mount->server);
		add(out, &whom);
		return;
	}
}

static uint32_t device_of(const struct bp_object *object)
{
	return object->kind == BP_OBJECT_FILE ? object->dev : 0;
}

bool whom_locks_file(const struct bp_capture *capture)
{
	return capture->block.flags & BP_BLOCK_TRY_LOCK || capture->block.syscall == SYS_flock ||
	       capture->block.syscall == SYS_fcntl;
}

static void find_lock_holder(struct engine *engine, const struct blocked *blocked,
			     struct whoms *out)
{
	const struct bp_object *object = &blocked->capture->object;
	const struct file_lock lock = { blocked->pid, object->dev, object->ino };
	struct peer peer;

	if (object->kind == BP_OBJECT_FILE &&
	    !peers_lock(engine->classify.peers, &lock, object->fd, &peer))
		add_peer(out, CULPRIT_OWNER, &peer);
}

static bool is_remote(const struct mount *mount)
{
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if (starts_with(mount->type, remote[i].type))
			return true;
	return false;
}

/* By its path, where it may be on another file system than the first descriptor of the call. */
static void find_mount(struct engine *engine, pid_t pid, uint32_t dev, const char *path,
		       struct mount *mount)
{
	struct allowance *allowance = peers_allowance(engine->classify.peers);
	uint64_t before_ns = clock_spent_ns();
	struct mount other;

	if (!allowance_is_left(allowance, pid, clock_now_ns()))
		return;
	if (dev)
		mount_find(pid, dev, NULL, mount);
	if (path && !starts_with(mount->type, "fuse") && !is_remote(mount) &&
	    !mount_find(pid, 0, path, &other))
		*mount = other;
	allowance_pay(allowance, pid, clock_now_ns(), clock_spent_ns() - before_ns);
}

struct syncers {
	const struct blocked *blocked;
	struct whoms *out;
};

static void add_syncer(void *context, const struct bp_sync_snapshot *snapshot)
{
	struct syncers *syncers = context;
	struct whom whom = {
		.kind = CULPRIT_SYNCER,
		.pid = (pid_t)snapshot->tgid,
		.tid = (pid_t)snapshot->tid,
		.fd = -1,
		.doubt = CULPRIT_SAME_FILE_SYSTEM,
	};

	if (whom.tid == syncers->blocked->tid)
		return;
	snprintf(whom.comm, sizeof(whom.comm), "%.*s", BP_COMM_LEN - 1, snapshot->comm);
	add(syncers->out, &whom);
}

/* Whoever writes out the same file system may be why its disk is busy: no more is known. */
static void find_syncers(struct engine *engine, const struct blocked *blocked, uint32_t dev,
			 struct whoms *out)
{
	struct syncers syncers = { blocked, out };

	probe_syncers(engine->probe, dev, add_syncer, &syncers);
}

/* Who answers for the file. */
static void find_server(struct engine *engine, const struct blocked *blocked, struct whoms *out)
{
	const struct stack *stack = blocked->slice->stack;
	struct peers *peers = engine->classify.peers;
	const char *path = blocked->slice->target.path;
	uint32_t dev = device_of(&blocked->capture->object);
	struct mount mount = { .dev = dev };
	struct peer peer;

	if (blocked->slice->target.kind != TARGET_FILE)
		path = NULL;
	if (dev || path)
		find_mount(engine, blocked->pid, dev, path, &mount);
	if (is_in(stack, "fanotify")) {
		if (!peers_scanner(peers, blocked->pid, mount.dev, &peer))
			add_peer(out, CULPRIT_SERVER, &peer);
		return;
	}
	if (starts_with(mount.type, "fuse")) {
		if (may_be_in(stack, "fuse") && !peers_fuse(peers, blocked->pid, mount.dev, &peer))
			add_peer(out, CULPRIT_SERVER, &peer);
		return;
	}
	find_remote(&mount, stack, out);
	if (!out->nr && blocked->capture->block.flags & BP_BLOCK_DISK && mount.dev)
		find_syncers(engine, blocked, mount.dev, out);
}

/* -- all ways to block -- */

/* Not of a thread that a signal stopped: any process may have sent that. */
static void find_tracer(const struct blocked *blocked, struct whoms *out)
{
	struct whom whom = { .kind = CULPRIT_TRACER, .fd = -1 };

	whom.pid = process_tracer(blocked->pid, blocked->tid);
	if (whom.pid)
		add(out, &whom);
}

static void find_child(const struct blocked *blocked, struct whoms *out)
{
	const struct target *target = &blocked->slice->target;
	struct whom whom = { .kind = CULPRIT_CHILD, .pid = target->pid, .fd = -1 };

	if (target->kind != TARGET_CHILD || !target->pid)
		return;
	snprintf(whom.comm, sizeof(whom.comm), "%s", target->comm ? target->comm : "");
	add(out, &whom);
}

static int find_bus_owner(struct engine *engine, const struct blocked *blocked, const char *name,
			  struct peer *out)
{
	const struct target *target = &blocked->slice->target;

	if (target->kind != TARGET_SOCKET || !target->peer)
		return -ENOENT;
	return peers_bus(engine->classify.peers, blocked->pid, target->peer, name, out);
}

/* The bus only passes it on. */
static bool find_service(struct engine *engine, const struct blocked *blocked, struct whoms *out)
{
	const struct memory memory = state_memory(engine, blocked->pid);
	struct allowance *allowance = peers_allowance(engine->classify.peers);
	uint64_t before_ns = clock_spent_ns();
	struct whom whom = { .kind = CULPRIT_SERVICE, .fd = -1 };
	struct peer peer;
	bool found;

	if (!bus_is(&blocked->capture->object) ||
	    !allowance_is_left(allowance, blocked->pid, clock_now_ns()))
		return false;
	found = bus_destination(&memory, blocked->capture->block.sp, whom.name, sizeof(whom.name));
	allowance_pay(allowance, blocked->pid, clock_now_ns(), clock_spent_ns() - before_ns);
	if (found && !find_bus_owner(engine, blocked, whom.name, &peer)) {
		whom.pid = peer.pid;
		memcpy(whom.comm, peer.comm, sizeof(whom.comm));
	}
	if (found)
		add(out, &whom);
	return found;
}

enum serves { SERVES, SERVES_NOT, SERVES_UNKNOWN };

/* Does this loop wait for the descriptor? */
static enum serves serves(struct engine *engine, const struct loop *loop, int fd)
{
	const struct bp_slot *slot = probe_slot(engine->probe, loop->slot);
	const struct memory memory = state_memory(engine, loop->id.pid);

	/* where several threads serve one source, another may */
	if (slot->cell)
		return SERVES_UNKNOWN;
	if (slot->wait_class == BP_WAIT_EPOLL)
		return epoll_has(&memory, (int)slot->wait_id, fd) ? SERVES : SERVES_NOT;
	for (unsigned int i = 0; bp_is_poll(slot->wait_class) && i < slot->core_nr && i < BP_CORE;
	     i++)
		if (slot->core[i] == fd)
			return SERVES;
	return SERVES_UNKNOWN;
}

/*
 * Which thread of its process is meant, or is not. Where the other end, or its listener, is served
 * by a loop that is blocked, none but that would answer; where it is not, another thread may.
 */
static void find_thread(struct engine *engine, const struct blocked *blocked,
			const struct peer *peer, struct whom *whom)
{
	bool blocks = false;

	for_each_loop (engine->loops, loop) {
		enum serves how = SERVES_UNKNOWN;

		if (loop->id.pid != peer->pid ||
		    !(loop->observation || loop->id.tid == blocked->tid))
			continue;
		if (peer->fd >= 0 && peer->certain)
			how = serves(engine, loop, peer->fd);
		if (how == SERVES) {
			whom->tid = loop->id.tid;
			return;
		}
		blocks |= how == SERVES_NOT;
	}
	if (process_threads(peer->pid) <= 1)
		return;
	if (peer->pid == blocked->pid)
		whom->not_tid = blocked->tid;
	else if (blocks)
		whom->doubt = CULPRIT_ONE_OF_SEVERAL;
}

static void find_peer(struct engine *engine, const struct blocked *blocked, struct whoms *out)
{
	struct peer peer;

	if (target_peer(&engine->classify, blocked->pid, blocked->capture, &peer))
		return;
	add_peer(out, CULPRIT_PEER, &peer);
	find_thread(engine, blocked, &peer, &out->v[out->nr - 1]);
}

void whoms_find(struct engine *engine, const struct blocked *blocked, struct whoms *out)
{
	out->nr = 0;
	switch (blocked->slice->cause) {
	case CAUSE_LOCK:
	case CAUSE_GIL:
		find_owner(engine, blocked, out);
		break;
	case CAUSE_STOPPED:
		find_tracer(blocked, out);
		return;
	case CAUSE_CHILD:
		find_child(blocked, out);
		break;
	case CAUSE_FILE:
	case CAUSE_FAULT:
	case CAUSE_OTHER:
		if (whom_locks_file(blocked->capture))
			find_lock_holder(engine, blocked, out);
		else
			find_server(engine, blocked, out);
		break;
	default:
		break;
	}
	if (!out->nr && !find_service(engine, blocked, out))
		find_peer(engine, blocked, out);
}

struct culprit whom_culprit(const struct whom *whom)
{
	struct culprit culprit = {
		.kind = whom->kind,
		.pid = whom->pid,
		.tid = whom->tid,
		.doubt = whom->doubt,
		.another = whom->not_tid != 0,
	};

	memcpy(culprit.comm, whom->comm, sizeof(culprit.comm));
	if (*whom->name)
		culprit.name = strdup(whom->name);
	return culprit;
}
