/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a thread blocked, and what it waited for: from what the kernel side copied of the block. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proc/peer/peer.h"
#include "capture/classify.h"
#include "symbol/symbol.h"

#define DEVICE(major, minor) ((major) << 20 | (minor))

static struct bp_capture *of_call(int nr)
{
	struct bp_capture *capture = calloc(1, sizeof(*capture));

	assert_non_null(capture);
	capture->block.syscall = nr;
	return capture;
}

static struct bp_capture *of_kind(int nr, unsigned int kind)
{
	struct bp_capture *capture = of_call(nr);

	capture->object.kind = kind;
	capture->object.nr_fds = 1;
	return capture;
}

/* Parts one after another, each ended by a NUL, from the innermost outwards. */
static void set_path(struct bp_capture *capture, const char *parts, size_t bytes)
{
	assert_true(bytes <= BP_PATH_BYTES);
	memset(capture->object.path, 'x', BP_PATH_BYTES); /* nothing is promised of the rest */
	memcpy(capture->object.path, parts, bytes);
	capture->object.path_bytes = bytes;
}

#define SET_PATH(capture, parts) set_path(capture, parts, sizeof(parts))

/* Frees capture; slice may have a waker and a stack. */
static void judge_as(void **state, pid_t pid, struct bp_capture *capture, struct slice *slice)
{
	classify(*state, pid, capture, slice);
	free(capture);
}

static struct slice judge(void **state, struct bp_capture *capture)
{
	struct slice slice = { 0 };

	judge_as(state, getpid(), capture, &slice);
	return slice;
}

static void expect_cause(void **state, struct bp_capture *capture, enum cause cause)
{
	struct slice slice = judge(state, capture);

	if (slice.cause != cause)
		fail_msg("%s where it is %s", cause_name(slice.cause), cause_name(cause));
	slice_clear(&slice);
}

/* NULL: no path at all. */
static void expect_file(void **state, struct bp_capture *capture, const char *path)
{
	struct slice slice = judge(state, capture);

	assert_int_equal(slice.cause, CAUSE_FILE);
	assert_int_equal(slice.target.kind, path ? TARGET_FILE : TARGET_NONE);
	if (path)
		assert_string_equal(slice.target.path, path);
	slice_clear(&slice);
}

/* -- causes -- */

