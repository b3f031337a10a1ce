// SPDX-License-Identifier: GPL-2.0-or-later
/* The records' parts: stacks, targets, slices and their sums. */
#include "records.h"

static void names_are_parsed_back(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CAUSE_NR; i++)
		assert_int_equal(cause_parse(cause_name((enum cause)i)), i);
	for (unsigned int i = 0; i < FRAME_KIND_NR; i++)
		assert_int_equal(frame_kind_parse(frame_kind_name((enum frame_kind)i)), i);
	for (unsigned int i = 0; i < TARGET_KIND_NR; i++)
		assert_int_equal(target_kind_parse(target_kind_name((enum target_kind)i)), i);
	assert_int_equal(cause_parse("sleepy"), CAUSE_NR);
	assert_int_equal(cause_parse(""), CAUSE_NR);
	assert_int_equal(frame_kind_parse("Python"), FRAME_KIND_NR);
	assert_int_equal(target_kind_parse("files"), TARGET_KIND_NR);
}

static void stack_owns_its_strings(void **state)
{
	char fn[] = "do_io", file[] = "/app/bad.py", module[] = "/bin/python3";
	struct frame frame = {
		.kind = FRAME_PYTHON,
		.fn = fn,
		.file = file,
		.module = module,
		.line = 3,
	};
	struct stack *stack = stack_new(&frame, 1, false);

	(void)state;
	fn[0] = file[0] = module[0] = 'X';
	assert_string_equal(stack->frames[0].fn, "do_io");
	assert_string_equal(stack->frames[0].file, "/app/bad.py");
	assert_string_equal(stack->frames[0].module, "/bin/python3");
	assert_ptr_equal(stack_get(stack), stack);
	stack_put(stack);
	assert_string_equal(stack->frames[0].fn, "do_io"); /* one reference is left */
	stack_put(stack);
	stack_put(NULL);
	assert_null(stack_get(NULL));
}

static void stacks_differ_by_content(void **state)
{
	struct frame base[] = { PYTHON("a", "f.py", 1), NATIVE("b", "/lib/x.so") };
	struct stack *one = make_stack(base, 2), *same = make_stack(base, 2);
	struct stack *cut = stack_new(base, 2, true), *shorter = make_stack(base, 1);

	(void)state;
	assert_int_equal(one->hash, same->hash);
	assert_true(stack_equal(one, same));
	assert_true(stack_equal(NULL, NULL));
	assert_false(stack_equal(one, NULL));
	assert_false(stack_equal(one, cut));
	assert_false(stack_equal(one, shorter));
	for (int field = 0; field < 6; field++) {
		struct frame other[] = { base[0], base[1] };
		struct stack *stack;

		switch (field) {
		case 0:
			other[1].fn = "c";
			break;
		case 1:
			other[1].file = ""; /* known to be empty, not unknown */
			break;
		case 2:
			other[1].module = NULL;
			break;
		case 3:
			other[0].line = 2;
			break;
		case 4:
			other[1].inlined = true;
			break;
		default:
			other[0].kind = FRAME_JS;
			break;
		}
		stack = make_stack(other, 2);
		assert_int_not_equal(one->hash, stack->hash);
		same->hash = stack->hash; /* as if the hashes met by chance */
		assert_false(stack_equal(same, stack));
		stack_put(stack);
	}
	stack_put(one);
	stack_put(same);
	stack_put(cut);
	stack_put(shorter);
}

static void deep_stack_is_cut(void **state)
{
	static struct frame frames[3000];
	struct stack *stack;

	(void)state;
	for (size_t i = 0; i < NR(frames); i++)
		frames[i] = (struct frame)PYTHON("f", "f.py", (unsigned int)i + 1);
	stack = stack_new(frames, NR(frames), false);
	assert_true(stack->nr < NR(frames));
	assert_true(stack->cut);
	assert_int_equal(stack->frames[0].line, 1); /* the inner end stays */
	stack_put(stack);
}

