/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process at the other end, with real processes: TCP, UDP, unix sockets, pipes, namespaces. */
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
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/holder.h"
#include "proc/peer.h"

/* --- Children that do one thing and then wait to be killed --- */

struct child {
	pid_t pid;
	int from; /* what it tells */
};

static void die_with(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* it was faster */
		_exit(1);
}

/* What a child starts with: run() tells its parent through to. */
static struct child start(void (*run)(int to, const void *arg), const void *arg)
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

static void hear(const struct child *child, void *buf, size_t bytes)
{
	assert_int_equal(read(child->from, buf, bytes), bytes);
}

static void end(struct child *child)
{
	char c;

	kill(child->pid, SIGKILL);
	waitpid(child->pid, NULL, 0);
	/* Until its own children, which die with it, have let go of it too. */
	while (read(child->from, &c, 1) > 0)
		;
	close(child->from);
}

static void tell(int to, const void *buf, size_t bytes)
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

static socklen_t loopback(union address *address, int family, unsigned short port)
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

static void put_address(const union address *from, unsigned char to[16], unsigned short *port)
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
static bool describe(int fd, const union address *peer, struct bp_socket *out)
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

static unsigned long long inode(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_ino;
}

/* Number of our network namespace. */
static int stat_netns(unsigned int *netns)
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

static void serve(int to, const void *arg)
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

static int dial(int type, const union address *address, socklen_t len)
{
	int fd = socket(address->any.sa_family, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &address->any, len), 0);
	return fd;
}

static void assert_peer(int err, const struct peer *peer, pid_t pid)
{
	assert_int_equal(err, 0);
	assert_int_equal(peer->pid, pid);
}

/* A server, a client of ours, and what is said about the client's other end. */
static void check_inet(struct peers *peers, const struct server *server, int family, bool mapped)
{
	struct child child = start(serve, server);
	struct bp_socket socket;
	union address address;
	unsigned short port;
	struct peer peer;
	socklen_t len;
	char c;
	int fd;

	hear(&child, &port, sizeof(port));
	len = loopback(&address, family, port);
	if (mapped)
		assert_int_equal(inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.in6.sin6_addr),
				 1);
	fd = dial(server->type, &address, len);
	if (server->accept)
		hear(&child, &c, 1);
	assert_true(describe(fd, NULL, &socket));
	for (int i = 0; i < 3; i++) { /* twice from memory */
		assert_peer(peers_inet(peers, getpid(), &socket, &peer), &peer, child.pid);
		assert_string_equal(peer.comm, "test server");
	}
	end(&child);
	/* Nobody, whatever was said before. */
	assert_int_equal(peers_inet(peers, getpid(), &socket, &peer), -ENOENT);
	close(fd);
}

static void test_tcp(void **state)
{
	static const struct server v4 = { AF_INET, SOCK_STREAM, 5, true, false, 0 };
	static const struct server v6 = { AF_INET6, SOCK_STREAM, 5, true, false, 0 };
	static const struct server v6_any = { AF_INET6, SOCK_STREAM, 5, true, true, 0 };

	check_inet(*state, &v4, AF_INET, false);
	check_inet(*state, &v6, AF_INET6, false);
	check_inet(*state, &v4, AF_INET6, true);
	check_inet(*state, &v6_any, AF_INET, false);
	check_inet(*state, &v6_any, AF_INET6, false);
	check_inet(*state, &v6_any, AF_INET6, true);
}

static void test_tcp_not_accepted(void **state)
{
	static const struct server v4 = { AF_INET, SOCK_STREAM, 5, false, false, 0 };
	static const struct server v4_any = { AF_INET, SOCK_STREAM, 5, false, true, 0 };
	static const struct server v6_any = { AF_INET6, SOCK_STREAM, 5, false, true, 0 };

	check_inet(*state, &v4, AF_INET, false);
	check_inet(*state, &v4_any, AF_INET6, true);
	check_inet(*state, &v6_any, AF_INET, false);
	check_inet(*state, &v6_any, AF_INET6, false);
}

static void test_tcp_workers(void **state)
{
	static const struct server v4 = { AF_INET, SOCK_STREAM, 5, true, false, 3 };

	check_inet(*state, &v4, AF_INET, false);
}

