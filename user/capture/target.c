// SPDX-License-Identifier: GPL-2.0-or-later
/* target.c - how the kernel's objects and the call's arguments name what was waited for. */
#include "capture/target.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "capture/kernel_wait.h"
#include "capture/object.h"
#include "capture/question.h"
#include "probe/syscall.h"
#include "proc/peer/peer.h"
#include "proc/process.h"
#include "symbol/symbol.h"

/* Names from the innermost outwards, as the kernel side collected them, into a path. */
static char *path_of(const struct bp_object *object)
{
	const char *names[BP_PATH_BYTES / 2];
	size_t nr = 0, at = 0, used = 0, bytes = object->path_bytes;
	char *path;

	if (bytes > BP_PATH_BYTES)
		bytes = BP_PATH_BYTES;
	while (at < bytes && nr < sizeof(names) / sizeof(names[0])) {
		size_t len = strnlen(object->path + at, bytes - at);

		if (at + len == bytes) /* not ended: never so from the kernel side */
			break;
		names[nr++] = object->path + at;
		at += len + 1;
	}
	path = malloc(bytes + 8);
	if (!path)
		return NULL;
	if (object->path_cut)
		used += snprintf(path, 8, "...");
	else if (!nr)
		used += snprintf(path, 8, "/");
	path[used] = 0;
	while (nr) {
		size_t len = strlen(names[--nr]);

		path[used++] = '/';
		memcpy(path + used, names[nr], len + 1);
		used += len;
	}
	return path;
}

static char *string_of(const struct bp_object *object)
{
	size_t bytes = object->path_bytes;

	return strndup(object->path, bytes > BP_PATH_BYTES ? BP_PATH_BYTES : bytes);
}

/* A path as the program gave it, made absolute by its directory. */
static char *user_path(pid_t pid, const struct bp_object *object)
{
	char *given = string_of(object), *dir = NULL, *path = NULL;

	if (!given || given[0] == '/' || !given[0])
		return given;
	dir = object->fd == AT_FDCWD ? process_cwd(pid) : process_fd_path(pid, object->fd);
	if (!dir)
		return given;
	if (asprintf(&path, "%s/%s", strcmp(dir, "/") ? dir : "", given) < 0)
		path = NULL;
	free(dir);
	free(given);
	return path;
}

static const char *protocol_name(const struct bp_socket *socket)
{
	if (socket->family == AF_UNIX)
		return "unix";
	if (socket->family == AF_NETLINK)
		return "netlink";
	if (socket->family == AF_VSOCK)
		return "vsock";
	if (socket->family != AF_INET && socket->family != AF_INET6)
		return "other";
	switch (socket->protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	case IPPROTO_SCTP:
		return "sctp";
	}
	return "raw";
}

static void set_peer(struct target *target, const struct peer *peer)
{
	target->peer_pid = peer->pid;
	target->peer_comm = strndup(peer->comm, sizeof(peer->comm));
}

/* Does this socket's other end have an address of this machine? */
static bool is_local(const struct bp_socket *socket)
{
	static const unsigned char loopback6[16] = { [15] = 1 };
	size_t bytes = socket->family == AF_INET ? 4 : 16;
	bool mapped =
		socket->family == AF_INET6 && socket->peer[10] == 0xff && socket->peer[12] == 127;

	return !memcmp(socket->local, socket->peer, bytes) || mapped ||
	       (bytes == 4 && socket->peer[0] == 127) ||
	       (bytes == 16 && !memcmp(socket->peer, loopback6, bytes));
}

/*
 * Who sent what ended the wait is the other end, also when that has closed and gone since.
 * The kernel's own threads end what timed out, or came late (ksoftirqd a connect()).
 */
static void peer_by_waker(pid_t pid, const struct party *waker, struct target *target)
{
	if (!waker->pid || waker->pid == pid || waker->kernel)
		return;
	target->peer_pid = waker->pid;
	target->peer_comm = strndup(waker->comm, sizeof(waker->comm));
}

static void target_socket(const struct classify *with, pid_t pid, const struct bp_object *object,
			  const struct party *waker, struct target *target)
{
	const struct bp_socket *socket = &object->socket;
	struct peer peer;

	target->kind = TARGET_SOCKET;
	target->proto = strdup(protocol_name(socket));
	if (object_is_inet(socket)) {
		target->local = object_address(socket->family, socket->local, socket->local_port);
		if (!socket->peer_port)
			return;
		target->peer = object_address(socket->family, socket->peer, socket->peer_port);
		if (!peers_inet(with->peers, pid, socket, &peer))
			set_peer(target, &peer);
		else if (is_local(socket))
			peer_by_waker(pid, waker, target);
	} else if (socket->family == AF_UNIX) {
		if (object->path_bytes && object->path_bytes <= BP_PATH_BYTES) {
			/* the abstract namespace: no path, a NUL first */
			if (object->path[0])
				target->peer = strndup(object->path, object->path_bytes);
			else if (asprintf(&target->peer, "@%.*s", object->path_bytes - 1,
					  object->path + 1) < 0)
				target->peer = NULL;
		}
		if (!peers_unix(with->peers, pid, object->ino, &peer))
			set_peer(target, &peer);
		else
			peer_by_waker(pid, waker, target);
	}
}

static void target_dns(const struct bp_capture *capture, const struct bp_object *object,
		       struct target *target)
{
	size_t bytes = capture->question_bytes;

	target->kind = TARGET_DNS;
	if (bytes > BP_QUESTION_BYTES)
		bytes = BP_QUESTION_BYTES;
	target->name = question_name(capture->question, bytes);
	if (object_is_inet(&object->socket))
		target->server = object_address(object->socket.family, object->socket.peer,
						object->socket.peer_port);
	else
		target->server = string_of(object);
}

