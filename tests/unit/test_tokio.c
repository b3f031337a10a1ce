/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokio's workers: at the driver, parked, and the threads beside them that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_python.h"
#include "runtime/runtime.h"
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

static struct verdict judge(struct pool *pool, const char *comm, struct bp_candidate candidate)
{
	struct sighting sighting = { .pid = 10,
				     .tid = 11,
				     .pthread = PTHREAD,
				     .comm = comm,
				     .pool = pool,
				     .candidate = &candidate };
	struct verdict verdict;

	runtime_judge(&sighting, &verdict);
	return verdict;
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

static void is_tokio(const struct verdict *verdict)
{
	assert_non_null(verdict->runtime);
	assert_string_equal(verdict->runtime, "tokio");
	assert_int_equal(verdict->wait_class, BP_WAIT_EPOLL);
	assert_int_equal(verdict->wait_id, DRIVER_FD);
}

static void test_workers(void **state)
{
	struct pool pool = { 0 };
	struct verdict verdict;

	(void)state;
	on_stack = "tokio::runtime::scheduler::multi_thread::park::Inner::park_driver";
	verdict = judge(&pool, "worker", at_driver(1));
	is_tokio(&verdict);
	assert_int_equal(verdict.park_id, 0);
	assert_true(pool.parks);

	/* another at the same driver: known without another look */
	scans = 0;
	verdict = judge(&pool, "worker", at_driver(1));
	is_tokio(&verdict);
	assert_int_equal(scans, 0);

	/* a futex that is no park, and one that is: the depth says so from then on */
	on_stack = "std::sync::mpmc::Receiver::recv";
	assert_null(judge(&pool, "worker", parked(POOL_SP, 100)).runtime);
	on_stack = "tokio::runtime::scheduler::multi_thread::park::Inner::park_condvar";
	verdict = judge(&pool, "worker", parked(PARK_SP, 1));
	is_tokio(&verdict);
	assert_int_equal(verdict.park_id, PARK_ID);
	scans = 0;
	assert_null(judge(&pool, "worker", parked(POOL_SP, 100)).runtime);
	assert_non_null(judge(&pool, "worker", parked(PARK_SP, 1)).runtime);
	assert_int_equal(scans, 0);
}

static void test_two_runtimes(void **state)
{
	struct pool pool = { 0 };
	struct bp_candidate second = at_driver(1);
	struct verdict verdict;

	(void)state;
	on_stack = "tokio::runtime::scheduler::multi_thread::park::Inner::park_driver";
	judge(&pool, "worker", at_driver(1));
	second.wait_id = DRIVER_FD + 1;
	assert_non_null(judge(&pool, "worker", second).runtime);
	/* of which runtime this worker is, is not known yet */
	verdict = judge(&pool, "worker", parked(PARK_SP, 1));
	assert_non_null(verdict.runtime);
	assert_int_equal(verdict.park_id, PARK_ID);
	assert_int_equal(verdict.wait_class, BP_WAIT_NONE);
}

static void test_current_thread(void **state)
{
	struct pool pool = { 0 };
	struct verdict verdict;

	(void)state;
	on_stack = "tokio::runtime::scheduler::current_thread::Context::park_internal";
	verdict = judge(&pool, "app", at_driver(1));
	is_tokio(&verdict);
	assert_false(pool.parks);
}

static void test_another_program(void **state)
{
	struct pool pool = { 0 };

	(void)state;
	on_stack = "boost::asio::detail::epoll_reactor::run";
	scans = 0;
	for (unsigned int i = 1; i < 4; i++)
		assert_null(judge(&pool, "worker", at_driver(i)).runtime);
	for (unsigned int i = 4; i < 100; i++)
		assert_string_equal(judge(&pool, "worker", at_driver(i)).runtime, "generic");
	assert_true(scans <= 4); /* it is not looked at for ever */
	assert_false(pool.parks);
	/* whatever its futexes do, they are no loop's waits */
	assert_null(judge(&pool, "worker", parked(PARK_SP, 1000)).runtime);
}

static void test_without_symbols(void **state)
{
	struct pool pool = { 0 };
	struct bp_candidate another;
	struct verdict verdict;

	(void)state;
	on_stack = "";
	verdict = judge(&pool, "tokio-rt-worker", at_driver(1));
	is_tokio(&verdict);
	assert_true(pool.parks);
	/* one lock at one place, again and again, is none; a word each, equally deep, are parks */
	assert_null(judge(&pool, "tokio-rt-worker", parked(PARK_SP, 1)).runtime);
	assert_null(judge(&pool, "tokio-rt-worker", parked(PARK_SP, 100)).runtime);
	another = parked(PARK_SP, 1);
	another.wait_id = PARK_ID + 1;
	verdict = judge(&pool, "tokio-rt-worker", another);
	is_tokio(&verdict);
	assert_int_equal(verdict.park_id, PARK_ID + 1);
	assert_int_equal(pool.park_depth, PTHREAD - PARK_SP);
	assert_null(judge(&pool, "tokio-rt-worker", parked(POOL_SP, 100)).runtime);
}

static void test_left(void **state)
{
	struct pool pool = { 0 };
	struct bp_block block = { .sp = POOL_SP };

	(void)state;
	assert_false(tokio_waits_for_work(&pool, PTHREAD, &block));
	pool.park_depth = PTHREAD - PARK_SP;
	assert_true(tokio_waits_for_work(&pool, PTHREAD, &block));
	block.sp = PARK_SP - 0x200; /* in a task */
	assert_false(tokio_waits_for_work(&pool, PTHREAD, &block));
	on_stack = "tokio::runtime::scheduler::multi_thread::worker::block_in_place";
	assert_true(tokio_in_place(NULL, 10, block.sp));
	on_stack = "tokio::runtime::scheduler::multi_thread::worker::Context::run_task";
	assert_false(tokio_in_place(NULL, 10, block.sp));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workers),		cmocka_unit_test(test_two_runtimes),
		cmocka_unit_test(test_current_thread),	cmocka_unit_test(test_another_program),
		cmocka_unit_test(test_without_symbols), cmocka_unit_test(test_left),
	};

	return cmocka_run_group_tests_name("tokio", tests, NULL, NULL);
}