static void test_calls(void **state)
{
	static const struct {
		int nr;
		enum cause cause;
	} calls[] = {
		{ SYS_clock_nanosleep, CAUSE_SLEEP },
		{ SYS_futex, CAUSE_LOCK },
		{ SYS_wait4, CAUSE_CHILD },
		{ SYS_clone, CAUSE_CHILD },
		{ SYS_fsync, CAUSE_FILE },
		{ SYS_openat, CAUSE_FILE },
		{ SYS_recvfrom, CAUSE_SOCKET },
		{ SYS_epoll_pwait, CAUSE_POLL },
		{ SYS_io_uring_enter, CAUSE_POLL },
		{ SYS_msgrcv, CAUSE_IPC },
		{ SYS_getpid, CAUSE_OTHER },
		{ 4999, CAUSE_OTHER },
		{ -7, CAUSE_OTHER },
		{ BP_NO_SYSCALL, CAUSE_OTHER },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		expect_cause(state, of_call(calls[i].nr), calls[i].cause);
}

static void test_call_names(void **state)
{
	struct bp_capture *capture;
	struct slice slice = judge(state, of_call(SYS_clock_nanosleep));

	assert_string_equal(slice.syscall, "clock_nanosleep");
	slice_clear(&slice);
	slice = judge(state, of_call(4999));
	assert_string_equal(slice.syscall, "syscall_4999");
	slice_clear(&slice);
	slice = judge(state, of_call(BP_NO_SYSCALL));
	assert_null(slice.syscall);
	slice_clear(&slice);
	capture = of_call(SYS_read); /* 32-bit programs count differently */
	capture->block.flags = BP_BLOCK_COMPAT;
	slice = judge(state, capture);
	assert_null(slice.syscall);
	assert_int_equal(slice.cause, CAUSE_OTHER);
	slice_clear(&slice);
}

/* What the kernel side saw beyond the call counts first, in this order. */
static void test_flags(void **state)
{
	static const struct {
		unsigned int flags;
		enum cause cause;
	} all[] = {
		{ BP_BLOCK_STOPPED, CAUSE_STOPPED }, { BP_BLOCK_GIL, CAUSE_GIL },
		{ BP_BLOCK_TRY_LOCK, CAUSE_FILE },   { BP_BLOCK_TRY_CHILD, CAUSE_CHILD },
		{ BP_BLOCK_COMPAT, CAUSE_OTHER },    { BP_BLOCK_FAULT, CAUSE_FAULT },
		{ BP_BLOCK_DISK, CAUSE_SLEEP },	     { BP_BLOCK_EARLIER, CAUSE_SLEEP },
	};
	unsigned int rest = 0;

	for (int i = sizeof(all) / sizeof(all[0]); i-- > 0;) {
		struct bp_capture *capture = of_call(SYS_clock_nanosleep);

		capture->block.flags = all[i].flags;
		expect_cause(state, capture, all[i].cause);
		rest |= all[i].flags;
		capture = of_call(SYS_clock_nanosleep);
		capture->block.flags = rest;
		expect_cause(state, capture, all[i].cause);
	}
}

/* What a descriptor stands for says more than the call does. */
static void test_objects(void **state)
{
	static const int calls[] = { SYS_read, SYS_writev, SYS_ioctl, SYS_sendto };
	static const struct {
		unsigned int kind;
		enum cause cause;
	} kinds[] = {
		{ BP_OBJECT_SOCKET, CAUSE_SOCKET },
		{ BP_OBJECT_PIPE, CAUSE_PIPE },
		{ BP_OBJECT_ANON, CAUSE_OTHER }, /* eventfd, timerfd */
		{ BP_OBJECT_CHAR, CAUSE_OTHER },
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			expect_cause(state, of_kind(calls[i], kinds[k].kind), kinds[k].cause);
	expect_cause(state, of_kind(SYS_read, BP_OBJECT_FILE), CAUSE_FILE);
	expect_cause(state, of_kind(SYS_read, BP_OBJECT_NONE), CAUSE_FILE);
	expect_cause(state, of_kind(SYS_recvfrom, BP_OBJECT_NONE), CAUSE_SOCKET);
	expect_cause(state, of_kind(SYS_read, 99), CAUSE_FILE);
	/* not for what a call does to something else */
	expect_cause(state, of_kind(SYS_futex, BP_OBJECT_SOCKET), CAUSE_LOCK);
	expect_cause(state, of_kind(SYS_mq_timedsend, BP_OBJECT_FILE), CAUSE_IPC);
}

static void test_polls(void **state)
{
	static const int calls[] = { SYS_ppoll, SYS_pselect6,
#ifdef SYS_poll
				     SYS_poll, SYS_select
#endif
	};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		bool select = i % 2;
		struct bp_capture *capture = of_kind(calls[i], BP_OBJECT_NONE);

		capture->object.nr_fds = 0; /* nothing but the timeout */
		expect_cause(state, capture, CAUSE_SLEEP);
		/* in a sum it is not known on which */
		capture = of_kind(calls[i], BP_OBJECT_NONE);
		capture->object.nr_fds = 0;
		capture->block.flags = BP_BLOCK_FDS;
		expect_cause(state, capture, CAUSE_POLL);
		expect_cause(state, of_kind(calls[i], BP_OBJECT_SOCKET), CAUSE_SOCKET);
		expect_cause(state, of_kind(calls[i], BP_OBJECT_PIPE), CAUSE_PIPE);
		expect_cause(state, of_kind(calls[i], BP_OBJECT_ANON), CAUSE_POLL);
		expect_cause(state, of_kind(calls[i], BP_OBJECT_NONE), CAUSE_POLL);
		/* poll: the first of several is not the one; select's nfds is no count */
		capture = of_kind(calls[i], BP_OBJECT_SOCKET);
		capture->object.nr_fds = 2;
		expect_cause(state, capture, select ? CAUSE_SOCKET : CAUSE_POLL);
	}
	expect_cause(state, of_kind(SYS_epoll_pwait, BP_OBJECT_ANON), CAUSE_POLL);
	expect_cause(state, of_kind(SYS_epoll_pwait, BP_OBJECT_SOCKET), CAUSE_POLL);
}

static void test_devices(void **state)
{
	static const struct {
		unsigned int rdev;
		enum cause cause;
	} devices[] = {
		{ DEVICE(4, 1), CAUSE_TTY },
		{ DEVICE(5, 0), CAUSE_TTY },
		{ DEVICE(136, 7), CAUSE_TTY },
		{ DEVICE(143, 1048575), CAUSE_TTY },
		{ DEVICE(188, 0), CAUSE_TTY },
		{ DEVICE(3, 0), CAUSE_TTY },
		{ DEVICE(1, 3), CAUSE_OTHER },
		{ DEVICE(135, 0), CAUSE_OTHER },
		{ DEVICE(144, 0), CAUSE_OTHER },
		{ DEVICE(10, 4), CAUSE_OTHER },
		{ 4, CAUSE_OTHER },
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		struct bp_capture *capture = of_kind(SYS_read, BP_OBJECT_CHAR);
		struct slice slice;

		capture->object.rdev = devices[i].rdev;
		SET_PATH(capture, "7\0pts\0dev");
		slice = judge(state, capture);
		assert_int_equal(slice.cause, devices[i].cause);
		assert_int_equal(slice.target.kind, TARGET_DEVICE);
		assert_string_equal(slice.target.name, "/dev/pts/7");
		slice_clear(&slice);
	}
}

/* -- files -- */

static void test_paths(void **state)
{
	static const struct {
		const char *parts;
		size_t bytes;
		bool cut;
		const char *path;
	} paths[] = {
		{ "a.db\0data\0srv", sizeof("a.db\0data\0srv"), false, "/srv/data/a.db" },
		{ "a", sizeof("a"), false, "/a" },
		{ "", 0, false, "/" },
		{ "a.db\0deep", sizeof("a.db\0deep"), true, ".../deep/a.db" },
		{ "", 0, true, "..." },
		{ "a.db\0data\0srv", sizeof("a.db\0data\0srv") - 1, false,
		  "/data/a.db" }, /* not ended */
		{ "\0\0", 2, false, "//" },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct bp_capture *capture = of_kind(SYS_fsync, BP_OBJECT_FILE);

		set_path(capture, paths[i].parts, paths[i].bytes);
		capture->object.path_cut = paths[i].cut;
		expect_file(state, capture, paths[i].path);
	}
}

static void test_hostile_paths(void **state)
{
	struct bp_capture *capture;
	struct slice slice;

	for (int fill = 0; fill < 3; fill++) {
		for (unsigned int bytes = 0; bytes <= UINT16_MAX;
		     bytes += bytes < 520 ? 1 : 13003) {
			for (int kind = BP_OBJECT_NONE; kind <= BP_OBJECT_USER_PATH; kind++) {
				capture = of_kind(SYS_read, kind);
				memset(capture->object.path, fill == 1 ? 'x' : 0, BP_PATH_BYTES);
				for (size_t i = 0; fill == 2 && i < BP_PATH_BYTES; i += 2)
					capture->object.path[i] = 'y';
				capture->object.path_bytes = bytes;
				capture->object.path_cut = 1;
				capture->object.socket.family = AF_UNIX;
				slice = judge(state, capture);
				if (kind == BP_OBJECT_FILE && fill == 1)
					assert_string_equal(slice.target.path,
							    "..."); /* no name ends */
				else if (kind == BP_OBJECT_FILE)
					assert_true(strlen(slice.target.path) <= BP_PATH_BYTES + 3);
				slice_clear(&slice);
			}
		}
	}
}

static struct bp_capture *user_path(const char *path, int dir)
{
	struct bp_capture *capture = of_kind(SYS_openat, BP_OBJECT_USER_PATH);

	set_path(capture, path, strlen(path) + 1);
	capture->object.fd = dir;
	return capture;
}

/* As the program gave them. */
static void test_user_paths(void **state)
{
	char before[4096];
	int dir = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_non_null(getcwd(before, sizeof(before)));
	assert_true(dir >= 0);
	expect_file(state, user_path("/etc/passwd", AT_FDCWD), "/etc/passwd");
	expect_file(state, user_path("/etc/passwd", 77), "/etc/passwd");
	expect_file(state, user_path("self/maps", dir), "/proc/self/maps");
	expect_file(state, user_path("self/maps", 1000000), "self/maps"); /* closed since */
	expect_file(state, user_path("", AT_FDCWD), "");
	assert_int_equal(chdir("/dev"), 0);
	expect_file(state, user_path("null", AT_FDCWD), "/dev/null");
	assert_int_equal(chdir("/"), 0);
	expect_file(state, user_path("x/../y", AT_FDCWD), "/x/../y");
	assert_int_equal(chdir(before), 0);
	close(dir);
}

/* A nap between two tries of a lock waits for the file that is locked. */
static void test_try_lock(void **state)
{
	struct bp_capture *capture = of_kind(SYS_clock_nanosleep, BP_OBJECT_FILE);
	struct slice slice;

	capture->block.flags = BP_BLOCK_TRY_LOCK;
	SET_PATH(capture, "a.db\0srv");
	slice = judge(state, capture);
	assert_int_equal(slice.cause, CAUSE_FILE);
	assert_string_equal(slice.target.path, "/srv/a.db");
	assert_string_equal(slice.syscall, "clock_nanosleep");
	slice_clear(&slice);
}

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
	struct slice slice = judge(state, capture);

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

		judge_as(state, getpid(),
			 of_socket(cases[i].family, IPPROTO_TCP, cases[i].local, 1, cases[i].peer,
				   2),
			 &slice);
		assert_int_equal(slice.target.peer_pid, cases[i].here ? waker.pid : 0);
		if (cases[i].here)
			assert_string_equal(slice.target.peer_comm, "server");
		slice_clear(&slice);
	}
	for (int own = 0; own < 2; own++) {
		struct slice slice = { .waker = waker };

		if (own)
			slice.waker.pid = getpid(); /* a timer, or a thread of its own */
		judge_as(state, getpid(), of_unix("/x", 2), &slice);
		assert_int_equal(slice.target.peer_pid, own ? 0 : waker.pid);
		slice_clear(&slice);
	}
}

