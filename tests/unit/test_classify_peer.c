// SPDX-License-Identifier: GPL-2.0-or-later
/* Sockets and pipes that a block waited for, who is at the other end, and names that were asked for. */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "classify_fixture.h"

/* -- sockets -- */

static struct bp_capture *of_socket(int family, int protocol, const void *local,
				    unsigned int local_port, const void *peer,
				    unsigned int peer_port)
{
	struct bp_capture *capture = of_kind(SYS_recvfrom, BP_OBJECT_SOCKET);
	struct bp_socket *socket = &capture->object.socket;
	size_t bytes = family == AF_INET ? 4 : 16;

	socket->family = family;
	socket->type = SOCK_STREAM;
	socket->protocol = protocol;
	memcpy(socket->local, local, bytes);
	memcpy(socket->peer, peer, bytes);
	socket->local_port = local_port;
	socket->peer_port = peer_port;
	return capture;
}

static void expect_socket(void **state, struct bp_capture *capture, const char *proto,
			  const char *local, const char *peer)
{
	struct slice slice = classified(state, capture);

	assert_int_equal(slice.cause, CAUSE_SOCKET);
	assert_int_equal(slice.target.kind, TARGET_SOCKET);
	assert_string_equal(slice.target.proto, proto);
	if (local)
		assert_string_equal(slice.target.local, local);
	else
		assert_null(slice.target.local);
	if (peer)
		assert_string_equal(slice.target.peer, peer);
	else
		assert_null(slice.target.peer);
	assert_int_equal(slice.target.peer_pid, 0);
	slice_clear(&slice);
}

/* RFC 5737 and 3849: addresses that are no one's. */
#define V4_LOCAL "\xc0\x00\x02\x01"
#define V4_PEER	 "\xc6\x33\x64\x07"
#define V6_LOCAL "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
#define V6_PEER	 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"
#define MAPPED	 "\0\0\0\0\0\0\0\0\0\0\xff\xff"

static void test_inet(void **state)
{
	expect_socket(state, of_socket(AF_INET, IPPROTO_TCP, V4_LOCAL, 40000, V4_PEER, 5432), "tcp",
		      "192.0.2.1:40000", "198.51.100.7:5432");
	expect_socket(state, of_socket(AF_INET6, IPPROTO_UDP, V6_LOCAL, 40000, V6_PEER, 443), "udp",
		      "[2001:db8::1]:40000", "[2001:db8::2]:443");
	/* an IPv6 socket that talks IPv4 */
	expect_socket(state,
		      of_socket(AF_INET6, IPPROTO_TCP, MAPPED V4_LOCAL, 1, MAPPED V4_PEER, 65535),
		      "tcp", "192.0.2.1:1", "198.51.100.7:65535");
	/* not connected: accept(), recvfrom() */
	expect_socket(state, of_socket(AF_INET, IPPROTO_TCP, "\0\0\0\0", 80, "\0\0\0\0", 0), "tcp",
		      "0.0.0.0:80", NULL);
	expect_socket(state, of_socket(AF_INET, IPPROTO_SCTP, V4_LOCAL, 1, V4_PEER, 2), "sctp",
		      "192.0.2.1:1", "198.51.100.7:2");
	expect_socket(state, of_socket(AF_INET, IPPROTO_ICMP, V4_LOCAL, 0, V4_PEER, 0), "icmp",
		      "192.0.2.1:0", NULL);
	expect_socket(state, of_socket(AF_INET, 200, V4_LOCAL, 0, V4_PEER, 0), "raw", "192.0.2.1:0",
		      NULL);
}

static void test_other_families(void **state)
{
	expect_socket(state, of_socket(AF_NETLINK, 0, V6_LOCAL, 1, V6_PEER, 2), "netlink", NULL,
		      NULL);
	expect_socket(state, of_socket(AF_VSOCK, 0, V6_LOCAL, 1, V6_PEER, 2), "vsock", NULL, NULL);
	expect_socket(state, of_socket(AF_PACKET, 0, V6_LOCAL, 1, V6_PEER, 2), "other", NULL, NULL);
	expect_socket(state, of_socket(60000, 6, V6_LOCAL, 1, V6_PEER, 2), "other", NULL, NULL);
}

static struct bp_capture *of_unix(const char *path, size_t bytes)
{
	struct bp_capture *capture = of_kind(SYS_recvfrom, BP_OBJECT_SOCKET);