static void target_pipe(const struct classify *with, pid_t pid, const struct bp_object *object,
			bool reader, const struct party *waker, struct target *target)
{
	struct peer peer;

	target->kind = TARGET_PIPE;
	peer_by_waker(pid, waker, target);
	if (!target->peer_pid && !peers_pipe(with->peers, pid, object->ino, reader, &peer))
		set_peer(target, &peer);
}

static void target_child(pid_t pid, const struct bp_capture *capture, const struct party *waker,
			 struct target *target)
{
	const struct bp_block *block = &capture->block;
	const struct bp_object *object = &capture->object;
	long long child = 0;
	pid_t only[2];

	if (block->flags & BP_BLOCK_TRY_CHILD || block->syscall == SYS_wait4)
		child = (int)block->args[0];
	else if (block->syscall == SYS_waitid && block->args[0] == P_PID)
		child = (int)block->args[1];
	/* as the thread knows it: in another pid namespace that is another number than ours */
	if (child > 0)
		child = process_child_numbered(pid, child);
	if (object->kind == BP_OBJECT_ANON && object->pid)
		child = object->pid;
	target->kind = TARGET_CHILD;
	if (child <= 0 && waker->pid && waker->pid != pid)
		child = waker->pid; /* any child: the one that ended it */
	if (child <= 0 && process_children(pid, only, 2) == 1)
		child = only[0];
	if (child <= 0)
		return;
	target->pid = child;
	/* a child that has ended woke us with its last name; one that runs is asked */
	if (waker->pid == child) {
		target->comm = strndup(waker->comm, sizeof(waker->comm));
	} else {
		char comm[16];

		if (!process_comm(child, comm))
			target->comm = strndup(comm, sizeof(comm));
	}
}

static void target_of_file(pid_t pid, const struct bp_object *object, struct target *target)
{
	char *path = NULL;

	if (object->kind == BP_OBJECT_USER_PATH)
		path = user_path(pid, object);
	else if (object->kind == BP_OBJECT_FILE)
		path = path_of(object);
	if (path) {
		target->kind = TARGET_FILE;
		target->path = path;
	}
}

static void target_of_device(const struct bp_block *block, const struct bp_object *object,
			     struct target *target)
{
	if (block->syscall == SYS_getrandom) {
		target->kind = TARGET_DEVICE;
		target->name = strdup("/dev/random");
	}
	if (object->kind != BP_OBJECT_CHAR)
		return;
	target->kind = TARGET_DEVICE;
	target->name = path_of(object);
}

static void target_of_fault(const struct classify *with, pid_t pid, const struct bp_block *block,
			    struct target *target)
{
	const char *path = symbols_mapped_path(with->symbols, pid, block->fault_addr);

	if (!path || path[0] != '/')
		return;
	target->kind = TARGET_FILE;
	target->path = strdup(path);
}

int target_peer(const struct classify *with, pid_t pid, const struct bp_capture *capture,
		struct peer *out)
{
	const struct syscall_info *info = syscall_info(capture->block.syscall);
	const struct bp_object *object = capture_object(capture, NULL);

	/* of several descriptors the first is known, and any may be the one that matters */
	if (info && info->flags & BP_SYSCALL_POLL && object->nr_fds != 1)
		return -ENOENT;
	if (capture->block.flags &
	    (BP_BLOCK_FAULT | BP_BLOCK_STOPPED | BP_BLOCK_GIL | BP_BLOCK_COMPAT))
		return -ENOENT;
	if (object->kind == BP_OBJECT_PIPE)
		return peers_pipe(with->peers, pid, object->ino, capture_reads(capture, NULL), out);
	if (object->kind != BP_OBJECT_SOCKET)
		return -ENOENT;
	if (object->socket.family == AF_UNIX)
		return peers_unix(with->peers, pid, object->ino, out);
	if (!object_is_inet(&object->socket) || !object->socket.peer_port)
		return -ENOENT;
	return peers_inet(with->peers, pid, &object->socket, out);
}

void target_fill(const struct classify *with, pid_t pid, const struct bp_capture *capture,
		 struct slice *slice)
{
	const struct bp_block *block = &capture->block;
	const struct bp_object *object = capture_object(capture, slice->stack);

	switch (slice->cause) {
	case CAUSE_FILE:
		target_of_file(pid, object, &slice->target);
		break;
	case CAUSE_SOCKET:
		/* of one that is being closed nothing is known */
		if (object->kind == BP_OBJECT_SOCKET)
			target_socket(with, pid, object, &slice->waker, &slice->target);
		break;
	case CAUSE_DNS:
		target_dns(capture, object, &slice->target);
		break;
	case CAUSE_PIPE:
		target_pipe(with, pid, object, capture_reads(capture, slice->stack), &slice->waker,
			    &slice->target);
		break;
	case CAUSE_TTY:
		target_of_device(block, object, &slice->target);
		break;
	case CAUSE_LOCK:
		if (kernel_wait_of(slice->stack) == KERNEL_WAIT_MMAP_LOCK) {
			slice->target.kind = TARGET_LOCK;
			slice->target.name = strdup("mmap_lock");
			break;
		}
		/* fall through */
	case CAUSE_GIL:
		slice->target.kind = TARGET_FUTEX;
		slice->target.addr = block->args[0];
		break;
	case CAUSE_CHILD:
		target_child(pid, capture, &slice->waker, &slice->target);
		break;
	case CAUSE_FAULT:
		target_of_fault(with, pid, block, &slice->target);
		break;
	case CAUSE_OTHER:
		target_of_device(block, object, &slice->target);
		break;
	default:
		break;
	}
}
