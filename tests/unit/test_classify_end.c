// SPDX-License-Identifier: GPL-2.0-or-later
/* What frames of the kernel and of runtimes say of a block, and what its end says. */
#include <linux/futex.h>

#include "classify_fixture.h"
#include "tests/unit/records.h"

/* Frees capture. */
static struct slice with_frames(void **state, struct bp_capture *capture,
				const struct frame *frames, size_t nr)
{
	struct slice slice = { .stack = stack_new(frames, nr, false) };

	assert_non_null(slice.stack);
	classify_as(state, getpid(), capture, &slice);
	return slice;
}

static void expect_with(void **state, struct bp_capture *capture, const struct frame *frames,
			size_t nr, enum cause cause)
{
	struct slice slice = with_frames(state, capture, frames, nr);

	if (slice.cause != cause)
		fail_msg("%s where it is %s", cause_name(slice.cause), cause_name(cause));
	slice_clear(&slice);
}

/* Two descriptors, in the order of the call's arguments. */
static struct bp_capture *of_two(int nr, unsigned int first, unsigned int second)
{
	struct bp_capture *capture = of_kind(nr, first);

	capture->block.flags = BP_BLOCK_TWO;
	capture->second.kind = second;
	return capture;
}

static void test_sides(void **state)
{
	static const struct frame reads[] = { KERNEL("folio_wait_bit_common"),
					      KERNEL("filemap_splice_read"),
					      KERNEL("splice_direct_to_actor") };
	static const struct frame sends[] = { KERNEL("sk_stream_wait_memory"),
					      KERNEL("tcp_sendmsg"), KERNEL("splice_to_socket"),
					      KERNEL("direct_splice_actor") };
	static const struct frame empty[] = { KERNEL("pipe_wait_readable"),
					      KERNEL("splice_from_pipe_next"),
					      KERNEL("iter_file_splice_write") };
	static const struct frame full[] = { KERNEL("pipe_wait_writable"),
					     KERNEL("splice_file_to_pipe") };
	struct bp_capture *capture;

	expect_with(state, of_two(SYS_sendfile, BP_OBJECT_SOCKET, BP_OBJECT_FILE), reads, NR(reads),
		    CAUSE_FILE);
	expect_with(state, of_two(SYS_sendfile, BP_OBJECT_SOCKET, BP_OBJECT_FILE), sends, NR(sends),
		    CAUSE_SOCKET);
	expect_with(state, of_two(SYS_splice, BP_OBJECT_PIPE, BP_OBJECT_FILE), empty, NR(empty),
		    CAUSE_PIPE);
	expect_with(state, of_two(SYS_splice, BP_OBJECT_FILE, BP_OBJECT_PIPE), full, NR(full),
		    CAUSE_PIPE);
	expect_with(state, of_two(SYS_splice, BP_OBJECT_FILE, BP_OBJECT_PIPE), reads, NR(reads),
		    CAUSE_FILE);
	expect_with(state, of_two(SYS_copy_file_range, BP_OBJECT_FILE, BP_OBJECT_FILE), reads, 1,
		    CAUSE_FILE);
	/* no frame says it: a file is waited for in state D */
	capture = of_two(SYS_sendfile, BP_OBJECT_SOCKET, BP_OBJECT_FILE);
	capture->block.flags |= BP_BLOCK_DISK;
	expect_cause(state, capture, CAUSE_FILE);
	expect_cause(state, of_two(SYS_sendfile, BP_OBJECT_SOCKET, BP_OBJECT_FILE), CAUSE_SOCKET);
}

static void test_kernel_locks(void **state)
{
	static const struct frame maps[] = { KERNEL("rwsem_down_write_slowpath"),
					     KERNEL("down_write_killable"),
					     KERNEL("vm_mmap_pgoff") };
	static const struct frame directory[] = { KERNEL("rwsem_down_read_slowpath"),
						  KERNEL("down_read"), KERNEL("walk_component") };
	static const struct frame held_back[] = { KERNEL("schedule_timeout_killable"),
						  KERNEL("__mem_cgroup_handle_over_high") };
	static const struct frame lingers[] = { KERNEL("sk_stream_wait_close"), KERNEL("tcp_close"),
						KERNEL("__sock_release"), KERNEL("sock_close") };
	struct bp_capture *capture = of_call(BP_NO_SYSCALL);
	struct slice slice = with_frames(state, of_call(SYS_mmap), maps, NR(maps));

	assert_int_equal(slice.cause, CAUSE_LOCK);
	assert_int_equal(slice.target.kind, TARGET_LOCK);
	assert_string_equal(slice.target.name, "mmap_lock");
	slice_clear(&slice);
	expect_with(state, of_kind(SYS_openat, BP_OBJECT_USER_PATH), directory, NR(directory),
		    CAUSE_FILE);
	slice = with_frames(state, of_call(SYS_close), lingers, NR(lingers));
	assert_int_equal(slice.cause, CAUSE_SOCKET);
	assert_int_equal(slice.target.kind, TARGET_NONE);
	slice_clear(&slice);
	/* also where it was on its way back from a page fault */
	capture->block.flags = BP_BLOCK_FAULT;
	expect_with(state, capture, held_back, NR(held_back), CAUSE_THROTTLED);
}

