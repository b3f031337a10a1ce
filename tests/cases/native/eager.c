// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eager.c
 * A server of many that answers what has already come as soon as it accepts, and closes: most of
 * its connections are never among those that it waits for (as lighttpd does). Each 40th answer
 * sleeps 250 ms. Four clients of a child ask all the time.
 * Right: sleep, 250 ms, answer().
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <signal.h>
#include <unistd.h>

#include "truth.h"

static int epoll;

static void __attribute__((noinline)) answer(int peer)
{
	static unsigned int answers;
	long long start = now();

	if (++answers % 40 == 0) {
		nap(250);
		truth("sleep", start);
	}
	if (write(peer, "done", 4) != 4)
		perror("write");
}

/* Whether it is through with it. */
static int serve(int peer)
{
	char data[100];

	if (read(peer, data, sizeof(data)) <= 0)
		return 0;
	answer(peer);
	close(peer);
	return 1;
}

static void accept_all(int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	int peer;

	while ((peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		event.data.fd = peer;
		if (!serve(peer))
			epoll_ctl(epoll, EPOLL_CTL_ADD, peer, &event);
	}
}

static void ask(const struct sockaddr_in *address)
{
	for (;;) {
		int peer = socket(AF_INET, SOCK_STREAM, 0);
		char data[100];

		if (connect(peer, (const void *)address, sizeof(*address)))
			_exit(1);
		if (write(peer, "?", 1) == 1)
			while (read(peer, data, sizeof(data)) > 0)
				;
		close(peer);
		nap(40);
	}
}

int main(void)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct epoll_event event = { .events = EPOLLIN, .data.fd = listener };
	socklen_t size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&address, sizeof(address)) || listen(listener, 20))
		return 1;
	getsockname(listener, (void *)&address, &size);
	for (int i = 0; i < 4; i++)
		if (!fork()) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			close(listener);
			ask(&address);
		}
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) < 1)
			continue;
		if (event.data.fd == listener)
			accept_all(listener);
		else if (!serve(event.data.fd))
			close(event.data.fd);
	}
}
