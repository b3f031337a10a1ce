/* SPDX-License-Identifier: GPL-2.0-or-later */
/* peer_fixture.h - real processes that hold the other ends of sockets and pipes. */
#ifndef BLOCKPROF_TESTS_UNIT_PEER_FIXTURE_H
#define BLOCKPROF_TESTS_UNIT_PEER_FIXTURE_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "proc/peer/holder.h"
#include "proc/peer/peer.h"

/* --- The clock that looks are bounded by: on a busy machine no test may be too slow for it --- */

static uint64_t clock_stands_ns = 1000 * NS_PER_SEC;
/* So much passes each time somebody looks at it. */
static uint64_t clock_step_ns = 10;

int clock_gettime(clockid_t clock, struct timespec *out)
{
	if (clock != CLOCK_MONOTONIC)
		return (int)syscall(SYS_clock_gettime, clock, out);
	clock_stands_ns += clock_step_ns;
	out->tv_sec = (time_t)(clock_stands_ns / NS_PER_SEC);
	out->tv_nsec = (long)(clock_stands_ns % NS_PER_SEC);
	return 0;
}

/* --- Children that do one thing and then wait to be killed --- */

struct child {
	pid_t pid;
	int from; /* what it tells */
};

static inline void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it was faster */
		_exit(1);
}

/* What a child starts with: run() tells its parent through to. */
static inline struct child start(void (*run)(int to, const void *arg), const void *arg)
{
	pid_t parent = getpid();
	struct child child;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	child.pid = fork();
	assert_true(child.pid >= 0);
	if (!child.pid) {
		die_with(parent);
		close(fds[0]);
		run(fds[1], arg);
		for (;;)
			pause();
	}
	close(fds[1]);
	child.from = fds[0];
	return child;
}

static inline void hear(const struct child *child, void *buf, size_t bytes)
{
	assert_int_equal(read(child->from, buf, bytes), bytes);
}

static inline void end(struct child *child)
{
	char c;

	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	/* Until its own children, which die with it, have let go of it too. */
	while (read(child->from, &c, 1) > 0)
		;
	close(child->from);
}

static inline void tell(int to, const void *buf, size_t bytes)
{
	if (write(to, buf, bytes) != (ssize_t)bytes)
		_exit(1);
}

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			_exit(1); \
	} while (0)

/* --- Addresses --- */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static inline socklen_t loopback(union address *address, int family, unsigned short port)
{
	memset(address, 0, sizeof(*address));
	if (family == AF_INET) {
		address->in.sin_family = AF_INET;
		address->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address->in.sin_port = htons(port);
		return sizeof(address->in);
	}
	address->in6.sin6_family = AF_INET6;
	address->in6.sin6_addr = in6addr_loopback;
	address->in6.sin6_port = htons(port);
	return sizeof(address->in6);
}

static inline void put_address(const union address *from, unsigned char to[16],
			       unsigned short *port)
{
	if (from->any.sa_family == AF_INET) {
		memcpy(to, &from->in.sin_addr, 4);
		*port = ntohs(from->in.sin_port);
	} else {
		memcpy(to, &from->in6.sin6_addr, 16);
		*port = ntohs(from->in6.sin6_port);
	}
}

/* What the kernel side would say of this socket; peer: NULL asks the socket. False on failure. */
static inline bool describe(int fd, const union address *peer, struct bp_socket *out)
{
	socklen_t len = sizeof(union address), size = sizeof(int);
	union address address;
	int value;

	/* Nothing is promised about what is not used. */
	memset(out, 0xaa, sizeof(*out));
	if (getsockname(fd, &address.any, &len))
		return false;
	out->family = address.any.sa_family;
	put_address(&address, out->local, &out->local_port);
	len = sizeof(address);
	if (!peer && getpeername(fd, &address.any, &len))
		return false;
	put_address(peer ? peer : &address, out->peer, &out->peer_port);
	getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size);
	out->type = (unsigned short)value;
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &value, &size);
	out->protocol = (unsigned short)value;
	out->netns = 0;
	return true;
}

static inline unsigned long long inode(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_ino;
}

/* Number of our network namespace. */
static inline int stat_netns(unsigned int *netns)
{
	struct stat status;
	int err = stat("/proc/self/ns/net", &status);

	*netns = (unsigned int)status.st_ino;
	return err;
}

/* --- Servers --- */

struct server {
	int family;
	int type;
	int backlog;
	bool accept;
	bool any; /* bound to any address */
	int workers; /* forked after the accept */
};

static inline void serve(int to, const void *arg)
{
	const struct server *server = arg;
	int fd = socket(server->family, server->type, 0), off = 0;
	union address address;
	socklen_t len = loopback(&address, server->family, 0);
	pid_t server_pid = getpid();
	unsigned short port;

	prctl(PR_SET_NAME, "test server");
	if (server->any && server->family == AF_INET)
		address.in.sin_addr.s_addr = htonl(INADDR_ANY);
	else if (server->any)
		address.in6.sin6_addr = in6addr_any;
	if (server->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	MUST(fd >= 0 && !bind(fd, &address.any, len));
	MUST(server->type == SOCK_DGRAM || !listen(fd, server->backlog));
	len = sizeof(address);
	MUST(!getsockname(fd, &address.any, &len));
	port = ntohs(server->family == AF_INET ? address.in.sin_port : address.in6.sin6_port);
	tell(to, &port, sizeof(port));
	if (!server->accept)
		return;
	MUST(accept(fd, NULL, NULL) >= 0);
	for (int i = 0; i < server->workers; i++) {
		pid_t worker = fork();

		MUST(worker >= 0);
		if (!worker) {
			die_with(server_pid);
			return;
		}
	}
	tell(to, "a", 1);
}

struct unix_server {
	int type;
	bool accept;
};

static inline void unix_name(struct sockaddr_un *address, socklen_t *len, pid_t pid)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	/* Abstract: no file stays behind. */
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)snprintf(address->sun_path + 1, 64, "test_peer-%d", pid));
}

static inline void serve_unix(int to, const void *arg)
{
	const struct unix_server *server = arg;
	int fd = socket(AF_UNIX, server->type, 0);
	struct sockaddr_un address;
	socklen_t len;

	unix_name(&address, &len, getpid());
	MUST(fd >= 0 && !bind(fd, (struct sockaddr *)&address, len));
	MUST(server->type == SOCK_DGRAM || !listen(fd, 5));
	tell(to, "l", 1);
	if (!server->accept)
		return;
	MUST(accept(fd, NULL, NULL) >= 0);
	tell(to, "a", 1);
}

static inline int dial(int type, const union address *address, socklen_t len)
{
	int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &address->any, len), 0);
	return fd;
}

static inline void assert_peer(int err, const struct peer *peer, pid_t pid)
{
	assert_int_equal(err, 0);
	assert_int_equal(peer->pid, pid);
}

static inline int set_up(void **state)
{
	struct peers *peers;
	int err = peers_new(&peers);

	clock_step_ns = 10;
	*state = peers;
	return err;
}

static inline int tear_down(void **state)
{
	peers_free(*state);
	return 0;
}

#endif