static void target_copy_is_its_own(void **state)
{
	struct stall_record stall = socket_stall();
	struct target *target = &stall.slices.v[0].target, copy;

	(void)state;
	assert_int_equal(target_copy(&copy, target), 0);
	assert_true(target_equal(target, &copy));
	assert_ptr_not_equal(copy.peer, target->peer);
	copy.peer[0] = '9';
	assert_false(target_equal(target, &copy));
	copy.peer[0] = target->peer[0];
	copy.peer_pid++;
	assert_false(target_equal(target, &copy));
	target_free(&copy);
	assert_null(copy.peer);
	assert_int_equal(copy.kind, TARGET_NONE);
	slices_free(&stall.slices);
}

static struct slice sleep_slice(const char *task, uint64_t ns, pid_t waker)
{
	return (struct slice){
		.cause = CAUSE_SLEEP,
		.syscall = strdup("nanosleep"),
		.ns = ns,
		.count = 1,
		.max_ns = ns,
		.task_name = task ? strdup(task) : NULL,
		.waker = { .pid = waker },
	};
}

static void add(struct slices *slices, struct slice slice)
{
	assert_int_equal(slices_add(slices, &slice), 0);
	assert_null(slice.syscall); /* taken */
}

static void same_slices_merge(void **state)
{
	struct slices slices = { 0 }, copy;

	(void)state;
	add(&slices, sleep_slice("a", 10, 1));
	add(&slices, sleep_slice("a", 30, 2));
	add(&slices, sleep_slice("a", 20, 3));
	add(&slices, sleep_slice("b", 5, 4));
	add(&slices, sleep_slice(NULL, 7, 0));
	assert_int_equal(slices.nr, 3);
	assert_int_equal(slices.v[0].ns, 60);
	assert_int_equal(slices.v[0].count, 3);
	assert_int_equal(slices.v[0].max_ns, 30);
	assert_int_equal(slices.v[0].waker.pid, 2); /* of the longest block */
	add(&slices, sleep_slice("a", 100, 0));
	assert_int_equal(slices.v[0].max_ns, 100);
	assert_int_equal(slices.v[0].waker.pid, 2); /* of the longest that is known */

	slices_sort(&slices);
	assert_int_equal(slices.v[0].ns, 160);
	assert_int_equal(slices.v[1].ns, 7);
	assert_int_equal(slices.v[2].ns, 5);

	assert_int_equal(slices_copy(&copy, &slices), 0);
	slices_free(&slices);
	assert_int_equal(slices.nr, 0);
	assert_int_equal(copy.nr, 3);
	assert_string_equal(copy.v[0].task_name, "a");
	slices_free(&copy);
}

/* A turn of deep places does not take memory without bound: of further ones the place is not kept. */
static void a_set_is_bounded_in_bytes(void **state)
{
	struct slices slices = { 0 };
	static char name[64 * 1024];
	uint64_t sum_ns = 0;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	for (unsigned int i = 0; i < 400; i++) {
		const struct frame frame = { .kind = FRAME_PYTHON, .fn = name, .line = i + 1 };
		struct slice slice = { .cause = CAUSE_SLEEP, .ns = 1, .count = 1 };

		slice.stack = stack_new(&frame, 1, false);
		add(&slices, slice);
	}
	assert_in_range(slices.nr, 100, 200);
	assert_in_range(slices.bytes, 4 << 20, 9 << 20);
	assert_int_equal(slices.placeless, 400 - (slices.nr - 1));
	for (size_t i = 0; i < slices.nr; i++)
		sum_ns += slices.v[i].ns;
	assert_int_equal(sum_ns, 400);
	slices_free(&slices);
}

static void order_does_not_depend_on_arrival(void **state)
{
	static const char *const tasks[] = { "c", "a", NULL, "b" };
	struct slices forth = { 0 }, back = { 0 };

	(void)state;
	for (size_t i = 0; i < NR(tasks); i++) {
		add(&forth, sleep_slice(tasks[i], 9, 0));
		add(&back, sleep_slice(tasks[NR(tasks) - 1 - i], 9, 0));
	}
	slices_sort(&forth);
	slices_sort(&back);
	for (size_t i = 0; i < NR(tasks); i++)
		assert_true(slice_same(&forth.v[i], &back.v[i]));
	slices_free(&forth);
	slices_free(&back);
}