static void test_udp(void **state)
{
	static const struct server v4 = { AF_INET, SOCK_DGRAM, 0, false, false, 0 };
	static const struct server v6 = { AF_INET6, SOCK_DGRAM, 0, false, false, 0 };
	static const struct server v6_any = { AF_INET6, SOCK_DGRAM, 0, false, true, 0 };

	check_inet(*state, &v4, AF_INET, false);
	check_inet(*state, &v4, AF_INET6, true);
	check_inet(*state, &v6, AF_INET6, false);
	check_inet(*state, &v6_any, AF_INET, false);
	check_inet(*state, &v6_any, AF_INET6, false);
}

/* The queue is full: our handshake is not answered. */
static void test_tcp_connecting(void **state)
{
	static const struct server full = { AF_INET, SOCK_STREAM, 0, false, false, 0 };
	struct child child = start(serve, &full);
	struct bp_socket description;
	union address address;
	unsigned short port;
	struct peer peer;
	int fds[4], waiting = -1;
	socklen_t len;

	hear(&child, &port, sizeof(port));
	len = loopback(&address, AF_INET, port);
	fds[0] = dial(SOCK_STREAM, &address, len);
	for (size_t i = 1; i < 4; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (connect(fds[i], &address.any, len) && errno == EINPROGRESS)
			waiting = fds[i];
	}
	assert_true(waiting >= 0);
	assert_true(describe(waiting, &address, &description));
	assert_peer(peers_inet(*state, getpid(), &description, &peer), &peer, child.pid);
	end(&child);
	for (size_t i = 0; i < 4; i++)
		close(fds[i]);
}

/* A program here that listens on any address is not the one at another machine's same port. */
static void test_remote(void **state)
{
	static const struct server servers[] = {
		{ AF_INET, SOCK_STREAM, 5, false, true, 0 },
		{ AF_INET, SOCK_DGRAM, 0, false, true, 0 },
		{ AF_INET6, SOCK_STREAM, 5, false, true, 0 },
		{ AF_INET6, SOCK_DGRAM, 0, false, true, 0 },
	};
	struct bp_socket description;
	unsigned short port;
	struct peer peer;

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct child child = start(serve, &servers[i]);

		hear(&child, &port, sizeof(port));
		memset(&description, 0, sizeof(description));
		description.family = (unsigned short)servers[i].family;
		description.protocol = servers[i].type == SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
		description.local_port = 40000;
		description.peer_port = port;
		if (servers[i].family == AF_INET) {
			inet_pton(AF_INET, "192.0.2.1", description.local);
			inet_pton(AF_INET, "198.51.100.1", description.peer);
		} else {
			inet_pton(AF_INET6, "2001:db8::1", description.local);
			inet_pton(AF_INET6, "2001:db8::2", description.peer);
		}
		assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
		/* The same question with an address of this machine has an answer. */
		memcpy(description.local, description.peer, sizeof(description.local));
		assert_peer(peers_inet(*state, getpid(), &description, &peer), &peer, child.pid);
		end(&child);
	}
}

static void test_tcp_with_itself(void **state)
{
	struct bp_socket description;
	union address address;
	struct peer peer;
	int listener, client, server;
	socklen_t len = loopback(&address, AF_INET, 0);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(listener, &address.any, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, &address.any, &len), 0);
	client = dial(SOCK_STREAM, &address, len);
	assert_true(describe(client, NULL, &description));
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	assert_peer(peers_inet(*state, getpid(), &description, &peer), &peer, getpid());
	/* The other side asks as well. */
	assert_true(describe(server, NULL, &description));
	assert_peer(peers_inet(*state, getpid(), &description, &peer), &peer, getpid());
	/* Closed by the peer, which still runs. */
	close(client);
	assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
	close(server);
	close(listener);
}

static void test_not_connected(void **state)
{
	struct bp_socket description = { .family = AF_INET, .protocol = IPPROTO_TCP };
	struct peer peer;
	int fd;

	assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
	description.protocol = IPPROTO_UDP;
	assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
	description.protocol = IPPROTO_ICMP;
	description.peer_port = 1;
	assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
	description.family = AF_UNIX;
	assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(peers_unix(*state, getpid(), inode(fd), &peer), -ENOENT);
	close(fd);
	assert_int_equal(peers_unix(*state, getpid(), 0, &peer), -ENOENT);
	assert_int_equal(peers_unix(*state, getpid(), 1ull << 32 | 1, &peer), -ENOENT);
	assert_int_equal(peers_unix(*state, INT_MAX, 1, &peer), -ENOENT);
	assert_int_equal(peers_pipe(*state, getpid(), 0, 1, &peer), -ENOENT);
	assert_int_equal(peers_pipe(*state, INT_MAX, 1, 0, &peer), -ENOENT);
}

