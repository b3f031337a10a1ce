// SPDX-License-Identifier: GPL-2.0-or-later
/* The iterator over tasks on kernels that can narrow it down, and on those that cannot. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "bpf/abi.h"
#include "probe/tasks.h"

#define PROGRAM 77
#define ROOM	64

/* -- the kernel: two processes of three threads each, and one of one -- */

static const struct {
	pid_t pid, tid;
} threads[] = {
	{ 10, 10 }, { 10, 11 }, { 20, 20 }, { 10, 12 }, { 20, 21 }, { 20, 22 }, { 30, 30 }
};
#define THREADS (sizeof(threads) / sizeof(threads[0]))

static struct {
	bool narrows_pid, narrows_tid; /* else a pid is refused, a tid ignored */
	int attach_err, open_err;
	bool unreadable;
	size_t piece; /* that a read gives at the most; 0: all */
	pid_t pid, tid; /* as attached */
	unsigned int attached;
} kernel;

static int fake_attach(int program, pid_t pid, pid_t tid)
{
	assert_int_equal(program, PROGRAM);
	kernel.attached++;
	if (kernel.attach_err)
		return kernel.attach_err;
	if (pid && !kernel.narrows_pid)
		return -E2BIG;
	kernel.pid = pid;
	kernel.tid = kernel.narrows_tid ? tid : 0;
	return open("/dev/null", O_RDONLY);
}

static int fake_open(int link)
{
	struct bp_watched_snapshot snapshots[THREADS] = { 0 };
	const char *bytes = (const char *)snapshots;
	size_t nr = 0, piece;
	int ends[2];

	assert_true(link >= 0);
	if (kernel.open_err)
		return kernel.open_err;
	for (size_t i = 0; i < THREADS; i++) {
		if ((kernel.pid && kernel.pid != threads[i].pid) ||
		    (kernel.tid && kernel.tid != threads[i].tid))
			continue;
		snapshots[nr].tgid = threads[i].pid;
		snapshots[nr].tid = threads[i].tid;
		snapshots[nr].pthread = 1000 + threads[i].tid;
		nr++;
	}
	/* a packet a read */
	assert_int_equal(pipe2(ends, O_DIRECT | O_CLOEXEC), 0);
	piece = kernel.piece ? kernel.piece : sizeof(snapshots);
	for (size_t at = 0, end = nr * sizeof(snapshots[0]); at < end; at += piece) {
		size_t left = end - at < piece ? end - at : piece;

		assert_int_equal(write(ends[1], bytes + at, left), left);
	}
	close(ends[kernel.unreadable ? 0 : 1]);
	return ends[kernel.unreadable ? 1 : 0];
}

static const struct tasks_kernel fake = { fake_attach, fake_open };

/* -- who asks -- */

struct seen {
	pid_t tids[ROOM];
	size_t nr;
};

static void on_thread(void *context, const void *entry)
{
	const struct bp_watched_snapshot *snapshot = entry;
	struct seen *seen = context;

	assert_true(seen->nr < ROOM);
	assert_int_equal(snapshot->pthread, 1000 + snapshot->tid);
	seen->tids[seen->nr++] = (pid_t)snapshot->tid;
}

static int iterate(pid_t pid, pid_t tid, struct seen *seen)
{
	const struct tasks_query query = { .program = PROGRAM,
					   .snapshot_bytes = sizeof(struct bp_watched_snapshot),
					   .pid = pid,
					   .tid = tid };

	seen->nr = 0;
	return tasks_iterate(&fake, &query, on_thread, seen);
}

static int setup(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	return 0;
}

static void assert_all_ways(void)
{
	struct seen seen;

	assert_int_equal(iterate(0, 0, &seen), 0);
	assert_int_equal(seen.nr, THREADS);
	assert_int_equal(iterate(20, 0, &seen), 0);
	assert_int_equal(seen.nr, 3);
	assert_int_equal(seen.tids[0], 20);
	assert_int_equal(seen.tids[2], 22);
	assert_int_equal(iterate(0, 12, &seen), 0);
	assert_int_equal(seen.nr, 1);
	assert_int_equal(seen.tids[0], 12);
	assert_int_equal(iterate(10, 11, &seen), 0);
	assert_int_equal(seen.nr, 1);
	assert_int_equal(seen.tids[0], 11);
	assert_int_equal(iterate(40, 0, &seen), 0);
	assert_int_equal(seen.nr, 0);
}

/* -- tests -- */

/* Linux 6.1 and later. */
static void test_narrow(void **state)
{
	struct seen seen;

	(void)state;
	kernel.narrows_pid = kernel.narrows_tid = true;
	assert_all_ways();
	kernel.attached = 0;
	assert_int_equal(iterate(10, 0, &seen), 0);
	assert_int_equal(kernel.attached, 1);
	assert_int_equal(kernel.pid, 10);
}

/* Linux 5.13 to 6.0: a pid is refused with E2BIG, and a tid means nothing. */
static void test_refused(void **state)
{
	struct seen seen;

	(void)state;
	assert_all_ways();
	kernel.attached = 0;
	assert_int_equal(iterate(10, 0, &seen), 0);
	assert_int_equal(seen.nr, 3);
	assert_int_equal(kernel.attached, 2);
	assert_int_equal(kernel.pid, 0);
}

static void test_pieces(void **state)
{
	(void)state;
	/* as many packets as a pipe has pages for, at the most */
	for (kernel.piece = 150; kernel.piece < 2 * sizeof(struct bp_watched_snapshot);
	     kernel.piece += 37)
		assert_all_ways();
}

static void test_errors(void **state)
{
	struct seen seen;

	(void)state;
	kernel.attach_err = -EPERM;
	assert_int_equal(iterate(10, 0, &seen), -EPERM);
	kernel.attach_err = -E2BIG;
	assert_int_equal(iterate(0, 0, &seen), -E2BIG);
	kernel.attach_err = 0;
	kernel.open_err = -ENOMEM;
	assert_int_equal(iterate(10, 0, &seen), -ENOMEM);
	kernel.open_err = 0;
	kernel.unreadable = true;
	assert_int_equal(iterate(0, 0, &seen), -EBADF);
	assert_int_equal(seen.nr, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_narrow, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_pieces, setup),
		cmocka_unit_test_setup(test_errors, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
