// SPDX-License-Identifier: GPL-2.0-or-later
/* handler.c - how a stall gets to the process that runs commands, and how that process is started and ended. */
#include "run/handler.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "model/finals.h"
#include "recording/encode.h"
#include "run/caller.h"

#define RUNNER_SOCKET 3 /* in the runner */
#define LATEST_MS     ((RUNNER_END_NS + RUNNER_KILL_NS) / NS_PER_MS + 500)

struct handler {
	struct finals *finals; /* each stall once */
	int socket; /* -1: no more stalls are handed over */
	pid_t pid;
	int pidfd; /* -1: the runner is gone */
	struct runner_counts *counts; /* the runner's */
	uint64_t lost; /* stalls that were not handed over */
};

/* A sealed file: whoever has its descriptor can only read it. A descriptor or -errno. */
static int file_of(const char *text)
{
	int fd = memfd_create("stall", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t left = strlen(text);

	if (fd < 0)
		return -errno;
	while (left) {
		ssize_t written = write(fd, text, left);

		if (written < 0) {
			int err = -errno;

			close(fd);
			return err;
		}
		text += written;
		left -= written;
	}
	lseek(fd, 0, SEEK_SET);
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
	return fd;
}

/* Never waits. 0 or -errno. */
static int hand_over(const struct handler *handler, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec data = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	return sendmsg(handler->socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* One that cannot be handed over is counted, and no reason to stop. */
static int run_for(void *context, const struct stall_record *stall)
{
	struct handler *handler = context;
	char *line __freeing = encode_stall_line(stall);
	int fd = line ? file_of(line) : -ENOMEM;

	if (fd < 0 || hand_over(handler, fd))
		handler->lost++;
	if (fd >= 0)
		close(fd);
	return 0;
}

/* -- the runner's process -- */

/* Standard output is for reports: what a command prints goes where our notes go. 0 or -errno. */
static int set_descriptors(int *socket)
{
	int null = open("/dev/null", O_RDWR), own = fcntl(*socket, F_DUPFD, RUNNER_SOCKET);

	if (null < 0 || own < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    (fcntl(STDERR_FILENO, F_GETFD) < 0 && dup2(null, STDERR_FILENO) < 0) ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return -errno;
	if (own != RUNNER_SOCKET && dup2(own, RUNNER_SOCKET) < 0)
		return -errno;
	fcntl(RUNNER_SOCKET, F_SETFD, FD_CLOEXEC);
	*socket = RUNNER_SOCKET;
	return close_range(RUNNER_SOCKET + 1, ~0u, 0) ? -errno : 0;
}

static void __attribute__((noreturn))
be_runner(int socket, const char *command, const struct caller *caller,
	  struct runner_counts *counts)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	sigset_t none;

	/* it ends with its socket; signals that ask for the end are for the commands */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (set_descriptors(&socket) || caller_become(caller))
		_exit(1);
	runner_run(socket, command, counts);
}

static int start(struct handler *handler, const char *command, const struct caller *caller)
{
	int sockets[2];
	char ready;

	handler->counts = mmap(NULL, sizeof(*handler->counts), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (handler->counts == MAP_FAILED) {
		handler->counts = NULL;
		return -errno;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	handler->pid = fork();
	if (!handler->pid)
		be_runner(sockets[1], command, caller, handler->counts);
	close(sockets[1]);
	handler->socket = sockets[0];
	if (handler->pid < 0)
		return -errno;
	handler->pidfd = pidfd_open(handler->pid, 0);
	if (handler->pidfd < 0)
		return -errno;
	/* end of file: it could not become that user */
	return recv(handler->socket, &ready, 1, 0) == 1 ? 0 : -EPERM;
}

int handler_new(struct handler **out, const char *command, const struct caller *caller)
{
	struct handler *handler = calloc(1, sizeof(*handler));
	int err;

	if (!handler)
		return -ENOMEM;
	handler->socket = handler->pidfd = -1;
	err = finals_new(&handler->finals, run_for, handler);
	if (!err)
		err = start(handler, command, caller);
	if (err) {
		handler_free(handler);
		return err;
	}
	*out = handler;
	return 0;
}

void handler_stall(struct handler *handler, const struct stall_record *stall)
{
	if (handler->socket >= 0 && finals_stall(handler->finals, stall))
		handler->lost++;
}

void handler_withdrawn(struct handler *handler, const struct withdrawn_record *withdrawn)
{
	finals_withdraw(handler->finals, withdrawn);
}

struct runner_counts handler_counts(const struct handler *handler)
{
	const struct runner_counts *live = handler->counts;

	return (struct runner_counts){
		.run = __atomic_load_n(&live->run, __ATOMIC_ACQUIRE),
		.failed = __atomic_load_n(&live->failed, __ATOMIC_ACQUIRE),
		.late = __atomic_load_n(&live->late, __ATOMIC_ACQUIRE),
		.not_run = __atomic_load_n(&live->not_run, __ATOMIC_ACQUIRE) + handler->lost,
		.first_status = live->first_status,
	};
}

bool handler_has_ended(const struct handler *handler, int ms)
{
	struct pollfd fd = { .fd = handler->pidfd, .events = POLLIN };

	return handler->pidfd < 0 || poll(&fd, 1, ms) > 0;
}

void handler_close(struct handler *handler)
{
	if (handler->socket < 0)
		return;
	finals_end(handler->finals);
	close(handler->socket);
	handler->socket = -1;
}

void handler_wait(struct handler *handler)
{
	if (handler->pidfd < 0)
		return;
	if (!handler_has_ended(handler, LATEST_MS))
		pidfd_send_signal(handler->pidfd, SIGKILL, NULL, 0);
	waitpid(handler->pid, NULL, 0);
	close(handler->pidfd);
	handler->pidfd = -1;
}

void handler_free(struct handler *handler)
{
	if (!handler)
		return;
	if (handler->socket >= 0)
		close(handler->socket);
	handler_wait(handler);
	finals_free(handler->finals);
	if (handler->counts)
		munmap(handler->counts, sizeof(*handler->counts));
	free(handler);
}
