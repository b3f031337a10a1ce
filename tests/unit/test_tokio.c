// SPDX-License-Identifier: GPL-2.0-or-later
/* Tokio's workers: at the driver, parked, and the threads beside them that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "fake_python.h"
#include "runtime/loops/loops.h"
#include "symbol/on_stack.h"

#define PTHREAD	  0x7f0000100000
#define EPOLL_SP  (PTHREAD - 0xa00)
#define PARK_SP	  (PTHREAD - 0x900)
#define POOL_SP	  (PTHREAD - 0x400)
#define DRIVER_FD 3
#define PARK_ID	  0x1234567

/* The function that is on every stack, "": none. */
static const char *on_stack = "";
static unsigned int scans;

int symbols_on_stack(struct symbols *symbols, pid_t pid, uint64_t sp, const char *const *parts,
		     size_t nr)
{
	(void)symbols, (void)pid, (void)sp;
	scans++;
	for (size_t i = 0; i < nr; i++)
		if (strstr(on_stack, parts[i]))
			return (int)i;
	return -ENOENT;
}

static struct recognised recognise(struct pool *pool, const char *comm,
				   struct bp_candidate candidate)
{
	struct moment moment = { .pid = 10,
				 .tid = 11,
				 .pthread = PTHREAD,
				 .comm = comm,
				 .pool = pool,
				 .candidate = &candidate };
	struct recognised recognised;

	runtime_recognise(&moment, &recognised);
	return recognised;
}

static struct bp_candidate at_driver(unsigned int count)
{
	return (struct bp_candidate){
		.wait_class = BP_WAIT_EPOLL, .wait_id = DRIVER_FD, .sp = EPOLL_SP, .count = count
	};
}

static struct bp_candidate parked(uint64_t sp, unsigned int count)
{
	return (struct bp_candidate){
		.wait_class = BP_WAIT_FUTEX, .wait_id = PARK_ID, .sp = sp, .count = count
	};
}

static void is_tokio(const struct recognised *recognised)
{
	assert_non_null(recognised->runtime);
	assert_string_equal(recognised->runtime->name, "tokio");
	assert_int_equal(recognised->wait_class, BP_WAIT_EPOLL);
	assert_int_equal(recognised->wait_id, DRIVER_FD);
}

static void test_workers(void **state)
{
	struct pool pool = { 0 };
	struct recognised recognised;

	(void)state;
	on_stack = "tokio::runtime::scheduler::multi_thread::park::Inner::park_driver";
	recognised = recognise(&pool, "worker", at_driver(1));
	is_tokio(&recognised);
	assert_int_equal(recognised.park_id, 0);
	assert_true(pool.parks);

	/* another at the same driver: known without another look */
	scans = 0;
	recognised = recognise(&pool, "worker", at_driver(1));
	is_tokio(&recognised);
	assert_int_equal(scans, 0);

	/* a futex that is no park, and one that is: the depth says so from then on */
	on_stack = "std::sync::mpmc::Receiver::recv";
	assert_null(recognise(&pool, "worker", parked(POOL_SP, 100)).runtime);
	on_stack = "tokio::runtime::scheduler::multi_thread::park::Inner::park_condvar";
	recognised = recognise(&pool, "worker", parked(PARK_SP, 1));
	is_tokio(&recognised);
	assert_int_equal(recognised.park_id, PARK_ID);
	scans = 0;
	assert_null(recognise(&pool, "worker", parked(POOL_SP, 100)).runtime);
	assert_non_null(recognise(&pool, "worker", parked(PARK_SP, 1)).runtime);
	assert_int_equal(scans, 0);
}

static void test_two_runtimes(void **state)
{
	struct pool pool = { 0 };
	struct bp_candidate second = at_driver(1);
	struct recognised recognised;

	(void)state;
	on_stack = "tokio::runtime::scheduler::multi_thread::park::Inner::park_driver";
	recognise(&pool, "worker", at_driver(1));
	second.wait_id = DRIVER_FD + 1;
	assert_non_null(recognise(&pool, "worker", second).runtime);
	/* of which runtime this worker is, is not known yet */
	recognised = recognise(&pool, "worker", parked(PARK_SP, 1));
	assert_non_null(recognised.runtime);
	assert_int_equal(recognised.park_id, PARK_ID);
	assert_int_equal(recognised.wait_class, BP_WAIT_NONE);
}

static void test_current_thread(void **state)
{
	struct pool pool = { 0 };
	struct recognised recognised;

	(void)state;
	on_stack = "tokio::runtime::scheduler::current_thread::Context::park_internal";
	recognised = recognise(&pool, "app", at_driver(1));
	is_tokio(&recognised);
	assert_false(pool.parks);
}