static void test_pipe(void **state)
{
	struct slice slice = { .waker = { .pid = 4000000, .tid = 4000001, .comm = "writer" } };

	judge_as(state, getpid(), of_kind(SYS_read, BP_OBJECT_PIPE), &slice);
	assert_int_equal(slice.cause, CAUSE_PIPE);
	assert_int_equal(slice.target.kind, TARGET_PIPE);
	assert_int_equal(slice.target.peer_pid, 4000000);
	assert_string_equal(slice.target.peer_comm, "writer");
	slice_clear(&slice);
	slice = judge(state, of_kind(SYS_write, BP_OBJECT_PIPE));
	assert_int_equal(slice.target.kind, TARGET_PIPE);
	assert_int_equal(slice.target.peer_pid, 0);
	slice_clear(&slice);
}

static int ask_peer(void **state, struct bp_capture *capture, struct peer *peer)
{
	int err = classify_peer(*state, getpid(), capture, peer);

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

	size_t bytes = sizeof(query) - 1, room = BP_STACK_BYTES - at;

	memcpy(capture->stack_bytes + at, query, bytes < room ? bytes : room);
	capture->has_stack_bytes = BP_STACK_BYTES;
}

static void expect_dns(void **state, struct bp_capture *capture, const char *name,
		       const char *server)
{
	struct slice slice = judge(state, capture);

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
	put_query(capture, BP_STACK_BYTES - 28);
	expect_dns(state, capture, NULL, "[2001:db8::2]:53"); /* cut off */
	capture = of_socket(AF_INET, IPPROTO_UDP, V4_LOCAL, 40000, V4_PEER, 53);
	put_query(capture, 1000);
	capture->has_stack_bytes = 1000; /* the rest is what was there before */
	expect_dns(state, capture, NULL, "198.51.100.7:53");
	capture = of_socket(AF_INET, IPPROTO_UDP, V4_LOCAL, 40000, V4_PEER, 53);
	capture->has_stack_bytes = UINT32_MAX;
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

/* -- locks -- */

static void test_futex(void **state)
{
	for (int gil = 0; gil < 2; gil++) {
		struct bp_capture *capture = of_call(SYS_futex);
		struct slice slice;

		capture->block.args[0] = 0x7f1234567890;
		capture->block.flags = gil ? BP_BLOCK_GIL : 0;
		slice = judge(state, capture);
		assert_int_equal(slice.cause, gil ? CAUSE_GIL : CAUSE_LOCK);
		assert_int_equal(slice.target.kind, TARGET_FUTEX);
		assert_int_equal(slice.target.addr, 0x7f1234567890);
		slice_clear(&slice);
	}
}

/* -- children -- */

/* A process with one child. */
struct family {
	pid_t parent, child;
};

static struct family start_family(void)
{
	struct family family;
	pid_t self = getpid();
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	family.parent = fork();
	assert_true(family.parent >= 0);
	if (!family.parent) {
		pid_t middle = getpid(), child;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != self)
			_exit(1);
		child = fork();
		if (!child) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			if (getppid() != middle)
				_exit(1);
			prctl(PR_SET_NAME, "grandchild");
			child = getpid();
			if (write(fds[1], &child, sizeof(child)) != sizeof(child))
				_exit(1);
		}
		for (;;)
			pause();
	}
	assert_int_equal(read(fds[0], &family.child, sizeof(family.child)), sizeof(family.child));
	close(fds[0]);
	close(fds[1]);
	return family;
}