static struct bp_capture *of_futex(bool timed)
{
	struct bp_capture *capture = of_call(SYS_futex);

	capture->block.args[1] = FUTEX_WAIT_PRIVATE;
	capture->block.args[3] = timed ? 4096 : 0;
	return capture;
}

static void test_runtimes(void **state)
{
	static const struct frame collects[] = { NATIVE("pthread_cond_wait", NULL),
						 NATIVE("v8::internal::Heap::CollectGarbage",
							NULL) };
	static const struct frame calls_back[] = {
		NATIVE("pthread_cond_wait", NULL),
		{ FRAME_JS, .fn = "finalizer", .file = "a.js" },
		NATIVE("v8::internal::Heap::CollectGarbage", NULL),
	};
	static const struct frame sleeps[] = { NATIVE("pthread_cond_timedwait", NULL),
					       NATIVE("v8::internal::FutexEmulation::WaitSync",
						      NULL) };

	expect_with(state, of_futex(false), collects, NR(collects), CAUSE_GC);
	expect_with(state, of_futex(false), calls_back, NR(calls_back), CAUSE_LOCK);
	expect_with(state, of_futex(true), sleeps, NR(sleeps), CAUSE_SLEEP);
	expect_with(state, of_futex(false), sleeps, NR(sleeps), CAUSE_LOCK);
}

/* Frees capture. */
static struct slice ended(void **state, struct bp_capture *capture, enum wakeup wakeup,
			  const struct frame *frame)
{
	struct slice slice = { .max_ns = 300000000 };

	if (frame)
		slice.stack = stack_new(frame, 1, false);
	if (capture->other.kind == BP_OTHER_WAKER)
		slice.waker = (struct party){ .pid = (pid_t)capture->other.tgid,
					      .tid = (pid_t)capture->other.tid,
					      .comm = "waker" };
	classify(*state, getpid(), capture, &slice);
	classify_ended(capture, wakeup, &slice);
	free(capture);
	return slice;
}

static struct bp_capture *woken(struct bp_capture *capture, unsigned int flags)
{
	capture->other = (struct bp_other){ .kind = BP_OTHER_WAKER,
					    .tid = 4000000,
					    .tgid = 4000000,
					    .flags = flags,
					    .child = { .tgid = 4000001, .comm = "reaped" } };
	return capture;
}

static void expect_child(struct slice slice, pid_t pid, const char *comm)
{
	assert_int_equal(slice.cause, CAUSE_CHILD);
	assert_int_equal(slice.target.kind, TARGET_CHILD);
	assert_int_equal(slice.target.pid, pid);
	assert_string_equal(slice.target.comm, comm);
	assert_false(slice.timed_out);
	slice_clear(&slice);
}

static void expect_not(struct slice slice, enum cause cause)
{
	if (slice.cause != cause)
		fail_msg("%s where it is %s", cause_name(slice.cause), cause_name(cause));
	slice_clear(&slice);
}

