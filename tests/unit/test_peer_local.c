// SPDX-License-Identifier: GPL-2.0-or-later
/* The process at the other end, with real processes: unix sockets and pipes. */
#include "peer_fixture.h"

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
	assert_int_equal(holders_find(&holders, &wanted, UINT64_MAX, &found), 0);
	assert_int_equal(found.pid, a.pid);
	assert_true(holder_check(&found, &wanted));
	/* Whose it may be is where to begin, no more. */
	wanted.uid = 12345;
	holders = (struct holders){ .resume = a.pid + 1 };
	assert_int_equal(holders_find(&holders, &wanted, UINT64_MAX, &found), 0);
	assert_int_equal(found.pid, a.pid);
	end(&a);
	assert_false(holder_check(&found, &wanted));
	assert_int_equal(holders_find(&holders, &wanted, UINT64_MAX, &found), -ENOENT);
	end(&b);
}

/* Where each look takes long by the clock, however little work it is, one ends in time. */
static void test_slow_look(void **state)
{
	struct holders holders = { 0 };
	struct holder_wanted wanted = { .end = HOLDER_ANY };
	struct child child;
	struct holder found;
	struct peer peer;
	char link[48], c;
	unsigned long long other;
	int fds[2], err, calls = 0;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	child = start(hold_one, fds);
	hear(&child, &c, 1);
	other = inode(fds[1]);
	close(fds[1]);
	clock_step_ns = 15 * NS_PER_MS;
	assert_int_equal(peers_unix(*state, getpid(), inode(fds[0]), &peer), -ENOENT);
	assert_true(peers_refused(*state) == 1);
	/* the next one leaves the watch as much time as that took */
	clock_step_ns = 0;
	assert_int_equal(peers_pipe(*state, getpid(), 1, 0, &peer), -EAGAIN);
	assert_true(peers_refused(*state) == 2);
	clock_stands_ns += NS_PER_SEC;
	assert_int_equal(peers_pipe(*state, getpid(), 1, 0, &peer), -ENOENT);
	assert_true(peers_refused(*state) == 2);
	/* but where nothing is watched */
	peers_take_time(*state);
	clock_step_ns = 61 * NS_PER_MS;
	assert_int_equal(peers_pipe(*state, getpid(), 2, 0, &peer), -ENOENT);
	clock_step_ns = 0;
	assert_int_equal(peers_pipe(*state, getpid(), 3, 0, &peer), -ENOENT);
	assert_true(peers_refused(*state) == 3);
	/* what was not come to is looked at the next time */
	snprintf(link, sizeof(link), "socket:[%llu]", other);
	wanted.link = link;
	wanted.asker = getpid();
	clock_step_ns = 2 * NS_PER_MS;
	do {
		err = holders_find(&holders, &wanted, clock_stands_ns + 40 * NS_PER_MS, &found);
		assert_true(++calls < 100000);
	} while (err == -EAGAIN);
	assert_int_equal(err, 0);
	assert_int_equal(found.pid, child.pid);
	end(&child);
	close(fds[0]);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_socketpair, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shared_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shared_by_brothers, set_up, tear_down),
		cmocka_unit_test(test_resumed_look),
		cmocka_unit_test_setup_teardown(test_slow_look, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_leader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unix_servers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_user, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fifo, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
