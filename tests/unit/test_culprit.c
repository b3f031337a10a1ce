// SPDX-License-Identifier: GPL-2.0-or-later
/* What others did meanwhile: kept together, and said in words. */
#include "records.h"

#include "text/culprit_text.h"

static struct culprit peer(pid_t pid, enum cause cause, uint64_t ns, const char *call)
{
	struct culprit culprit = {
		.kind = CULPRIT_PEER,
		.pid = pid,
		.tid = pid,
		.comm = "postgres",
		.ns = ns,
		.seen = true,
		.cause = cause,
		.syscall = call ? strdup(call) : NULL,
	};

	return culprit;
}

static void add(struct culprits *culprits, struct culprit culprit)
{
	assert_int_equal(culprits_add(culprits, &culprit), 0);
}

static char *text_of(const struct culprits *culprits, bool stacks)
{
	const struct look look = { .columns = 100 };
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	assert_non_null(memory);
	if (stacks)
		assert_int_equal(culprits_stacks(memory, culprits, &look), 0);
	else
		assert_int_equal(culprits_words(memory, culprits), 0);
	fclose(memory);
	return text;
}

/* Takes culprits. */
static void assert_reads(struct culprits *culprits, const char *expected)
{
	char *text = text_of(culprits, false);

	assert_string_equal(text, expected);
	free(text);
	culprits_free(culprits);
}

static void the_same_adds_up(void **state)
{
	struct culprits culprits = { 0 };

	(void)state;
	add(&culprits, peer(812, CAUSE_FILE, 10 * MS, "fsync"));
	add(&culprits, peer(812, CAUSE_CPU, 30 * MS, NULL));
	add(&culprits, peer(812, CAUSE_FILE, 60 * MS, "fsync"));
	add(&culprits, peer(813, CAUSE_FILE, 1 * MS, "fsync"));
	culprits_sort(&culprits);
	assert_int_equal(culprits.nr, 3);
	assert_int_equal(culprits.v[0].ns, 70 * MS);
	assert_int_equal(culprits.v[0].cause, CAUSE_FILE);
	assert_int_equal(culprits.v[2].pid, 813);
	assert_int_equal(culprits_percent(&culprits, culprits.v[0].ns), 69);
	culprits_free(&culprits);
}

static void there_are_only_so_many(void **state)
{
	struct culprits culprits = { 0 };
	uint64_t largest = 0;

	(void)state;
	for (pid_t pid = 1; pid <= 100; pid++)
		add(&culprits, peer(pid, CAUSE_FILE, (uint64_t)pid, NULL));
	assert_true(culprits.nr < 20);
	for (size_t i = 0; i < culprits.nr; i++)
		if (culprits.v[i].ns > largest)
			largest = culprits.v[i].ns;
	assert_int_equal(largest, 100);
	culprits_free(&culprits);
}

static void slices_keep_them(void **state)
{
	struct slices slices = { 0 }, copy;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct slice slice = { .cause = CAUSE_SOCKET, .ns = MS, .count = 1 };
		struct culprit culprit = peer(812, CAUSE_SOCKET, MS, "recvfrom");

		add(&culprit.culprits, peer(90, CAUSE_SLEEP, MS, "nanosleep"));
		add(&slice.culprits, culprit);
		assert_int_equal(slices_add(&slices, &slice), 0);
	}
	assert_int_equal(slices_copy(&copy, &slices), 0);
	slices_free(&slices);
	assert_int_equal(copy.nr, 1);
	assert_int_equal(copy.v[0].culprits.nr, 1);
	assert_int_equal(copy.v[0].culprits.v[0].ns, 2 * MS);
	assert_int_equal(copy.v[0].culprits.v[0].culprits.v[0].ns, 2 * MS);
	assert_string_equal(copy.v[0].culprits.v[0].culprits.v[0].syscall, "nanosleep");
	slices_free(&copy);
}

static void a_peer_reads_well(void **state)
{
	static const struct frame frames[] = { NATIVE("fsync", "/usr/lib/libc.so.6"),
					       PYTHON("flush", "/srv/wal.py", 12),
					       PYTHON("serve", "/srv/wal.py", 40) };
	struct culprit culprit = peer(812, CAUSE_FILE, 470 * MS, "fsync");
	struct culprits culprits = { 0 };
	char *stacks;

	(void)state;
	culprit.target.kind = TARGET_FILE;
	culprit.target.path = strdup("/var/lib/db/pg_wal/0001");
	culprit.stack = make_stack(frames, NR(frames));
	add(&culprits, culprit);
	add(&culprits, peer(812, CAUSE_CPU, 20 * MS, NULL));
	stacks = text_of(&culprits, true);
	assert_string_equal(stacks, "    postgres[812]:\n"
				    "      serve    srv/wal.py:40\n"
				    "        flush  srv/wal.py:12\n");
	free(stacks);
	assert_reads(&culprits, ", for postgres[812], which sat in fsync of /var/lib/db/pg_wal/0001"
				" in flush (srv/wal.py:12)");
}

static void addresses_in_another_program_are_not_said(void **state)
{
	static const struct frame frames[] = { NATIVE("dash+0xbcc0", "/usr/bin/dash"),
					       NATIVE("dash+0x7371", "/usr/bin/dash") };
	struct culprit culprit = peer(812, CAUSE_FILE, 470 * MS, "fsync");
	struct culprits culprits = { 0 };
	char *stacks;

	(void)state;
	culprit.stack = make_stack(frames, NR(frames));
	add(&culprits, culprit);
	stacks = text_of(&culprits, true);
	assert_string_equal(stacks, "");
	free(stacks);
	assert_reads(&culprits, ", for postgres[812], which sat in fsync");
}