static void sums_do_not_wrap(void **state)
{
	struct slices slices = { 0 };

	(void)state;
	add(&slices, sleep_slice("a", UINT64_MAX - 5, 0));
	add(&slices, sleep_slice("a", 10, 0));
	assert_int_equal(slices.v[0].ns, UINT64_MAX);
	slices_free(&slices);
}

/* Whatever a set gets, its memory is bounded and its time is all there. */
static void too_many_slices_keep_their_time(void **state)
{
	struct slices slices = { 0 };
	uint64_t sum = 0, count = 0;
	char task[32];

	(void)state;
	for (int i = 0; i < 5000; i++) {
		snprintf(task, sizeof(task), "t%d", i);
		add(&slices, sleep_slice(task, 3, 0));
	}
	assert_true(slices.nr < 2000);
	for (size_t i = 0; i < slices.nr; i++) {
		sum += slices.v[i].ns;
		count += slices.v[i].count;
		assert_int_equal(slices.v[i].cause, CAUSE_SLEEP);
	}
	assert_int_equal(sum, 15000);
	assert_int_equal(count, 5000);
	slices_free(&slices);
}

static void cause_is_the_largest_sum(void **state)
{
	struct slices slices = { 0 };

	(void)state;
	assert_int_equal(slices_cause(&slices), CAUSE_OTHER);
	add(&slices, (struct slice){ .cause = CAUSE_FILE, .ns = 100 });
	for (int i = 0; i < 5; i++) {
		char task[] = { (char)('a' + i), '\0' };

		add(&slices, sleep_slice(task, 30, 0));
	}
	assert_int_equal(slices_cause(&slices), CAUSE_SLEEP);
	slices_free(&slices);
}

static void ledger_adds_up(void **state)
{
	struct ledger ledger = { 1, 20, 300, 4000, 50000 };

	(void)state;
	assert_int_equal(ledger_sum(&ledger), 54321);
}

static void the_latest_clients_are_kept(void **state)
{
	static const int64_t late[] = { 5, -1, 9, 7, -1, 1, 2, 3, 4, 9, 6, -1 };
	static const int64_t kept[IMPACT_CLIENTS] = { 9, 9, 7, 6, 5, 4, 3, 2 };
	struct impact impact = impact_none();

	(void)state;
	assert_true(impact_is_none(&impact));
	for (int i = 0; i < (int)NR(late); i++) {
		struct impact_client client = { .fd = i, .late_ns = late[i] };

		impact_add(&impact, &client);
		assert_int_equal(impact_clients(&impact), i + 1);
	}
	assert_false(impact_is_none(&impact));
	assert_int_equal(impact.nr_clients, IMPACT_CLIENTS);
	for (int i = 0; i < IMPACT_CLIENTS; i++)
		assert_int_equal(impact.clients[i].late_ns, kept[i]);
	assert_int_equal(impact.clients[0].fd, 2); /* the first of those that are alike */
	assert_int_equal(impact.late_ns, 9);
	/* none of it is anybody who waited */
	impact = impact_none();
	impact.timers_late = impact.tasks_ready = 0;
	assert_true(impact_is_none(&impact));
	impact.tasks_ready = 1;
	assert_false(impact_is_none(&impact));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_parsed_back),
		cmocka_unit_test(the_latest_clients_are_kept),
		cmocka_unit_test(stack_owns_its_strings),
		cmocka_unit_test(stacks_differ_by_content),
		cmocka_unit_test(deep_stack_is_cut),
		cmocka_unit_test(target_copy_is_its_own),
		cmocka_unit_test(same_slices_merge),
		cmocka_unit_test(a_set_is_bounded_in_bytes),
		cmocka_unit_test(order_does_not_depend_on_arrival),
		cmocka_unit_test(sums_do_not_wrap),
		cmocka_unit_test(too_many_slices_keep_their_time),
		cmocka_unit_test(cause_is_the_largest_sum),
		cmocka_unit_test(ledger_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