static void end_family(struct family *family)
{
	kill(family->parent, SIGKILL);
	waitpid(family->parent, NULL, 0);
}

static void expect_child(void **state, pid_t pid, struct bp_capture *capture, pid_t child,
			 const char *comm, const struct party *waker)
{
	struct slice slice = { 0 };

	if (waker)
		slice.waker = *waker;
	judge_as(state, pid, capture, &slice);
	assert_int_equal(slice.cause, CAUSE_CHILD);
	assert_int_equal(slice.target.kind, TARGET_CHILD);
	assert_int_equal(slice.target.pid, child);
	if (comm)
		assert_string_equal(slice.target.comm, comm);
	else
		assert_null(slice.target.comm);
	slice_clear(&slice);
}

static void test_child(void **state)
{
	const struct party waker = { .pid = 4000000, .tid = 4000000, .comm = "ended" };
	struct family family = start_family();
	struct bp_capture *capture;

	/* asked for by its number */
	capture = of_call(SYS_wait4);
	capture->block.args[0] = family.child;
	expect_child(state, getpid(), capture, family.child, "grandchild", NULL);
	capture = of_call(SYS_waitid);
	capture->block.args[0] = P_PID;
	capture->block.args[1] = family.child;
	expect_child(state, getpid(), capture, family.child, "grandchild", NULL);
	/* naps between looks at it */
	capture = of_call(SYS_clock_nanosleep);
	capture->block.flags = BP_BLOCK_TRY_CHILD;
	capture->block.args[0] = family.child;
	expect_child(state, getpid(), capture, family.child, "grandchild", NULL);
	/* any child: the one that ended it, or the only one */
	capture = of_call(SYS_wait4);
	capture->block.args[0] = (unsigned long long)-1;
	expect_child(state, family.parent, capture, 4000000, "ended", &waker);
	capture = of_call(SYS_wait4);
	capture->block.args[0] = 0xffffffff; /* -1 as 32 bits */
	expect_child(state, family.parent, capture, family.child, "grandchild", NULL);
	capture = of_call(SYS_waitid);
	capture->block.args[0] = P_ALL;
	capture->block.args[1] = 17; /* means nothing then */
	expect_child(state, family.parent, capture, family.child, "grandchild", NULL);
	expect_child(state, family.child, of_call(SYS_wait4), 0, NULL, NULL);
	/* a vfork that the child's exec ended */
	expect_child(state, family.parent, of_call(SYS_clone), 4000000, "ended", &waker);
	/* gone already, and never seen */
	capture = of_call(SYS_wait4);
	capture->block.args[0] = 4000001;
	expect_child(state, family.parent, capture, 4000001, NULL, &waker);
	end_family(&family);
}