/* More than is remembered: whether known or not, the answers stay right. */
static void test_many_questions(void **state)
{
	struct bp_socket description = { .family = AF_INET, .protocol = IPPROTO_TCP };
	struct peer peer;
	int fds[2];

	inet_pton(AF_INET, "127.0.0.1", description.local);
	inet_pton(AF_INET, "127.255.255.254", description.peer);
	description.peer_port = 1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (unsigned int i = 0; i < 3000; i++) {
		description.local_port = (unsigned short)i;
		assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
		if (i % 100 == 0)
			assert_peer(peers_unix(*state, getpid(), inode(fds[0]), &peer), &peer,
				    getpid());
	}
	close(fds[0]);
	close(fds[1]);
}

/* --- Unix sockets --- */

static void hold_one(int to, const void *arg)
{
	const int *fds = arg;

	close(fds[0]);
	tell(to, "h", 1);
}

static void test_socketpair(void **state)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	struct child child;
	struct peer peer;
	int fds[2];
	char c;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		assert_int_equal(socketpair(AF_UNIX, types[i] | SOCK_CLOEXEC, 0, fds), 0);
		assert_peer(peers_unix(*state, getpid(), inode(fds[0]), &peer), &peer, getpid());
		child = start(hold_one, fds);
		hear(&child, &c, 1);
		close(fds[1]);
		assert_peer(peers_unix(*state, getpid(), inode(fds[0]), &peer), &peer, child.pid);
		end(&child);
		assert_int_equal(peers_unix(*state, getpid(), inode(fds[0]), &peer), -ENOENT);
		close(fds[0]);
	}
}

/* Both hold the end that is asked for: the other process is meant. */
static void test_shared_end(void **state)
{
	struct child child;
	struct peer peer;
	int fds[2];
	char c;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	child = start(hold_one, fds);
	hear(&child, &c, 1);
	assert_peer(peers_unix(*state, getpid(), inode(fds[0]), &peer), &peer, child.pid);
	end(&child);
	close(fds[0]);
	close(fds[1]);
}

static void hold_both(int to, const void *arg)
{
	(void)arg;
	tell(to, "h", 1);
}

/* Two brothers hold it: for each the other one is meant. */
static void test_shared_by_brothers(void **state)
{
	struct child a, b;
	struct peer peer;
	int fds[2];
	char c;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	a = start(hold_both, NULL);
	hear(&a, &c, 1);
	b = start(hold_both, NULL);
	hear(&b, &c, 1);
	unsigned long long ino = inode(fds[0]);

	close(fds[0]);
	close(fds[1]);
	assert_peer(peers_unix(*state, a.pid, ino, &peer), &peer, b.pid);
	assert_peer(peers_unix(*state, b.pid, ino, &peer), &peer, a.pid);
	end(&a);
	assert_peer(peers_unix(*state, b.pid, ino, &peer), &peer, b.pid);
	end(&b);
}

/* A look that was cut short goes on there, and comes to those before it in the end. */
static void test_resumed_look(void **state)
{
	struct holders holders = { 0 };
	struct holder_wanted wanted = { .end = HOLDER_ANY };
	struct holder found;
	struct child a, b;
	char link[48], c;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	a = start(hold_both, NULL);
	hear(&a, &c, 1);
	snprintf(link, sizeof(link), "socket:[%llu]", inode(fds[0]));
	close(fds[0]);
	close(fds[1]);
	b = start(hold_both, NULL);
	hear(&b, &c, 1);
	wanted.asker = b.pid;
	wanted.link = link;
	holders.resume = a.pid + 1;
	assert_int_equal(holders_find(&holders, &wanted, &found), 0);
	assert_int_equal(found.pid, a.pid);
	assert_true(holder_check(&found, &wanted));
	/* Whose it may be is where to begin, no more. */
	wanted.uid = 12345;
	holders = (struct holders){ .resume = a.pid + 1 };
	assert_int_equal(holders_find(&holders, &wanted, &found), 0);
	assert_int_equal(found.pid, a.pid);
	end(&a);
	assert_false(holder_check(&found, &wanted));
	assert_int_equal(holders_find(&holders, &wanted, &found), -ENOENT);
	end(&b);
}