static void test_children(void **state)
{
	const unsigned int ends = BP_OTHER_CHILD | BP_OTHER_ENDS;
	struct bp_capture *capture;

	expect_child(
		ended(state, woken(of_kind(SYS_read, BP_OBJECT_PIPE), ends), WAKEUP_OTHER, NULL),
		4000000, "waker");
	expect_child(ended(state, woken(of_call(SYS_rt_sigtimedwait), ends), WAKEUP_SIGNAL, NULL),
		     4000000, "waker");
	capture = woken(of_kind(SYS_ppoll, BP_OBJECT_SOCKET), ends);
	capture->object.nr_fds = 3;
	expect_child(ended(state, capture, WAKEUP_SIGNAL, NULL), 4000000, "waker");
	/* programs close their output first */
	expect_child(ended(state, woken(of_kind(SYS_read, BP_OBJECT_PIPE), BP_OTHER_CHILD),
			   WAKEUP_CLOSED, NULL),
		     4000000, "waker");
	/* a helper thread had waited for it */
	expect_child(ended(state, woken(of_call(SYS_futex), BP_OTHER_REAPS), WAKEUP_OTHER, NULL),
		     4000001, "reaped");

	capture = woken(of_kind(SYS_epoll_pwait, BP_OBJECT_ANON), BP_OTHER_CHILD);
	expect_child(ended(state, capture, WAKEUP_CLOSED, NULL), 4000000, "waker");
	expect_not(ended(state, woken(of_kind(SYS_read, BP_OBJECT_SOCKET), BP_OTHER_CHILD),
			 WAKEUP_CLOSED, NULL),
		   CAUSE_SOCKET);

	/* it lives on, it is nobody's child, it is not what was waited for */
	expect_not(ended(state, woken(of_kind(SYS_read, BP_OBJECT_PIPE), BP_OTHER_CHILD),
			 WAKEUP_OTHER, NULL),
		   CAUSE_PIPE);
	expect_not(ended(state, woken(of_kind(SYS_read, BP_OBJECT_PIPE), BP_OTHER_ENDS),
			 WAKEUP_OTHER, NULL),
		   CAUSE_PIPE);
	expect_not(
		ended(state, woken(of_kind(SYS_read, BP_OBJECT_SOCKET), ends), WAKEUP_SIGNAL, NULL),
		CAUSE_SOCKET);
	expect_not(ended(state, woken(of_kind(SYS_read, BP_OBJECT_FILE), ends), WAKEUP_OTHER, NULL),
		   CAUSE_FILE);
	expect_not(ended(state, woken(of_call(SYS_clock_nanosleep), ends), WAKEUP_SIGNAL, NULL),
		   CAUSE_SLEEP);
}

static void expect_timed_out(struct slice slice, enum cause cause, bool timed_out)
{
	assert_int_equal(slice.cause, cause);
	assert_int_equal(slice.timed_out, timed_out);
	slice_clear(&slice);
}

static void test_timeouts(void **state)
{
	static const struct frame sleeps = NATIVE("JVM_Sleep", NULL);
	struct bp_capture *capture;

	expect_timed_out(ended(state, of_futex(true), WAKEUP_OTHER, NULL), CAUSE_LOCK, true);
	expect_timed_out(ended(state, of_futex(false), WAKEUP_OTHER, NULL), CAUSE_LOCK, false);
	expect_timed_out(ended(state, woken(of_futex(true), 0), WAKEUP_OTHER, NULL), CAUSE_LOCK,
			 false);
	/* who is woken did not sleep */
	expect_timed_out(ended(state, of_futex(true), WAKEUP_OTHER, &sleeps), CAUSE_SLEEP, false);
	expect_timed_out(ended(state, woken(of_futex(true), 0), WAKEUP_OTHER, &sleeps), CAUSE_LOCK,
			 false);
	/* an interrupt ends a wait for a network, too: there only the time says it */
	capture = of_kind(SYS_epoll_pwait, BP_OBJECT_ANON);
	capture->block.args[3] = 300;
	expect_timed_out(ended(state, capture, WAKEUP_OTHER, NULL), CAUSE_POLL, true);
	capture = of_kind(SYS_epoll_pwait, BP_OBJECT_ANON);
	capture->block.args[3] = 301;
	expect_timed_out(ended(state, capture, WAKEUP_OTHER, NULL), CAUSE_POLL, false);
	/* rounds of waiting for the GIL have a time-out each */
	capture = of_futex(true);
	capture->block.flags = BP_BLOCK_GIL;
	expect_timed_out(ended(state, capture, WAKEUP_OTHER, NULL), CAUSE_GIL, false);
}

static void test_collector_thread(void **state)
{
	struct bp_capture *capture = woken(of_futex(false), 0);
	struct slice slice = { .waker = { .pid = 1, .tid = 2, .comm = "ollector Thread" } };

	classify(*state, getpid(), capture, &slice);
	classify_ended(capture, WAKEUP_OTHER, &slice);
	free(capture);
	expect_not(slice, CAUSE_GC);
}

static void test_named(void **state)
{
	struct bp_capture *capture = of_kind(SYS_read, BP_OBJECT_ANON);
	struct slice slice = classified(state, of_call(SYS_getrandom));

	assert_int_equal(slice.cause, CAUSE_OTHER);
	assert_string_equal(slice.target.name, "/dev/random");
	slice_clear(&slice);
	SET_PATH(capture, "[timerfd]");
	expect_cause(state, capture, CAUSE_SLEEP);
	expect_cause(state, of_kind(SYS_io_submit, BP_OBJECT_FILE), CAUSE_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sides),
		cmocka_unit_test(test_kernel_locks),
		cmocka_unit_test(test_runtimes),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_named),
		cmocka_unit_test(test_collector_thread),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
