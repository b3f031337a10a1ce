// SPDX-License-Identifier: GPL-2.0-or-later
/* What of a record is hidden before it is shared: each string that the schema describes is decided. */
#include "records.h"

#include <jansson.h>

#include "recording/redact.h"

#define SCHEMA "scripts/blockprof.schema.json"

/* The first of the vectors that the authors published, and others of them. */
static void hash_is_siphash(void **state)
{
	const struct siphash_key key = { { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u } };
	unsigned char data[64];

	(void)state;
	for (unsigned int i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	assert_int_equal(siphash(&key, data, 0), 0x726fdb47dd0e0e31u);
	assert_int_equal(siphash(&key, data, 1), 0x74f839c593dc67fdu);
	assert_int_equal(siphash(&key, data, 8), 0x93f5f5799a932462u);
	assert_int_equal(siphash(&key, data, 15), 0xa129ca6149be45e5u);
	assert_int_equal(siphash(&key, data, 63), 0x958a324ceb064572u);
}

/* -- every string of the schema -- */

struct walk {
	json_t *schema;
	unsigned int strings;
	unsigned int undecided;
};

static json_t *follow(struct walk *walk, json_t *node, const char **name)
{
	const char *ref = json_string_value(json_object_get(node, "$ref"));

	if (!ref)
		return node;
	*name = strrchr(ref, '/') + 1;
	node = json_object_get(json_object_get(walk->schema, "$defs"), *name);
	assert_non_null(node);
	return follow(walk, node, name);
}

static bool is_string(json_t *node)
{
	const char *type = json_string_value(json_object_get(node, "type"));
	json_t *first = json_array_get(json_object_get(node, "enum"), 0);

	return (type && !strcmp(type, "string")) ||
	       json_is_string(json_object_get(node, "const")) || json_is_string(first);
}

/* node describes the value of key, of an object under the key name. */
static void visit(struct walk *walk, const char *name, const char *key, json_t *node,
		  unsigned int depth)
{
	const char *definition = NULL, *own;
	json_t *branch, *value;
	size_t i;

	node = follow(walk, node, &definition);
	if (depth > 12) /* culprits behind culprits, whose keys are the same */
		return;
	if (is_string(node)) {
		walk->strings++;
		if (!redact_is_decided(name, key)) {
			print_error("%s of %s: is it to be shown? see redact.c\n", key,
				    name ? name : "a record");
			walk->undecided++;
		}
	}
	json_array_foreach (json_object_get(node, "oneOf"), i, branch)
		visit(walk, name, key, branch, depth + 1);
	if (json_object_get(node, "items"))
		visit(walk, name, key, json_object_get(node, "items"), depth + 1);
	json_object_foreach (json_object_get(node, "properties"), own, value)
		visit(walk, key, own, value, depth + 1);
}

static void every_string_is_decided(void **state)
{
	struct walk walk = { .schema = json_load_file(SCHEMA, 0, NULL) };

	(void)state;
	assert_non_null(walk.schema);
	visit(&walk, NULL, NULL, walk.schema, 0);
	assert_true(walk.strings > 60);
	assert_int_equal(walk.undecided, 0);
	json_decref(walk.schema);
}

static void what_is_not_decided_is_not_shown(void **state)
{
	const struct siphash_key key = { { 1, 2 } };
	json_t *record =
		json_loads("{\"type\":\"stall\",\"new\":\"secret\",\"list\":[[\"secret\"]],"
			   "\"deep\":{\"new\":{\"new\":\"secret\"}}}",
			   0, NULL);
	char *text;

	(void)state;
	assert_int_equal(redact(&key, record), 0);
	text = json_dumps(record, 0);
	assert_null(strstr(text, "secret"));
	assert_non_null(strstr(text, "stall"));
	free(text);
	json_decref(record);
}

/* -- records as they are written -- */

#define SECRETS                                                                                   \
	"acme", "rates-3", "5432", "41234", "10.0.0.7", "web1", "billing", "9f3c", "db.internal", \
		"/srv/data", "alice"

static void feed_secrets(struct output *output)
{
	static const struct name_value only[] = { { "comm", "^acme" }, { "unit", "billing" } };
	static const struct frame frames[] = { PYTHON("fetch", "/home/alice/app/db.py", 3),
					       NATIVE("main", "/home/alice/bin/python3") };
	struct start_record start = { AT(0), .host = "web1.acme", .only = only, .nr_only = 2 };
	struct loop_record loop = {
		AT(0.5),
		.id = thread_main(),
		.exe = "/home/alice/bin/python3",
		.wait_fd = -1,
		.cgroup = "/billing.slice",
		.unit = "billing.service",
		.container = "9f3c",
		.container_name = "till",
		.pod = "billing-7d9",
		.namespace = "payments",
	};
	struct stall_record stall = socket_stall();
	struct slice file = {
		.cause = CAUSE_FILE,
		.ns = MS,
		.target = { .kind = TARGET_FILE, .path = strdup("/srv/data/acme.db") },
		.stack = make_stack(frames, NR(frames)),
	};
	struct slice lock = {
		.cause = CAUSE_LOCK,
		.ns = MS,
		.target = { .kind = TARGET_LOCK, .name = strdup("mmap_lock") },
	};
	struct slice name = {
		.cause = CAUSE_DNS,
		.ns = MS,
		.target = { .kind = TARGET_DNS, .name = strdup("db.internal") },
	};
	struct culprit server = { .kind = CULPRIT_SERVER, .name = strdup("10.0.0.7") };
	const struct name_count ignored = { "target:acme", 3 };
	struct summary_record summary = { AT(4), .ignored = &ignored, .nr_ignored = 1 };

	assert_int_equal(culprits_add(&file.culprits, &server), 0);
	assert_int_equal(slices_add(&stall.slices, &file), 0);
	assert_int_equal(slices_add(&stall.slices, &lock), 0);
	assert_int_equal(slices_add(&stall.slices, &name), 0);
	output_start(output, &start);
	output_loop(output, &loop);
	output_stall(output, &stall);
	output_stall(output, &stall);
	output_summary(output, &summary);
	slices_free(&stall.slices);
}

/* The caller frees it. */
static char *written(struct temp *temp, const struct siphash_key *key)
{
	const struct output_options options = { .redact = key };
	struct output *output = open_output("json", temp_path(temp, "a.jsonl"), &options);

	feed_secrets(output);
	assert_int_equal(output_close(output), 0);
	return read_text(temp_path(temp, "a.jsonl"));
}

/* Of the record in a line: the peer of its first slice. */
static char *peer_in(const char *text, const char *type)
{
	const char *line = strstr(text, type), *peer = line ? strstr(line, "\"peer\":\"") : NULL;

	assert_non_null(peer);
	peer += strlen("\"peer\":\"");
	return strndup(peer, strcspn(peer, "\""));
}

static void secrets_are_hashed(void **state)
{
	static const char *const secrets[] = { SECRETS };
	static const char *const shown[] = { "postgres",      "fetch_rates", "/srv/app/rates.py",
					     "\"mmap_lock\"", "poll_rates",  "\"python3\"",
					     "/app/db.py\"",  "recvfrom",    "\"4242-17\"",
					     "/home/~" };
	struct siphash_key keys[2];
	char *text, *other, *first, *second, *elsewhere;

	assert_int_equal(siphash_new_key(&keys[0]), 0);
	assert_int_equal(siphash_new_key(&keys[1]), 0);
	text = written(*state, NULL);
	for (size_t i = 0; i < NR(secrets); i++)
		if (!strstr(text, secrets[i]))
			fail_msg("%s was never there", secrets[i]);
	free(text);
	text = written(*state, &keys[0]);
	other = written(*state, &keys[1]);
	for (size_t i = 0; i < NR(secrets); i++)
		if (strstr(text, secrets[i]))
			fail_msg("%s is shown: %s", secrets[i], text);
	for (size_t i = 0; i < NR(shown); i++)
		if (!strstr(text, shown[i]))
			fail_msg("%s is hidden: %s", shown[i], text);
	/* the same is the same again, and nobody's who has another key */
	first = peer_in(text, "\"stall\"");
	second = peer_in(strstr(text, "\"stall\"") + 8, "\"stall\"");
	elsewhere = peer_in(other, "\"stall\"");
	assert_string_equal(first, second);
	assert_string_not_equal(first, elsewhere);
	free(first);
	free(second);
	free(elsewhere);
	free(text);
	free(other);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_siphash),
		cmocka_unit_test(every_string_is_decided),
		cmocka_unit_test(what_is_not_decided_is_not_shown),
		TEST(secrets_are_hashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