/* Shares the first of two sockets with a worker, and leaves it the second. */
static void lead(int to, const void *arg)
{
	const int *sockets = arg;
	pid_t leader = getpid(), worker = fork();

	MUST(worker >= 0);
	if (!worker) {
		die_with(leader);
		return;
	}
	close(sockets[1]);
	tell(to, &worker, sizeof(worker));
}

static void test_leader(void **state)
{
	int shared[2], single[2], sockets[2];
	struct child leader;
	struct peer peer;
	pid_t worker;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, shared), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, single), 0);
	sockets[0] = shared[1];
	sockets[1] = single[1];
	leader = start(lead, sockets);
	hear(&leader, &worker, sizeof(worker));
	close(shared[1]);
	close(single[1]);
	assert_peer(peers_unix(*state, getpid(), inode(single[0]), &peer), &peer, worker);
	/* The worker, just seen, is looked at first: but it is not the one. */
	assert_peer(peers_unix(*state, getpid(), inode(shared[0]), &peer), &peer, leader.pid);
	end(&leader);
	close(shared[0]);
	close(single[0]);
}

struct unix_server {
	int type;
	bool accept;
};

static void unix_name(struct sockaddr_un *address, socklen_t *len, pid_t pid)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	/* Abstract: no file stays behind. */
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   (size_t)snprintf(address->sun_path + 1, 64, "test_peer-%d", pid));
}

static void serve_unix(int to, const void *arg)
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

static void test_unix_servers(void **state)
{
	static const struct unix_server servers[] = {
		{ SOCK_STREAM, true },	   { SOCK_STREAM, false }, { SOCK_SEQPACKET, true },
		{ SOCK_SEQPACKET, false }, { SOCK_DGRAM, false },
	};
	struct sockaddr_un address;
	struct peer peer;
	socklen_t len;
	char c;
	int fd;

	for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		struct child child = start(serve_unix, &servers[i]);

		hear(&child, &c, 1);
		unix_name(&address, &len, child.pid);
		fd = socket(AF_UNIX, servers[i].type | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
		if (servers[i].accept)
			hear(&child, &c, 1);
		assert_peer(peers_unix(*state, getpid(), inode(fd), &peer), &peer, child.pid);
		end(&child);
		assert_int_equal(peers_unix(*state, getpid(), inode(fd), &peer), -ENOENT);
		close(fd);
	}
}

#define NOBODY 65534

static void serve_as_nobody(int to, const void *arg)
{
	MUST(!setresuid(NOBODY, NOBODY, NOBODY));
	serve_unix(to, arg);
}

static void test_other_user(void **state)
{
	static const struct unix_server server = { SOCK_STREAM, true };
	struct sockaddr_un address;
	struct child child;
	struct peer peer;
	socklen_t len;
	char c;
	int fd;

	if (geteuid())
		skip();
	child = start(serve_as_nobody, &server);
	hear(&child, &c, 1);
	unix_name(&address, &len, child.pid);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, len), 0);
	hear(&child, &c, 1);
	assert_peer(peers_unix(*state, getpid(), inode(fd), &peer), &peer, child.pid);
	end(&child);
	assert_int_equal(peers_unix(*state, getpid(), inode(fd), &peer), -ENOENT);
	close(fd);
}

/* --- Pipes --- */

static void test_pipe(void **state)
{
	int fds[2], turned[2];
	struct child child;
	struct peer peer;
	char c;

	/* hold_one() keeps the second: once the end that writes, once the one that reads. */
	for (int reader = 0; reader < 2; reader++) {
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		turned[0] = reader ? fds[0] : fds[1];
		turned[1] = reader ? fds[1] : fds[0];
		assert_peer(peers_pipe(*state, getpid(), inode(fds[0]), reader, &peer), &peer,
			    getpid());
		child = start(hold_one, turned);
		hear(&child, &c, 1);
		close(turned[1]);
		assert_peer(peers_pipe(*state, getpid(), inode(turned[0]), reader, &peer), &peer,
			    child.pid);
		/* It does not hold the end that we do. */
		assert_int_equal(peers_pipe(*state, getpid(), inode(turned[0]), !reader, &peer), 0);
		assert_int_equal(peer.pid, getpid());
		/* From its side. */
		assert_peer(peers_pipe(*state, child.pid, inode(turned[0]), !reader, &peer), &peer,
			    getpid());
		end(&child);
		assert_int_equal(peers_pipe(*state, getpid(), inode(turned[0]), reader, &peer),
				 -ENOENT);
		close(turned[0]);
	}
}

static void write_fifo(int to, const void *path)
{
	int fd = open(path, O_WRONLY);

	MUST(fd >= 0);
	tell(to, "w", 1);
}

