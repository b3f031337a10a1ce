// SPDX-License-Identifier: GPL-2.0-or-later
/* zygote.c - how a new process is ordered, and that it is a child of who ordered it. */
#include "base/zygote.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/pass.h"
#include "base/sandbox.h"

/* Forking takes less than a millisecond; one that does not answer in that time is stopped. */
#define ANSWER_MAX_MS 1000

struct zygote {
	int socket; /* -1: it has been given up */
	pid_t pid;
};

/* Both processes are the same program at the same addresses. */
struct order {
	zygote_child_fn *child;
	size_t nr; /* of the descriptors that are meant, of always as many */
};

/*
 * By a socket of the order's own, so that no answer is taken for another's: from the new process,
 * which begins when it is told to. One whose answer was not waited for ends without a deed.
 */
struct answer {
	pid_t pid; /* or -errno: it could not be forked */
};

struct go {
	char on;
};

enum { FDS_NR = ZYGOTE_FDS_MAX + 1 }; /* the last one is where to answer */

/* Not fork(): the new process is a child of our parent, which can wait for it, and end with it. */
static pid_t fork_sibling(void)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

	return pid < 0 ? -errno : (pid_t)pid;
}

static void begin(const struct order *order, const int *fds, pid_t parent)
{
	const struct answer own = { getpid() };
	int socket = fds[ZYGOTE_FDS_MAX];
	struct go go;

	if (pass_send(socket, &own, sizeof(own), NULL, 0) ||
	    pass_receive(socket, true, &go, sizeof(go), NULL, 0))
		_exit(0);
	close(socket);
	order->child(fds, order->nr, parent);
	_exit(0);
}

static void serve(int socket, pid_t parent)
{
	int fds[FDS_NR];
	struct order order;

	while (!pass_receive(socket, true, &order, sizeof(order), fds, FDS_NR)) {
		struct answer answer = { fork_sibling() };

		if (answer.pid == 0)
			begin(&order, fds, parent);
		if (answer.pid < 0)
			pass_send(fds[ZYGOTE_FDS_MAX], &answer, sizeof(answer), NULL, 0);
		for (size_t i = 0; i < FDS_NR; i++)
			close(fds[i]);
	}
}

struct zygote *zygote_new(void)
{
	struct zygote *zygote = calloc(1, sizeof(*zygote));
	pid_t parent = getpid();
	int sockets[2];

	if (!zygote || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets)) {
		free(zygote);
		return NULL;
	}
	zygote->pid = fork();
	if (zygote->pid == 0) {
		if (!sandbox_prepare("blockprof-fork", sockets[1], parent))
			serve(SANDBOX_FIRST, parent);
		_exit(0);
	}
	close(sockets[1]);
	zygote->socket = sockets[0];
	if (zygote->pid > 0)
		return zygote;
	close(zygote->socket);
	free(zygote);
	return NULL;
}

static void give_up(struct zygote *zygote)
{
	if (zygote->socket < 0)
		return;
	close(zygote->socket);
	zygote->socket = -1;
	kill(zygote->pid, SIGKILL);
	waitpid(zygote->pid, NULL, 0);
}

void zygote_free(struct zygote *zygote)
{
	if (!zygote)
		return;
	give_up(zygote);
	free(zygote);
}

/* 0: there is none. */
static pid_t receive_answer(int socket)
{
	struct pollfd ready = { .fd = socket, .events = POLLIN };
	struct answer answer;

	while (poll(&ready, 1, ANSWER_MAX_MS) < 0)
		if (errno != EINTR)
			return 0;
	if (pass_receive(socket, false, &answer, sizeof(answer), NULL, 0))
		return 0;
	return answer.pid;
}

/* Its number; -errno of the fork; 0: there is none, and none will come. */
static pid_t order_child(struct zygote *zygote, const struct order *order, const int *fds)
{
	const struct go go = { 1 };
	int sockets[2], all[FDS_NR], err;
	pid_t pid = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return 0;
	/* always as many: what is too much is sent twice */
	for (size_t i = 0; i < ZYGOTE_FDS_MAX; i++)
		all[i] = fds[i < order->nr ? i : order->nr - 1];
	all[ZYGOTE_FDS_MAX] = sockets[1];
	err = pass_send(zygote->socket, order, sizeof(*order), all, FDS_NR);
	close(sockets[1]);
	if (!err)
		pid = receive_answer(sockets[0]);
	if (!pid) {
		give_up(zygote);
		/* it may have forked before; if not, there is nobody now who could answer */
		pid = receive_answer(sockets[0]);
	}
	if (pid > 0)
		pass_send(sockets[0], &go, sizeof(go), NULL, 0);
	close(sockets[0]);
	return pid;
}

pid_t zygote_fork(struct zygote *zygote, zygote_child_fn *child, const int *fds, size_t nr)
{
	pid_t parent = getpid(), pid = 0;

	if (nr < 1 || nr > ZYGOTE_FDS_MAX)
		return -EINVAL;
	if (zygote && zygote->socket >= 0) {
		const struct order order = { child, nr };

		pid = order_child(zygote, &order, fds);
	}
	if (pid)
		return pid;
	pid = fork();
	if (pid == 0) {
		child(fds, nr, parent);
		_exit(0);
	}
	return pid < 0 ? -errno : pid;
}
