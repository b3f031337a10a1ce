// SPDX-License-Identifier: GPL-2.0-or-later
/* client.c - life and death of the symbolizer's process. */
#include "symbol/client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "symbol/clock.h"
#include "symbol/sandbox.h"
#include "symbol/worker.h"

#define ANSWER_MAX_NS (2 * NS_PER_SEC)
#define DEATH_MAX_MS  200
/* Restarts in a row, and how long until one more is granted: a hang costs ANSWER_MAX_NS. */
#define STARTS_MAX    8
#define START_EACH_NS (10 * NS_PER_SEC)

struct client {
	int socket; /* -1: no child */
	int pidfd;
	uint64_t generation;
	uint64_t sequence;
	uint64_t restarts;
	unsigned int starts_left;
	uint64_t granted_ns; /* when starts_left was last made more */
};

static bool readable(int fd, uint64_t until_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	for (;;) {
		uint64_t now_ns = clock_now_ns();
		uint64_t left_ns = now_ns < until_ns ? until_ns - now_ns : 0;
		int ready = poll(&poll_fd, 1, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS));

		if (ready > 0)
			return true;
		if (ready == 0 ? left_ns == 0 : errno != EINTR)
			return false;
	}
}

/* Ends the child if it lives. The signal it died of, 0: none, or not known. */
static int stop(struct client *client, bool kill)
{
	siginfo_t info = { 0 };

	if (client->socket < 0)
		return 0;
	close(client->socket);
	client->socket = -1;
	/* A closed socket tells it to go; if it does not, or must not be waited for: */
	if (kill || !readable(client->pidfd, clock_now_ns() + DEATH_MAX_MS * NS_PER_MS))
		pidfd_send_signal(client->pidfd, SIGKILL, NULL, 0);
	/* Stuck in the kernel (a dead file server), it is left behind. */
	if (readable(client->pidfd, clock_now_ns() + DEATH_MAX_MS * NS_PER_MS))
		waitid(P_PIDFD, (id_t)client->pidfd, &info, WEXITED);
	close(client->pidfd);
	client->pidfd = -1;
	return info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED ? info.si_status : 0;
}

/* The next packet: its size; 0: the child is gone; -ETIMEDOUT. */
static ssize_t receive(struct client *client, struct answer *answer)
{
	ssize_t got;

	if (!readable(client->socket, clock_now_ns() + ANSWER_MAX_NS))
		return -ETIMEDOUT;
	do {
		got = recv(client->socket, answer, sizeof(*answer), MSG_TRUNC | MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	return got > 0 ? got : 0;
}

static bool well_formed(struct answer *answer, ssize_t bytes, uint64_t sequence)
{
	if (bytes < (ssize_t)ANSWER_HEADER_BYTES || answer->sequence != sequence ||
	    answer->text_bytes > sizeof(answer->text) || answer->error > 0 ||
	    answer->nr_lines > ANSWER_LINES_MAX ||
	    (size_t)bytes != ANSWER_HEADER_BYTES + answer->text_bytes)
		return false;
	return !answer->text_bytes || !answer->text[answer->text_bytes - 1];
}

static void __attribute__((noreturn)) be_child(int socket, pid_t parent)
{
	if (sandbox_enter(socket, parent) == 0)
		worker_run(SANDBOX_SOCKET);
	_exit(0);
}

static int start(struct client *client)
{
	pid_t parent = getpid(), pid;
	struct answer ready;
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	pid = fork();
	if (pid == 0)
		be_child(sockets[1], parent);
	close(sockets[1]);
	client->socket = sockets[0];
	client->pidfd = pid < 0 ? -1 : pidfd_open(pid, 0);
	client->generation++;
	if (client->pidfd < 0) {
		/* Without its socket the child ends by itself. */
		close(client->socket);
		client->socket = -1;
		return -ENOTCONN;
	}
	if (!well_formed(&ready, receive(client, &ready), 0)) {
		stop(client, true);
		return -ENOTCONN;
	}
	return 0;
}

static int start_again(struct client *client)
{
	uint64_t now_ns = clock_now_ns();

	while (client->starts_left < STARTS_MAX && now_ns - client->granted_ns >= START_EACH_NS) {
		client->starts_left++;
		client->granted_ns += START_EACH_NS;
	}
	if (client->starts_left == 0)
		return -ENOTCONN;
	if (client->starts_left == STARTS_MAX)
		client->granted_ns = now_ns;
	client->starts_left--;
	client->restarts++;
	return start(client);
}

static bool request_send(struct client *client, const struct request *request, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec part = { (void *)request, sizeof(*request) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		struct cmsghdr *header = &control.align;

		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	}
	return sendmsg(client->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	       (ssize_t)sizeof(*request);
}

int client_ask(struct client *client, struct request *request, int fd, struct answer *answer)
{
	ssize_t got;

	if (client->socket < 0 && start_again(client))
		return -ENOTCONN;
	request->sequence = ++client->sequence;
	if (!request_send(client, request, fd)) {
		stop(client, true);
		return -ENOTCONN;
	}
	got = receive(client, answer);
	if (got == 0)
		return stop(client, true) == SIGKILL ? -ECANCELED : -EPIPE;
	if (got > 0 && well_formed(answer, got, request->sequence))
		return 0;
	stop(client, true);
	return got < 0 ? -ETIMEDOUT : -EPROTO;
}

int client_new(struct client **out)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->socket = -1;
	client->pidfd = -1;
	client->starts_left = STARTS_MAX;
	client->granted_ns = clock_now_ns();
	/* If it does not start now, it is tried again when there is something to ask. */
	start(client);
	*out = client;
	return 0;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	stop(client, false);
	free(client);
}

uint64_t client_generation(const struct client *client)
{
	return client->generation;
}

uint64_t client_restarts(const struct client *client)
{
	return client->restarts;
}