static void test_fifo(void **state)
{
	char path[] = "/tmp/test_peer.XXXXXX/fifo", *slash = strrchr(path, '/'), c;
	struct child child;
	struct peer peer;
	int fd;

	*slash = '\0';
	assert_non_null(mkdtemp(path));
	*slash = '/';
	assert_int_equal(mkfifo(path, 0600), 0);
	child = start(write_fifo, path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	hear(&child, &c, 1);
	assert_peer(peers_pipe(*state, getpid(), inode(fd), 1, &peer), &peer, child.pid);
	end(&child);
	assert_int_equal(peers_pipe(*state, getpid(), inode(fd), 1, &peer), -ENOENT);
	close(fd);
	unlink(path);
	*slash = '\0';
	rmdir(path);
}

/* --- Another network namespace --- */

struct elsewhere {
	pid_t server;
	struct bp_socket tcp;
	unsigned long long unix_ino;
};

/* A client and its server in a namespace of their own; the client tells. */
static void live_elsewhere(int to, const void *arg)
{
	static const struct server tcp = { AF_INET, SOCK_STREAM, 5, false, false, 0 };
	static const struct unix_server local = { SOCK_STREAM, false };
	struct ifreq up = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	struct elsewhere elsewhere = { 0 };
	struct sockaddr_un unix_address;
	pid_t client = getpid();
	union address address;
	unsigned short port;
	struct stat stat;
	int fds[2], fd;
	socklen_t len;
	char c;

	(void)arg;
	MUST(!unshare(CLONE_NEWNET));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	MUST(!ioctl(fd, SIOCSIFFLAGS, &up));
	MUST(!pipe(fds));
	elsewhere.server = fork();
	MUST(elsewhere.server >= 0);
	if (!elsewhere.server) {
		die_with(client);
		close(to);
		serve(fds[1], &tcp);
		serve_unix(fds[1], &local);
		return;
	}
	MUST(read(fds[0], &port, sizeof(port)) == sizeof(port) && read(fds[0], &c, 1) == 1);

	len = loopback(&address, AF_INET, port);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(!connect(fd, &address.any, len) && describe(fd, NULL, &elsewhere.tcp));

	unix_name(&unix_address, &len, elsewhere.server);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(!connect(fd, (struct sockaddr *)&unix_address, len) && !fstat(fd, &stat));
	elsewhere.unix_ino = stat.st_ino;
	MUST(!stat_netns(&elsewhere.tcp.netns));
	tell(to, &elsewhere, sizeof(elsewhere));
}

static void test_other_namespace(void **state)
{
	struct elsewhere elsewhere;
	unsigned int netns, own, after;
	struct child child;
	struct peer peer;

	if (geteuid())
		skip();
	assert_int_equal(stat_netns(&own), 0);
	child = start(live_elsewhere, NULL);
	hear(&child, &elsewhere, sizeof(elsewhere));
	assert_peer(peers_inet(*state, child.pid, &elsewhere.tcp, &peer), &peer, elsewhere.server);
	assert_peer(peers_unix(*state, child.pid, elsewhere.unix_ino, &peer), &peer,
		    elsewhere.server);
	/* Without the namespace's number it is that of the process. */
	netns = elsewhere.tcp.netns;
	elsewhere.tcp.netns = 0;
	assert_peer(peers_inet(*state, child.pid, &elsewhere.tcp, &peer), &peer, elsewhere.server);
	/* The same addresses in our namespace are nobody. */
	assert_int_equal(peers_inet(*state, getpid(), &elsewhere.tcp, &peer), -ENOENT);
	/* A socket of a namespace that the process is not in (any more). */
	elsewhere.tcp.netns = netns;
	assert_int_equal(peers_inet(*state, getpid(), &elsewhere.tcp, &peer), -ENOENT);
	/* We are still where we were. */
	assert_int_equal(stat_netns(&after), 0);
	assert_int_equal(after, own);
	end(&child);
}

/* --- Two namespaces, joined as those of two containers are --- */

static bool run_ip(const char *const *args)
{
	pid_t pid = fork();
	int status, null;

	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		dup2(null, STDERR_FILENO);
		execvp("ip", (char *const *)args);
		_exit(1);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

#define IP(...) run_ip((const char *const[]){ "ip", __VA_ARGS__, NULL })

struct container {
	int go; /* its turn comes with a byte from here */
	bool accept;
};

#define SERVER_ADDRESS "10.213.77.2"
#define CLIENT_ADDRESS "10.213.77.1"

static void contained_server(int to, const void *arg)
{
	const struct container *container = arg;
	union address address = { .in = { .sin_family = AF_INET, .sin_port = htons(5432) } };
	bool ok = !unshare(CLONE_NEWNET);
	int fd;
	char c;

	prctl(PR_SET_NAME, "test server");
	tell(to, &ok, sizeof(ok));
	MUST(read(container->go, &c, 1) == 1);
	ok = IP("addr", "add", SERVER_ADDRESS "/30", "dev", "bp_server") &&
	     IP("link", "set", "bp_server", "up");
	inet_pton(AF_INET, SERVER_ADDRESS, &address.in.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ok = ok && !bind(fd, &address.any, sizeof(address.in)) && !listen(fd, 5);
	tell(to, &ok, sizeof(ok));
	MUST(!container->accept || accept(fd, NULL, NULL) >= 0);
	tell(to, "a", 1);
}

static void contained_client(int to, const void *arg)
{
	const struct container *container = arg;
	union address address = { .in = { .sin_family = AF_INET, .sin_port = htons(5432) } };
	struct bp_socket description;
	char c, server[16];
	bool ok;
	int fd;

	MUST(read(container->go, server, sizeof(server)) == sizeof(server));
	ok = !unshare(CLONE_NEWNET) &&
	     IP("link", "add", "bp_client", "type", "veth", "peer", "name", "bp_server", "netns",
		server) &&
	     IP("addr", "add", CLIENT_ADDRESS "/30", "dev", "bp_client") &&
	     IP("link", "set", "bp_client", "up");
	tell(to, &ok, sizeof(ok));
	MUST(read(container->go, &c, 1) == 1);
	inet_pton(AF_INET, SERVER_ADDRESS, &address.in.sin_addr);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(!connect(fd, &address.any, sizeof(address.in)) && describe(fd, NULL, &description) &&
	     !stat_netns(&description.netns));
	tell(to, &description, sizeof(description));
}

static void check_containers(struct peers *peers, bool accept)
{
	struct bp_socket description, other_port;
	struct child client, server;
	int to_client[2], to_server[2];
	struct peer peer;
	char name[16] = "", c;
	bool ok[3];

	assert_int_equal(pipe2(to_client, O_CLOEXEC), 0);
	assert_int_equal(pipe2(to_server, O_CLOEXEC), 0);
	server = start(contained_server, &(struct container){ to_server[0], accept });
	client = start(contained_client, &(struct container){ to_client[0], accept });
	hear(&server, &ok[0], sizeof(bool));
	snprintf(name, sizeof(name), "%d", server.pid);
	tell(to_client[1], name, sizeof(name));
	hear(&client, &ok[1], sizeof(bool));
	tell(to_server[1], "g", 1);
	hear(&server, &ok[2], sizeof(bool));
	if (ok[0] && ok[1] && ok[2]) {
		tell(to_client[1], "g", 1);
		hear(&server, &c, 1);
		hear(&client, &description, sizeof(description));
		assert_peer(peers_inet(peers, client.pid, &description, &peer), &peer, server.pid);
		assert_string_equal(peer.comm, "test server");
		/* Just these two ends, not any that listens on the port. */
		other_port = description;
		other_port.local_port ^= 1;
		assert_int_equal(peers_inet(peers, client.pid, &other_port, &peer), -ENOENT);
	}
	end(&client);
	end(&server);
	close(to_client[0]);
	close(to_client[1]);
	close(to_server[0]);
	close(to_server[1]);
	if (!ok[0] || !ok[1] || !ok[2])
		skip(); /* not root, no ip(8), no veth */
}

static void test_containers(void **state)
{
	check_containers(*state, true);
}

static void test_containers_not_accepted(void **state)
{
	check_containers(*state, false);
}

static int set_up(void **state)
{
	struct peers *peers;
	int err = peers_new(&peers);

	*state = peers;
	return err;
}

static int tear_down(void **state)
{
	peers_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tcp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tcp_not_accepted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tcp_workers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tcp_connecting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_tcp_with_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_udp, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_remote, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_not_connected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_many_questions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_socketpair, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shared_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shared_by_brothers, set_up, tear_down),
		cmocka_unit_test(test_resumed_look),
		cmocka_unit_test_setup_teardown(test_leader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unix_servers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_user, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fifo, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_namespace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_containers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_containers_not_accepted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
