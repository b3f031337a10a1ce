// SPDX-License-Identifier: GPL-2.0-or-later
/* runner.c - when commands are started, asked to end, and killed. */
#include "run/runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define FAR_MS 60000 /* to wait where nothing is due */

/* One run. pidfd -1: free. */
struct run {
	pid_t pid; /* of its process group too */
	int pidfd;
	uint64_t due_ns; /* when its next signal is due */
	bool late; /* it has had one */
};

struct runner {
	const char *command;
	int socket; /* -1: closed by the other side */
	struct runner_counts *counts;
	struct run runs[RUNNER_MAX];
	int queue[RUNNER_QUEUE]; /* files, a ring */
	unsigned int first, nr_queued;
	uint64_t end_ns; /* by when the last has to have ended; 0: it is not time yet */
};

/* Both processes read it. */
static void count(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELEASE);
}

static void failed(struct runner *runner, int status)
{
	if (!runner->counts->failed)
		runner->counts->first_status = status;
	count(&runner->counts->failed);
}

static int spawn(const struct runner *runner, int input, pid_t *pid)
{
	char *argv[] = { "sh", "-c", (char *)runner->command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;
	int err;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	err = posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

static void start(struct runner *runner, struct run *run, int input)
{
	int err = spawn(runner, input, &run->pid);

	close(input);
	if (!err) {
		run->pidfd = pidfd_open(run->pid, 0);
		err = run->pidfd < 0 ? -errno : 0;
		/* without a pidfd its time could not be limited */
		if (err) {
			kill(run->pid, SIGKILL);
			waitpid(run->pid, NULL, 0);
		}
	}
	if (err) {
		run->pidfd = -1;
		count(&runner->counts->run);
		failed(runner, -1);
		return;
	}
	run->late = false;
	run->due_ns = clock_coarse_ns() + RUNNER_LIMIT_NS;
}

static void start_queued(struct runner *runner)
{
	for (int i = 0; i < RUNNER_MAX && runner->nr_queued; i++) {
		if (runner->runs[i].pidfd >= 0)
			continue;
		runner->nr_queued--;
		start(runner, &runner->runs[i], runner->queue[runner->first]);
		runner->first = (runner->first + 1) % RUNNER_QUEUE;
	}
}

static void add(struct runner *runner, int input)
{
	if (runner->nr_queued == RUNNER_QUEUE) {
		close(input);
		count(&runner->counts->not_run);
		return;
	}
	runner->queue[(runner->first + runner->nr_queued++) % RUNNER_QUEUE] = input;
}

/* The next file; -EAGAIN: none now; -EPIPE: no more will come. */
static int receive(int socket)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	int fd;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return got > 0 ? -EAGAIN : -EPIPE;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static void take(struct runner *runner)
{
	int input;

	while ((input = receive(runner->socket)) >= 0) {
		add(runner, input);
		start_queued(runner);
	}
	if (input != -EPIPE)
		return;
	close(runner->socket);
	runner->socket = -1;
	runner->end_ns = clock_coarse_ns() + RUNNER_END_NS;
	for (int i = 0; i < RUNNER_MAX; i++)
		if (!runner->runs[i].late && runner->runs[i].due_ns > runner->end_ns)
			runner->runs[i].due_ns = runner->end_ns;
}

static void reap(struct runner *runner, struct run *run)
{
	int status = 0;

	/* what it has left behind is ended, too, before the id can be another's */
	if (run->late)
		kill(-run->pid, SIGKILL);
	waitpid(run->pid, &status, 0);
	close(run->pidfd);
	run->pidfd = -1;
	if (run->late)
		count(&runner->counts->late);
	else if (status)
		failed(runner, status);
	count(&runner->counts->run);
}

static void signal_late(struct runner *runner, uint64_t now_ns)
{
	for (int i = 0; i < RUNNER_MAX; i++) {
		struct run *run = &runner->runs[i];

		if (run->pidfd < 0 || now_ns < run->due_ns)
			continue;
		kill(-run->pid, run->late ? SIGKILL : SIGTERM);
		/* so that one that is stopped ends, too */
		kill(-run->pid, SIGCONT);
		run->late = true;
		run->due_ns = now_ns + RUNNER_KILL_NS;
	}
}

static int wait_ms(const struct runner *runner, uint64_t now_ns)
{
	uint64_t due_ns = now_ns + FAR_MS * NS_PER_MS;

	for (int i = 0; i < RUNNER_MAX; i++)
		if (runner->runs[i].pidfd >= 0 && runner->runs[i].due_ns < due_ns)
			due_ns = runner->runs[i].due_ns;
	return due_ns > now_ns ? (int)((due_ns - now_ns) / NS_PER_MS) + 1 : 0;
}

static bool idle(const struct runner *runner)
{
	for (int i = 0; i < RUNNER_MAX; i++)
		if (runner->runs[i].pidfd >= 0)
			return false;
	return !runner->nr_queued;
}

static void forget_queued(struct runner *runner)
{
	for (; runner->nr_queued; runner->nr_queued--)
		count(&runner->counts->not_run);
}

static void turn(struct runner *runner)
{
	struct pollfd fds[RUNNER_MAX + 1];
	uint64_t now_ns = clock_coarse_ns();

	/* a negative descriptor is passed over */
	for (int i = 0; i < RUNNER_MAX; i++)
		fds[i] = (struct pollfd){ .fd = runner->runs[i].pidfd, .events = POLLIN };
	fds[RUNNER_MAX] = (struct pollfd){ .fd = runner->socket, .events = POLLIN };
	if (poll(fds, RUNNER_MAX + 1, wait_ms(runner, now_ns)) < 0)
		return;
	for (int i = 0; i < RUNNER_MAX; i++)
		if (fds[i].revents)
			reap(runner, &runner->runs[i]);
	if (fds[RUNNER_MAX].revents)
		take(runner);
	now_ns = clock_coarse_ns();
	if (runner->end_ns && now_ns >= runner->end_ns)
		forget_queued(runner);
	start_queued(runner);
	signal_late(runner, now_ns);
}

void runner_run(int socket, const char *command, struct runner_counts *counts)
{
	struct runner runner = { .command = command, .socket = socket, .counts = counts };

	for (int i = 0; i < RUNNER_MAX; i++)
		runner.runs[i].pidfd = -1;
	/* who started it waits for this */
	if (send(socket, "", 1, MSG_NOSIGNAL) != 1)
		_exit(1);
	while (runner.socket >= 0 || !idle(&runner))
		turn(&runner);
	_exit(0);
}
