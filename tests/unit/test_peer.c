// SPDX-License-Identifier: GPL-2.0-or-later
/* The process at the other end, with real processes: TCP and UDP. */
#include "peer_fixture.h"

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
		*peers_allowance(*state) = (struct allowance){ 0 };
		assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
		if (i % 100 == 0)
			assert_peer(peers_unix(*state, getpid(), inode(fds[0]), &peer), &peer,
				    getpid());
	}
	close(fds[0]);
	close(fds[1]);
}

/* Looking has a price: what was spent is over at some time, and that is counted; what is known costs nothing. */
static void test_allowance(void **state)
{
	struct bp_socket description = { .family = AF_INET, .protocol = IPPROTO_TCP };
	struct peer peer;
	int fds[2];

	inet_pton(AF_INET, "127.0.0.1", description.local);
	inet_pton(AF_INET, "127.255.255.254", description.peer);
	description.peer_port = 1;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_peer(peers_unix(*state, getpid(), inode(fds[0]), &peer), &peer, getpid());
	assert_true(peers_allowance(*state)->spent_ns > 0);
	for (int i = 0; i < 10; i++)
		allowance_pay(peers_allowance(*state), getpid(), clock_now_ns(), NS_PER_SEC);
	assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -EAGAIN);
	assert_true(peers_refused(*state) == 1);
	assert_peer(peers_unix(*state, getpid(), inode(fds[0]), &peer), &peer, getpid());
	*peers_allowance(*state) = (struct allowance){ 0 };
	assert_int_equal(peers_inet(*state, getpid(), &description, &peer), -ENOENT);
	close(fds[0]);
	close(fds[1]);
}

/* Processes from 1000 on of one user, those from 2000 on of several. */
static struct allowance_owner own_user(void *context, pid_t pid)
{
	(void)context;
	return (struct allowance_owner){ .user = pid < 2000 ? 7 : (uint32_t)pid };
}

static unsigned int spend(struct allowance *allowance, pid_t pid, uint64_t now_ns)
{
	unsigned int spent = 0;

	for (; spent < 100 && allowance_is_left(allowance, pid, now_ns); spent++)
		allowance_pay(allowance, pid, now_ns, NS_PER_MS);
	return spent;
}

/* As many noisy ones always have something to ask: is some left for one that asks now and then? */
static void share_among(pid_t first, unsigned int nr, unsigned int most)
{
	enum { HONEST = 9001, SECONDS = 100 };
	struct allowance allowance = { .owner_of = own_user };
	uint64_t now_ns = 1000 * NS_PER_SEC;
	unsigned int noisy = 0;

	for (int second = 0; second < SECONDS; second++, now_ns += NS_PER_SEC) {
		for (unsigned int i = 0; i < nr; i++)
			noisy += spend(&allowance, first + (pid_t)i, now_ns);
		assert_false(allowance_is_left(&allowance, first, now_ns));
		assert_true(allowance_is_left(&allowance, HONEST, now_ns));
		if (second % 10 == 0)
			allowance_pay(&allowance, HONEST, now_ns, NS_PER_MS);
	}
	assert_in_range(noisy, most / 2, most);
}

static void test_allowance_is_shared(void **state)
{
	(void)state;
	/* in ms: half a percent of the time, and what there is at the start */
	share_among(2000, 1, 100 * 5 + 40);
	share_among(2000, 2, 100 * 5 + 40);
	/* nor do many help who are one user's */
	share_among(1000, 50, 100 * 5 + 40);
}

/* What was spent is forgotten. */
static void test_allowance_comes_back(void **state)
{
	enum { ASKS = 2000 };
	struct allowance allowance = { 0 };
	uint64_t now_ns = 1000 * NS_PER_SEC;

	(void)state;
	assert_in_range(spend(&allowance, ASKS, now_ns), 30, 31);
	assert_false(allowance_is_ample(&allowance, ASKS, now_ns));
	now_ns += 100 * NS_PER_SEC;
	assert_true(allowance_is_ample(&allowance, ASKS, now_ns));
	assert_in_range(spend(&allowance, ASKS, now_ns), 30, 31);
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
		cmocka_unit_test_setup_teardown(test_allowance, set_up, tear_down),
		cmocka_unit_test(test_allowance_is_shared),
		cmocka_unit_test(test_allowance_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
