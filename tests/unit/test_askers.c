// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is set apart, and that nobody else waits for a child that works on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "symbol/askers.c"

struct client {
	uint64_t cpu_ns;
	bool late, hurry;
	unsigned int ended, number;
	struct precedence *precedence;
	struct client_patience *patience;
};

static unsigned int sent_to;

int client_new(struct client **out, zygote_child_fn *child, const struct memory_source *memory,
	       enum client_start start)
{
	(void)child;
	(void)memory;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->number = start;
	return 0;
}

void client_free(struct client *client)
{
	free(client);
}

void client_end(struct client *client)
{
	client->cpu_ns = 0;
	client->late = false;
	client->ended++;
}

void client_asked_by(struct client *client, struct client_patience *patience)
{
	client->patience = patience;
}

void client_hurry(struct client *client, bool hurry)
{
	client->hurry = hurry;
}

void client_precedence(struct client *client, struct precedence *precedence)
{
	client->precedence = precedence;
}

unsigned int client_receiver(const struct client *client)
{
	return client->number;
}

void files_send_to(const struct memory_source *source, unsigned int which)
{
	(void)source;
	sent_to = which;
}

uint64_t client_cpu_ns(const struct client *client)
{
	return client->cpu_ns;
}

bool client_is_late(const struct client *client)
{
	return client->late;
}

/* Of ten processes each. */
uint64_t user_of_process(pid_t pid)
{
	return (uint64_t)pid / 10;
}

#define HONEST 10
#define OTHER  20
#define HEAVY  30

static struct askers *askers;
static struct client *common, *apart;

static int begin(void **state)
{
	(void)state;
	if (askers_new(&askers, NULL, NULL))
		return -1;
	common = askers_each(askers, 0);
	apart = askers_each(askers, 1);
	askers_precedence(askers, (struct precedence *)askers);
	return 0;
}

static int end(void **state)
{
	(void)state;
	askers_free(askers);
	return 0;
}

/* Where nobody else is asked about, files may take what they take. */
static void alone(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		assert_ptr_equal(askers_client(askers, HEAVY + i % 2), common);
		common->cpu_ns += NS_PER_SEC;
		common->late = i % 2;
	}
	assert_int_equal(common->ended, 0);
}

static void too_much_in_all(void **state)
{
	(void)state;
	assert_ptr_equal(askers_client(askers, HONEST), common);
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(askers_client(askers, HEAVY), common);
		common->cpu_ns += NS_PER_SEC / 2;
		assert_ptr_equal(askers_client(askers, HONEST), common);
		common->cpu_ns += NS_PER_MS;
	}
	assert_ptr_equal(askers_client(askers, HEAVY + 1), apart);
	assert_int_equal(sent_to, apart->number);
	assert_ptr_not_equal(common->patience, apart->patience);
	assert_true(apart->hurry);
	assert_ptr_equal(askers_client(askers, HONEST), common);
	assert_ptr_equal(askers_client(askers, OTHER), common);
	assert_ptr_equal(askers_client(askers, HEAVY), apart);
	/* no child had to go for that */
	assert_int_equal(common->ended + apart->ended, 0);
}

/* The child that works on is left to whose question that is. */
static void works_on(void **state)
{
	(void)state;
	assert_ptr_equal(askers_client(askers, HONEST), common);
	assert_ptr_equal(askers_client(askers, HEAVY), common);
	common->cpu_ns += NS_PER_SEC;
	common->late = true;
	assert_ptr_equal(askers_client(askers, HONEST), apart);
	assert_int_equal(apart->ended, 1);
	assert_int_equal(common->ended, 0);
	assert_non_null(apart->precedence);
	assert_null(common->precedence);
	assert_false(apart->hurry);
	assert_ptr_equal(askers_client(askers, HEAVY), common);
	assert_true(common->hurry);
	/* what it does there is no more than its own */
	common->cpu_ns += 60 * NS_PER_SEC;
	assert_ptr_equal(askers_client(askers, OTHER), apart);
	assert_ptr_equal(askers_client(askers, HONEST), apart);
}

/* On a busy machine the child is late without having done much. */
static void not_let_run(void **state)
{
	(void)state;
	assert_ptr_equal(askers_client(askers, HONEST), common);
	assert_ptr_equal(askers_client(askers, HEAVY), common);
	common->cpu_ns += 10 * NS_PER_MS;
	common->late = true;
	for (int i = 0; i < 5; i++) {
		assert_ptr_equal(askers_client(askers, HONEST), common);
		common->cpu_ns += 50 * NS_PER_MS;
		assert_ptr_equal(askers_client(askers, OTHER), common);
	}
	/* the time was not theirs who asked meanwhile */
	for (int i = 0; i < 5; i++) {
		common->cpu_ns += 50 * NS_PER_MS;
		askers_client(askers, i % 2 ? HONEST : OTHER);
	}
	assert_ptr_equal(askers_client(askers, HEAVY), common);
	assert_ptr_equal(askers_client(askers, HONEST), apart);
	assert_ptr_equal(askers_client(askers, OTHER), apart);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(alone, begin, end),
		cmocka_unit_test_setup_teardown(too_much_in_all, begin, end),
		cmocka_unit_test_setup_teardown(works_on, begin, end),
		cmocka_unit_test_setup_teardown(not_let_run, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
