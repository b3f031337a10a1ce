// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * crowd.c forks WORKERS       processes that live for some waits, or for one exec, as fast as they can be made
 *         threads A_SECOND    threads that live for one stall, each with an epoll instance and a pipe of its own
 *         sources COUNT       so many epoll instances, all of them served by each of four threads
 *         slots COUNT THREADS so many processes with so many loops each
 *         pipes THREADS       loops, each of which waits in a fresh pipe in every sixth turn
 *         descriptors THREADS epoll instances that are closed, made anew, dup'ed, passed on, forked
 */
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "neighbour.h"

#define STALL_MS 130

static void poll_fresh_pipe(void)
{
	int ends[2];

	if (pipe(ends) == 0) {
		struct pollfd end = { ends[0], POLLIN, 0 };

		poll(&end, 1, STALL_MS);
		close(ends[0]);
		close(ends[1]);
	}
}

static void forks(int workers)
{
	char *nothing[] = { "/bin/true", NULL };

	while (--workers > 0 && fork() != 0)
		;
	for (unsigned nr = 0;; nr++) {
		if (fork() == 0) {
			if (nr % 4 == 0)
				execv(*nothing, nothing);
			tick(epoll_create1(0), 4, 1);
			if (nr % 16 == 1)
				nap(STALL_MS);
			_exit(0);
		}
		/* those that stall live on beside the next ones */
		while (waitpid(-1, NULL, nr % 16 == 1 ? WNOHANG : 0) > 0 && nr % 16 == 1)
			;
	}
}

static void *short_life(void *unused)
{
	int epoll = epoll_create1(0);

	tick(epoll, 4, 1);
	poll_fresh_pipe();
	if (epoll >= 0)
		close(epoll);
	return unused;
}

static void threads(int a_second)
{
	for (int nr = 0;; nr++) {
		start_thread(short_life, NULL);
		if (nr % 10 == 0)
			usleep(10 * 1000000 / a_second);
	}
}

static int *sources, sources_nr;

static void *serve_all(void *unused)
{
	for (unsigned nr = 0;; nr++)
		tick(sources[nr % sources_nr], 1, nr % 64 == 0 ? 1 : 0);
	return unused;
}

static void serve_sources(int count)
{
	sources = calloc(count, sizeof(*sources));
	for (sources_nr = 0; sources_nr < count; sources_nr++)
		if ((sources[sources_nr] = epoll_create1(0)) < 0)
			break;
	for (int nr = 0; nr < 4; nr++)
		start_thread(serve_all, NULL);
}

static void *idle_loop(void *unused)
{
	tick(epoll_create1(0), 1 << 30, 200);
	return unused;
}

static void slots(int processes, int threads_each)
{
	while (--processes > 0 && fork() != 0)
		;
	while (threads_each--)
		start_thread(idle_loop, NULL);
}

static void *wait_in_pipes(void *unused)
{
	int epoll = epoll_create1(0);

	for (;;) {
		tick(epoll, 5, 10);
		poll_fresh_pipe();
	}
	return unused;
}

static int mailbox[2];

static void pass_on(int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = "";
	struct iovec byte = { "x", 1 };
	struct msghdr message = { .msg_iov = &byte,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*header = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	sendmsg(mailbox[0], &message, MSG_DONTWAIT);
}

static void serve_what_comes(void)
{
	for (;;) {
		char room[CMSG_SPACE(sizeof(int))], byte;
		struct iovec data = { &byte, 1 };
		struct msghdr message = { .msg_iov = &data,
					  .msg_iovlen = 1,
					  .msg_control = room,
					  .msg_controllen = sizeof(room) };
		int fd;

		if (recvmsg(mailbox[1], &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
			continue;
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
		tick(fd, 3, 1);
		close(fd);
	}
}

static void *change_descriptors(void *unused)
{
	for (unsigned nr = 0;; nr++) {
		int epoll = epoll_create1(0), other = dup(epoll);

		tick(epoll, 3, 1);
		close(epoll);
		tick(other, 3, 1);
		pass_on(other);
		if (nr % 8 == 0)
			nap(STALL_MS);
		if (nr % 32 == 0 && fork() == 0) {
			tick(other, 50, 1);
			_exit(0);
		}
		close(other);
	}
	return unused;
}

static void descriptors(int threads_nr)
{
	signal(SIGCHLD, SIG_IGN);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, mailbox))
		exit(1);
	if (fork() == 0)
		serve_what_comes();
	while (threads_nr--)
		start_thread(change_descriptors, NULL);
}

int main(int argc, char **argv)
{
	struct rlimit files;
	int count = argc > 2 ? atoi(argv[2]) : 1;
	char what = argc > 1 ? argv[1][0] : 0;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	if (what == 'f')
		forks(count);
	else if (what == 't')
		threads(count);
	else if (what == 's' && argv[1][1] == 'o')
		serve_sources(count);
	else if (what == 's')
		slots(count, argc > 3 ? atoi(argv[3]) : 1);
	else if (what == 'd')
		descriptors(count);
	while (what == 'p' && count--)
		start_thread(wait_in_pipes, NULL);
	for (;;)
		pause();
}
