// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As served.py, by an epoll instance whose events carry pointers and come at edges, as
 * nginx's do: served_pointers [--seconds S]. It keeps more descriptors than it serves.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OTHERS 300

struct connection {
	int fd;
	int listens;
};

static double seconds = 0.4;
static int epoll;

static long long now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void add(int fd, int listens)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = connection };

	connection->fd = fd;
	connection->listens = listens;
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

__attribute__((noinline)) static void block(void)
{
	struct timespec time = { (time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9) };
	long long start = now();

	printf("BEGIN {\"start_ns\": %lld}\n", start);
	nanosleep(&time, NULL);
	printf("TURN {\"start_ns\": %lld, \"end_ns\": %lld}\n", start, now());
}

static void serve(struct connection *connection)
{
	char line[100];
	ssize_t n;
	int fd;

	while (connection->listens &&
	       (fd = accept4(connection->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		add(fd, 0);
	while (!connection->listens && (n = read(connection->fd, line, sizeof(line))) >= 0) {
		if (!n) {
			close(connection->fd);
			free(connection);
			return;
		}
		if (n == 6 && !memcmp(line, "block\n", 6))
			block();
		if (write(connection->fd, "served\n", 7) != 7)
			return;
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	socklen_t length = sizeof(address);
	struct epoll_event events[64];

	if (argc == 3)
		seconds = strtod(argv[2], NULL);
	epoll = epoll_create1(0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (bind(server, (struct sockaddr *)&address, sizeof(address)) || listen(server, 64) ||
	    getsockname(server, (struct sockaddr *)&address, &length))
		return 1;
	for (int i = 0; i < OTHERS; i++)
		add(eventfd(0, 0), 1);
	add(server, 1);
	printf("FACT {\"port\": %d}\nREADY\n", ntohs(address.sin_port));
	for (;;) {
		int nr = epoll_wait(epoll, events, 64, 500);
		char end;

		for (int i = 0; i < nr; i++)
			serve(events[i].data.ptr);
		if (fcntl(0, F_SETFL, O_NONBLOCK) || !read(0, &end, 1))
			return 0;
	}
}