static void test_another_program(void **state)
{
	struct pool pool = { 0 };

	(void)state;
	on_stack = "boost::asio::detail::epoll_reactor::run";
	scans = 0;
	for (unsigned int i = 1; i < 4; i++)
		assert_null(recognise(&pool, "worker", at_driver(i)).runtime);
	for (unsigned int i = 4; i < 100; i++)
		assert_ptr_equal(recognise(&pool, "worker", at_driver(i)).runtime,
				 runtime_unknown());
	assert_true(scans <= 4); /* it is not looked at for ever */
	assert_false(pool.parks);
	/* whatever its futexes do, they are no loop's waits */
	assert_null(recognise(&pool, "worker", parked(PARK_SP, 1000)).runtime);
}

static void test_without_symbols(void **state)
{
	struct pool pool = { 0 };
	struct bp_candidate another;
	struct recognised recognised;

	(void)state;
	on_stack = "";
	recognised = recognise(&pool, "tokio-rt-worker", at_driver(1));
	is_tokio(&recognised);
	assert_true(pool.parks);
	/* one lock at one place, again and again, is none; a word each, equally deep, are parks */
	assert_null(recognise(&pool, "tokio-rt-worker", parked(PARK_SP, 1)).runtime);
	assert_null(recognise(&pool, "tokio-rt-worker", parked(PARK_SP, 100)).runtime);
	another = parked(PARK_SP, 1);
	another.wait_id = PARK_ID + 1;
	recognised = recognise(&pool, "tokio-rt-worker", another);
	is_tokio(&recognised);
	assert_int_equal(recognised.park_id, PARK_ID + 1);
	assert_int_equal(pool.park_depth, PTHREAD - PARK_SP);
	assert_null(recognise(&pool, "tokio-rt-worker", parked(POOL_SP, 100)).runtime);
}

static void test_other_waits(void **state)
{
	struct pool pool = { 0 };
	struct bp_block block = { .sp = POOL_SP };
	struct moment moment = { .pid = 10, .pthread = PTHREAD, .pool = &pool, .block = &block };

	(void)state;
	assert_int_equal(runtime_tokio.other_wait(&moment), OTHER_WAIT_NONE);
	pool.park_depth = PTHREAD - PARK_SP;
	on_stack = "tokio::runtime::blocking::pool::Inner::run";
	assert_int_equal(runtime_tokio.other_wait(&moment), OTHER_WAIT_LEFT);
	/* a task's lock, in a build whose parks are many calls further in */
	on_stack = "tokio::runtime::scheduler::multi_thread::worker::Context::run_task";
	assert_int_equal(runtime_tokio.other_wait(&moment), OTHER_WAIT_NONE);
	/* without symbols the pool is known by its time-out */
	pool.nameless = true;
	block.syscall = SYS_futex;
	assert_int_equal(runtime_tokio.other_wait(&moment), OTHER_WAIT_LEFT);
	block.wait_class = BP_WAIT_FUTEX;
	assert_int_equal(runtime_tokio.other_wait(&moment), OTHER_WAIT_NONE);
	block.wait_class = BP_WAIT_NONE;
	block.sp = PARK_SP - 0x200; /* in a task */
	assert_int_equal(runtime_tokio.other_wait(&moment), OTHER_WAIT_NONE);
	block.sp = PARK_SP;
	block.wait_class = BP_WAIT_FUTEX;
	assert_int_equal(runtime_tokio.other_wait(&moment), OTHER_WAIT_PARK);
	moment.pthread = 0;
	assert_int_equal(runtime_tokio.other_wait(&moment), OTHER_WAIT_NONE);
}

static void test_handed_on(void **state)
{
	struct pool pool = { .park_depth = PTHREAD - PARK_SP };
	struct bp_block block = { .sp = PARK_SP - 0x200 };
	struct moment moment = { .pid = 10, .pthread = PTHREAD, .pool = &pool, .block = &block };

	(void)state;
	on_stack = "tokio::runtime::scheduler::multi_thread::worker::block_in_place";
	assert_true(runtime_tokio.handed_on(&moment));
	moment.block = NULL; /* it runs in there */
	assert_true(runtime_tokio.handed_on(&moment));
	pool.park_depth = 0;
	assert_false(runtime_tokio.handed_on(&moment));
	moment.block = &block;
	on_stack = "tokio::runtime::scheduler::multi_thread::worker::Context::run_task";
	assert_false(runtime_tokio.handed_on(&moment));
}

static void test_may_park(void **state)
{
	struct pool pool = { .nameless = true };

	(void)state;
	assert_true(runtime_tokio.may_park(&pool));
	pool.park_depth = 0x100;
	assert_false(runtime_tokio.may_park(&pool));
	pool = (struct pool){ 0 };
	assert_false(runtime_tokio.may_park(&pool));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workers),		cmocka_unit_test(test_two_runtimes),
		cmocka_unit_test(test_current_thread),	cmocka_unit_test(test_another_program),
		cmocka_unit_test(test_without_symbols), cmocka_unit_test(test_other_waits),
		cmocka_unit_test(test_handed_on),	cmocka_unit_test(test_may_park),
	};

	return cmocka_run_group_tests_name("tokio", tests, NULL, NULL);
}