static void test_pidfd(void **state)
{
	static const char *const names[] = { "[pidfd]", "pidfd" };
	struct family family = start_family();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct bp_capture *capture = of_kind(SYS_ppoll, BP_OBJECT_ANON);

		set_path(capture, names[i], strlen(names[i]) + 1);
		expect_child(state, family.parent, capture, family.child, "grandchild", NULL);
	}
	end_family(&family);
}

static void expect_by_stack(void **state, int call, unsigned int kind, const struct frame *frame,
			    enum cause cause)
{
	struct slice slice = { .stack = stack_new(frame, 1, false) };

	assert_non_null(slice.stack);
	judge_as(state, getpid(), of_kind(call, kind), &slice);
	assert_int_equal(slice.cause, cause);
	slice_clear(&slice);
}

/* subprocess.run waits for its child by way of pipes, polls and naps. */
static void test_subprocess(void **state)
{
	static const struct frame communicate = { .kind = FRAME_PYTHON,
						  .fn = "Popen._communicate",
						  .file = "/usr/lib/python3.11/subprocess.py",
						  .line = 2108 };
	static const struct frame wait = { .kind = FRAME_PYTHON,
					   .fn = "Popen._wait",
					   .file = "/usr/lib/python3.11/subprocess.py",
					   .line = 2000 };
	static const struct frame elsewhere = {
		.kind = FRAME_PYTHON, .fn = "wait", .file = "/app/my_subprocess.py", .line = 3
	};
	static const struct frame native = {
		.kind = FRAME_NATIVE, .fn = "wait", .file = "/x/subprocess.py", .line = 3
	};
	static const struct frame start = { .kind = FRAME_PYTHON,
					    .fn = "Popen.__init__",
					    .file = "/usr/lib/python3.11/subprocess.py",
					    .line = 1000 };

	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &communicate, CAUSE_CHILD);
	expect_by_stack(state, SYS_ppoll, BP_OBJECT_ANON, &communicate, CAUSE_CHILD);
	expect_by_stack(state, SYS_clock_nanosleep, BP_OBJECT_NONE, &wait, CAUSE_CHILD);
	expect_by_stack(state, SYS_read, BP_OBJECT_SOCKET, &communicate, CAUSE_SOCKET);
	expect_by_stack(state, SYS_read, BP_OBJECT_FILE, &communicate, CAUSE_FILE);
	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &elsewhere, CAUSE_PIPE);
	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &native, CAUSE_PIPE);
	expect_by_stack(state, SYS_read, BP_OBJECT_PIPE, &start, CAUSE_PIPE);
}