	capture->object.socket.family = AF_UNIX;
	set_path(capture, path, bytes);
	return capture;
}

static void test_unix(void **state)
{
	expect_socket(state, of_unix("/run/app.sock", strlen("/run/app.sock")), "unix", NULL,
		      "/run/app.sock");
	expect_socket(state, of_unix("/run/app.sock", sizeof("/run/app.sock")), "unix", NULL,
		      "/run/app.sock");
	expect_socket(state, of_unix("\0hidden", 7), "unix", NULL, "@hidden");
	expect_socket(state, of_unix("", 0), "unix", NULL, NULL);
}

/* Who sent is the other end when it cannot be asked for any more; another machine's packets come by anyone. */
static void test_peer_by_waker(void **state)
{
	static const struct party waker = { .pid = 4000000, .tid = 4000001, .comm = "server" };
	static const struct {
		int family;
		const char *local, *peer;
		bool here;
	} cases[] = {
		{ AF_INET, V4_LOCAL, V4_PEER, false },
		{ AF_INET, V4_LOCAL, V4_LOCAL, true },
		{ AF_INET, V4_LOCAL, "\x7f\x01\x02\x03", true },
		{ AF_INET6, V6_LOCAL, V6_PEER, false },
		{ AF_INET6, V6_LOCAL, V6_LOCAL, true },
		{ AF_INET6, V6_LOCAL, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", true },
		{ AF_INET6, MAPPED V4_LOCAL, MAPPED "\x7f\0\0\1", true },
		{ AF_INET6, MAPPED V4_LOCAL, MAPPED V4_PEER, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice slice = { .waker = waker };

		classify_as(state, getpid(),
			    of_socket(cases[i].family, IPPROTO_TCP, cases[i].local, 1,
				      cases[i].peer, 2),
			    &slice);
		assert_int_equal(slice.target.peer_pid, cases[i].here ? waker.pid : 0);
		if (cases[i].here)
			assert_string_equal(slice.target.peer_comm, "server");
		slice_clear(&slice);
	}
	/* ksoftirqd sends a connect()'s request once more */
	{
		struct slice slice = { .waker = waker };

		slice.waker.kernel = true;
		classify_as(state, getpid(),
			    of_socket(AF_INET, IPPROTO_TCP, V4_LOCAL, 1, V4_LOCAL, 2), &slice);
		assert_int_equal(slice.target.peer_pid, 0);
		assert_null(slice.target.peer_comm);
		slice_clear(&slice);
	}
	for (int own = 0; own < 2; own++) {
		struct slice slice = { .waker = waker };

		if (own)
			slice.waker.pid = getpid(); /* a timer, or a thread of its own */
		classify_as(state, getpid(), of_unix("/x", 2), &slice);
		assert_int_equal(slice.target.peer_pid, own ? 0 : waker.pid);
		slice_clear(&slice);
	}
}

/* -- pipes -- */

static void test_pipe(void **state)
{
	struct slice slice = { .waker = { .pid = 4000000, .tid = 4000001, .comm = "writer" } };

	classify_as(state, getpid(), of_kind(SYS_read, BP_OBJECT_PIPE), &slice);
	assert_int_equal(slice.cause, CAUSE_PIPE);
	assert_int_equal(slice.target.kind, TARGET_PIPE);
	assert_int_equal(slice.target.peer_pid, 4000000);
	assert_string_equal(slice.target.peer_comm, "writer");
	slice_clear(&slice);
	slice = classified(state, of_kind(SYS_write, BP_OBJECT_PIPE));
	assert_int_equal(slice.target.kind, TARGET_PIPE);
	assert_int_equal(slice.target.peer_pid, 0);
	slice_clear(&slice);
}

static int ask_peer(void **state, struct bp_capture *capture, struct peer *peer)
{
	int err = target_peer(*state, getpid(), capture, peer);

	free(capture);
	return err;
}

static struct bp_capture *of_pipe(int nr, const struct stat *stat, unsigned int nr_fds)
{
	struct bp_capture *capture = of_kind(nr, BP_OBJECT_PIPE);

	capture->object.ino = stat->st_ino;
	capture->object.nr_fds = nr_fds;
	return capture;
}

/* Whom one waits for is said where it is certain. */
static void test_peer_of_block(void **state)
{
	struct bp_capture *capture;
	struct stat stat;
	struct peer peer;
	int pipes[2];
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(fstat(pipes[0], &stat), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(pipes[0]);
		for (;;)
			pause();
	}
	close(pipes[1]);
	assert_int_equal(ask_peer(state, of_pipe(SYS_read, &stat, 0), &peer), 0);
	assert_int_equal(peer.pid, pid);
	assert_int_equal(peer.fd, pipes[1]);
	assert_int_equal(ask_peer(state, of_pipe(SYS_ppoll, &stat, 1), &peer), 0);
	assert_int_equal(peer.pid, pid);
	/* the first of several descriptors */
	assert_int_equal(ask_peer(state, of_pipe(SYS_ppoll, &stat, 2), &peer), -ENOENT);
	capture = of_pipe(SYS_read, &stat, 0);
	capture->block.flags = BP_BLOCK_STOPPED;
	assert_int_equal(ask_peer(state, capture, &peer), -ENOENT);
	assert_int_equal(ask_peer(state, of_kind(SYS_read, BP_OBJECT_FILE), &peer), -ENOENT);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(pipes[0]);
}

/* -- names -- */

static void put_query(struct bp_capture *capture, size_t at)
{
	static const char query[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\3org\0\0\x1c\0\1";

	size_t bytes = sizeof(query) - 1, room = BP_QUESTION_BYTES - at;

	memcpy(capture->question + at, query, bytes < room ? bytes : room);
	capture->question_bytes = BP_QUESTION_BYTES;
}

static void expect_dns(void **state, struct bp_capture *capture, const char *name,
		       const char *server)
{
	struct slice slice = classified(state, capture);

	assert_int_equal(slice.cause, CAUSE_DNS);
	assert_int_equal(slice.target.kind, TARGET_DNS);
	assert_string_equal(slice.target.server, server);
	if (name)
		assert_string_equal(slice.target.name, name);
	else
		assert_null(slice.target.name);
	slice_clear(&slice);
}

static void test_dns(void **state)
{
	static const char *const sockets[] = { "/run/nscd/socket", "/var/run/nscd/socket",
					       "/run/systemd/resolve/io.systemd.Resolve" };
	struct bp_capture *capture;

	capture = of_socket(AF_INET, IPPROTO_UDP, V4_LOCAL, 40000, V4_PEER, 53);
	put_query(capture, 1000);
	expect_dns(state, capture, "example.org", "198.51.100.7:53");
	/* glibc polls its one socket */
	capture = of_socket(AF_INET6, IPPROTO_UDP, V6_LOCAL, 40000, V6_PEER, 53);
	capture->block.syscall = SYS_ppoll;
	put_query(capture, BP_QUESTION_BYTES - 28);
	expect_dns(state, capture, NULL, "[2001:db8::2]:53"); /* cut off */
	capture = of_socket(AF_INET, IPPROTO_UDP, V4_LOCAL, 40000, V4_PEER, 53);
	put_query(capture, 1000);
	capture->question_bytes = 1000; /* the rest is what was there before */
	expect_dns(state, capture, NULL, "198.51.100.7:53");
	capture = of_socket(AF_INET, IPPROTO_UDP, V4_LOCAL, 40000, V4_PEER, 53);
	capture->question_bytes = UINT32_MAX;
	expect_dns(state, capture, NULL, "198.51.100.7:53");
	for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++) {
		expect_dns(state, of_unix(sockets[i], strlen(sockets[i])), NULL, sockets[i]);
		expect_dns(state, of_unix(sockets[i], strlen(sockets[i]) + 1), NULL, sockets[i]);
		expect_cause(state, of_unix(sockets[i], strlen(sockets[i]) - 1), CAUSE_SOCKET);
	}
	expect_cause(state, of_unix("/run/nscd/socket2", 17), CAUSE_SOCKET);
	/* served from there */
	expect_cause(state, of_socket(AF_INET, IPPROTO_UDP, V4_LOCAL, 53, V4_PEER, 40000),
		     CAUSE_SOCKET);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_inet), cmocka_unit_test(test_other_families),
		cmocka_unit_test(test_unix), cmocka_unit_test(test_peer_by_waker),
		cmocka_unit_test(test_pipe), cmocka_unit_test(test_peer_of_block),
		cmocka_unit_test(test_dns),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
