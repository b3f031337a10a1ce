// SPDX-License-Identifier: GPL-2.0-or-later
/* The exit status of a watch: COMMAND's own, --fail's, and what blockprof has for its own failures. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/exit_status.h"
#include "cli/gate.h"

#define EXITED(status) ((status) << 8)

static int status_of(struct gate gate)
{
	char reason[GATE_REASON_BYTES];
	int status = gate_status(&gate, reason);

	assert_int_equal(status == EXIT_SAW_NOTHING && gate.command_status <= 0, reason[0] != '\0');
	return status;
}

static void test_without_command(void **state)
{
	const struct gate quiet = { .command_status = -1, .seen_loop = true };
	struct gate gate = quiet;

	(void)state;
	assert_int_equal(status_of(gate), 0);
	gate.stalls = 2;
	assert_int_equal(status_of(gate), 0);
	gate.fail = true;
	assert_int_equal(status_of(gate), 3);
	gate.stalls = 0;
	assert_int_equal(status_of(gate), 0);
	gate.seen_loop = false;
	assert_int_equal(status_of(gate), 4);
	gate.fail = false;
	assert_int_equal(status_of(gate), 0);
	gate.failed = true;
	assert_int_equal(status_of(gate), 1);
	gate.fail = true;
	gate.stalls = 1;
	assert_int_equal(status_of(gate), 1);
}

/* COMMAND's own status goes before what --fail says. */
static void test_with_command(void **state)
{
	static const struct {
		int command_status;
		bool stalled, seen, fail;
		int status;
	} cases[] = {
		{ EXITED(0), false, false, false, 0 },
		{ EXITED(0), true, true, false, 0 },
		{ EXITED(0), true, true, true, 3 },
		{ EXITED(0), false, true, true, 0 },
		{ EXITED(0), false, false, true, 4 },
		{ EXITED(7), true, true, true, 7 },
		{ EXITED(7), false, true, false, 7 },
		{ EXITED(255), false, false, true, 255 },
		{ SIGKILL, true, true, true, 137 },
		{ SIGTERM, false, true, false, 143 },
		{ SIGSEGV | 0x80, false, true, false, 139 }, /* with a core */
		{ -1, false, true, true, 0 },
		{ -1, true, true, true, 3 },
		{ -1, false, false, true, 4 },
		{ -1, false, false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(status_of((struct gate){
					 .has_command = true,
					 .command_status = cases[i].command_status,
					 .stalls = cases[i].stalled,
					 .seen_loop = cases[i].seen,
					 .fail = cases[i].fail,
				 }),
				 cases[i].status);
}

static void test_own_failures(void **state)
{
	struct gate gate = { .has_command = true, .command_status = -1, .failed = true };

	(void)state;
	assert_int_equal(status_of(gate), 125);
	gate.command_status = EXITED(3);
	assert_int_equal(status_of(gate), 125);
	gate.command_status = -1;
	gate.start_error = -ENOENT;
	assert_int_equal(status_of(gate), 127);
	gate.start_error = -EACCES;
	assert_int_equal(status_of(gate), 126);
	gate.start_error = -ENOEXEC;
	assert_int_equal(status_of(gate), 126);
}

/* Nothing was seen to stall, but something may have been missed. */
static void test_unseen(void **state)
{
	struct name_count lost[] = { { loss_name(LOSS_STACKS_CUT), 5 },
				     { loss_name(LOSS_TURNS_RING_FULL), 3 },
				     { "of_another_version", 1 } };
	struct discard_count discarded[] = { { discard_name(DISCARD_LEFT), 1, 5 },
					     { discard_name(DISCARD_LOST), 2, 5 } };
	struct name_count blind = { blind_name(BLIND_MEMORY_LATE), 2 };
	struct summary_record summary = { .lost = lost, .nr_lost = 1 };
	struct gate gate = { .command_status = -1, .seen_loop = true, .fail = true };
	char reason[GATE_REASON_BYTES];

	(void)state;
	gate_summary(&gate, &summary);
	assert_int_equal(status_of(gate), 0);
	summary.nr_lost = 3;
	gate_summary(&gate, &summary);
	assert_int_equal(gate_status(&gate, reason), 4);
	assert_non_null(strstr(reason, "lost 3 stalls (ring buffer full)"));
	gate.stalls = 1;
	assert_int_equal(status_of(gate), 3);

	gate = (struct gate){ .command_status = -1, .seen_loop = true, .fail = true };
	summary = (struct summary_record){ .discarded = discarded, .nr_discarded = 1 };
	gate_summary(&gate, &summary);
	assert_int_equal(status_of(gate), 0);
	summary.nr_discarded = 2;
	gate_summary(&gate, &summary);
	assert_int_equal(gate_status(&gate, reason), 4);
	assert_non_null(strstr(reason, "lost 2 long turns"));
	gate.fail = false;
	assert_int_equal(status_of(gate), 0);

	gate = (struct gate){ .command_status = -1, .seen_loop = true, .fail = true };
	summary = (struct summary_record){ .blind = &blind, .nr_blind = 1 };
	gate_summary(&gate, &summary);
	assert_int_equal(gate_status(&gate, reason), 4);
	assert_non_null(strstr(reason, "blind to 2 processes (memory_late)"));
}

/* Losses that hide stalls, against those that make what is said of one less. */
static void test_losses(void **state)
{
	(void)state;
	assert_true(loss_hides_stalls(loss_name(LOSS_LOOPS_WITHOUT_SLOT)));
	assert_true(loss_hides_stalls(loss_name(LOSS_PROCESSES_UNWATCHED)));
	assert_false(loss_hides_stalls(loss_name(LOSS_SLICES_RING_FULL)));
	assert_false(loss_hides_stalls(loss_name(LOSS_SYMBOL_FILES_REFUSED)));
	assert_false(loss_hides_stalls(loss_name(LOSS_HANDLERS_DROPPED)));
	assert_false(loss_hides_stalls("of_another_version"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_command), cmocka_unit_test(test_with_command),
		cmocka_unit_test(test_own_failures),	cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