/* -- page faults -- */

static void test_fault(void **state)
{
	char file[] = "/tmp/blockprof-test-XXXXXX";
	struct bp_capture *capture;
	struct slice slice;
	int fd = mkstemp(file);
	char *mapped;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	mapped = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	capture = of_call(BP_NO_SYSCALL);
	capture->block.flags = BP_BLOCK_FAULT;
	capture->block.fault_addr = (uintptr_t)mapped + 5000;
	slice = judge(state, capture);
	assert_int_equal(slice.cause, CAUSE_FAULT);
	assert_int_equal(slice.target.kind, TARGET_FILE);
	assert_string_equal(slice.target.path, file);
	assert_null(slice.syscall);
	slice_clear(&slice);
	munmap(mapped, 8192);
	close(fd);
	unlink(file);

	/* memory that is no file's, and none at all */
	for (int i = 0; i < 3; i++) {
		capture = of_call(BP_NO_SYSCALL);
		capture->block.flags = BP_BLOCK_FAULT;
		capture->block.fault_addr = i == 0 ? (uintptr_t)&capture : i == 1 ? 0 : UINT64_MAX;
		slice = judge(state, capture);
		assert_int_equal(slice.cause, CAUSE_FAULT);
		assert_int_equal(slice.target.kind, TARGET_NONE);
		slice_clear(&slice);
	}
}

static int setup(void **state)
{
	struct classify *with = calloc(1, sizeof(*with));

	assert_non_null(with);
	assert_int_equal(peers_new(&with->peers), 0);
	assert_int_equal(symbols_new(&with->symbols), 0);
	*state = with;
	return 0;
}

static int teardown(void **state)
{
	struct classify *with = *state;

	peers_free(with->peers);
	symbols_free(with->symbols);
	free(with);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),	      cmocka_unit_test(test_call_names),
		cmocka_unit_test(test_flags),	      cmocka_unit_test(test_objects),
		cmocka_unit_test(test_polls),	      cmocka_unit_test(test_devices),
		cmocka_unit_test(test_paths),	      cmocka_unit_test(test_hostile_paths),
		cmocka_unit_test(test_user_paths),    cmocka_unit_test(test_try_lock),
		cmocka_unit_test(test_inet),	      cmocka_unit_test(test_other_families),
		cmocka_unit_test(test_unix),	      cmocka_unit_test(test_peer_by_waker),
		cmocka_unit_test(test_pipe),	      cmocka_unit_test(test_dns),
		cmocka_unit_test(test_peer_of_block), cmocka_unit_test(test_dns),
		cmocka_unit_test(test_futex),	      cmocka_unit_test(test_child),
		cmocka_unit_test(test_pidfd),	      cmocka_unit_test(test_subprocess),
		cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
