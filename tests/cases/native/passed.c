// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * passed.c child|both
 * An epoll instance that is passed to another process by SCM_RIGHTS.
 * child: the parent makes it, passes it on and does something else (waits for the child's end);
 *   the child serves it, and sleeps 300 ms in work() each 0.7 s. Right: sleep, in work, at the child
 *   (who holds it besides may not be seen: doubt shared).
 * both: the parent serves it as well, all the time, while the child's handlers sleep 300 ms each
 *   0.7 s: the source is served. No stall.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "truth.h"

static void __attribute__((noinline)) work(void)
{
	long long start = now();

	nap(300);
	truth("sleep", start);
}

static void send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	if (sendmsg(socket, &message, 0) != 1)
		exit(1);
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &byte, 1 };
	struct msghdr message = { .msg_iov = &data,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

static void serve(int epoll, int works)
{
	long long next = now() + 700 * MS;

	for (;;) {
		struct epoll_event event;

		epoll_wait(epoll, &event, 1, 20);
		if (!works || now() < next)
			continue;
		work();
		next = now() + 700 * MS;
	}
}

int main(int argc, char **argv)
{
	int pair[2], ends[2], epoll;
	struct epoll_event event = { .events = EPOLLIN };
	pid_t child;

	if (argc < 2 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return 1;
	child = fork();
	if (!child) {
		epoll = receive_fd(pair[1]);
		serve(epoll, 1);
	}
	epoll = epoll_create1(0);
	if (pipe(ends))
		return 1;
	epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event);
	send_fd(pair[0], epoll);
	if (argv[1][0] == 'b')
		serve(epoll, 0);
	waitpid(child, NULL, 0);
}