static void a_peer_that_did_several_things(void **state)
{
	struct culprits culprits = { 0 };

	(void)state;
	add(&culprits, peer(812, CAUSE_CPU, 300 * MS, NULL));
	add(&culprits, peer(812, CAUSE_SLEEP, 200 * MS, "nanosleep"));
	assert_reads(&culprits, ", for postgres[812], which was on a CPU (300 ms)"
				" and slept in nanosleep (200 ms)");
}

static void a_chain_and_a_cycle(void **state)
{
	struct culprit first = peer(812, CAUSE_SOCKET, S, "recvfrom"),
		       last = peer(4242, CAUSE_OTHER, 0, NULL);
	struct culprits culprits = { 0 };

	(void)state;
	last.seen = false;
	last.cycle = true;
	strcpy(last.comm, "python3");
	add(&first.culprits, last);
	add(&culprits, first);
	assert_reads(&culprits, ", for postgres[812], which waited in recvfrom"
				" for python3[4242] in turn: they wait for each other");
}

static struct culprit waits_for_child(const char *comm, pid_t child, enum cause cause, uint64_t ns)
{
	struct culprit shell = peer(812, CAUSE_CHILD, ns, "wait4"),
		       last = peer(child, cause, ns, cause == CAUSE_CPU ? NULL : "clock_nanosleep");

	shell.target = (struct target){ .kind = TARGET_CHILD, .pid = child, .comm = strdup(comm) };
	last.kind = CULPRIT_CHILD;
	strcpy(last.comm, comm);
	add(&shell.culprits, last);
	return shell;
}

/* A script that starts one program after the other. */
static void children_of_one_name(void **state)
{
	struct culprits culprits = { 0 };

	(void)state;
	for (pid_t i = 0; i < 12; i++)
		add(&culprits, waits_for_child("sleep", 900 + i, CAUSE_SLEEP, 10 * MS));
	assert_reads(&culprits,
		     ", for postgres[812], which waited in wait4 for several children sleep,"
		     " which slept in clock_nanosleep");
	add(&culprits, waits_for_child("sleep", 900, CAUSE_SLEEP, 10 * MS));
	add(&culprits, waits_for_child("sleep", 901, CAUSE_CPU, 10 * MS));
	add(&culprits, waits_for_child("cc1", 902, CAUSE_CPU, 20 * MS));
	assert_reads(&culprits,
		     ", for postgres[812], which waited in wait4 (20 ms) for several children sleep"
		     " and waited in wait4 (20 ms) for child cc1[902], which was on a CPU");
}

static void idle_and_unknown_peers(void **state)
{
	struct culprit idle = peer(812, CAUSE_POLL, S, "epoll_wait"),
		       silent = peer(900, CAUSE_OTHER, 0, NULL);
	struct culprits culprits = { 0 };

	(void)state;
	idle.idle = true;
	add(&culprits, idle);
	silent.seen = false;
	add(&culprits, silent);
	assert_reads(&culprits, ", for postgres[812], which was idle in epoll_wait");
	add(&culprits, peer(900, CAUSE_OTHER, 0, NULL));
	culprits.v[0].seen = false;
	assert_reads(&culprits, ", for postgres[900]");
}

/* It was looked at in some of the blocks only. */
static void a_peer_is_named_once(void **state)
{
	struct culprits culprits = { 0 };
	struct culprit unseen = peer(812, CAUSE_OTHER, 0, NULL);

	(void)state;
	unseen.seen = false;
	unseen.tid = 0;
	add(&culprits, unseen);
	add(&culprits, peer(812, CAUSE_SLEEP, 200 * MS, "nanosleep"));
	assert_reads(&culprits, ", for postgres[812], which slept in nanosleep");
}

static void runners_and_quotas(void **state)
{
	struct culprit cgroup = { .kind = CULPRIT_CGROUP,
				  .cgroup = strdup("/system.slice/x.service"),
				  .quota_ns = 20 * MS,
				  .period_ns = 100 * MS };
	struct culprit runner = { .kind = CULPRIT_RUNNER, .pid = 4242, .comm = "stress" };
	struct culprits culprits = { 0 };

	(void)state;
	add(&culprits, cgroup);
	assert_reads(&culprits, ", cgroup /system.slice/x.service: 20 ms of each 100 ms");
	runner.ns = 71 * MS;
	add(&culprits, runner);
	runner.pid = 31;
	runner.ns = 29 * MS;
	strcpy(runner.comm, "kworker/1:1");
	add(&culprits, runner);
	assert_reads(&culprits, ", meanwhile ran stress[4242] 71%, kworker/1:1[31] 29%");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_adds_up),
		cmocka_unit_test(there_are_only_so_many),
		cmocka_unit_test(slices_keep_them),
		cmocka_unit_test(a_peer_reads_well),
		cmocka_unit_test(addresses_in_another_program_are_not_said),
		cmocka_unit_test(a_peer_that_did_several_things),
		cmocka_unit_test(a_chain_and_a_cycle),
		cmocka_unit_test(children_of_one_name),
		cmocka_unit_test(idle_and_unknown_peers),
		cmocka_unit_test(a_peer_is_named_once),
		cmocka_unit_test(runners_and_quotas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
