// SPDX-License-Identifier: GPL-2.0-or-later
/* A stall as an entry of the journal. */
#include "records.h"

#include "base/escape.h"
#include "serve/entry.h"

/* NULL: there is no such field. */
static const char *field(const struct entry *entry, const char *name)
{
	size_t length = strlen(name);

	for (int i = 0; i < entry->nr; i++) {
		const char *text = entry->fields[i].iov_base;

		assert_int_equal(strlen(text), entry->fields[i].iov_len);
		if (strncmp(text, name, length) == 0 && text[length] == '=')
			return text + length + 1;
	}
	return NULL;
}

#define assert_field(entry, name, value)                        \
	do {                                                    \
		assert_non_null(field(entry, name));            \
		assert_string_equal(field(entry, name), value); \
	} while (0)

static void entry_of(struct entry *entry, struct stall_record stall, struct home home)
{
	assert_int_equal(entry_of_stall(entry, &stall, &home), 0);
	slices_free(&stall.slices);
}

static void a_stall_has_its_fields(void **state)
{
	struct stall_record stall = socket_stall();
	struct culprit server = {
		.kind = CULPRIT_PEER,
		.pid = 812,
		.tid = 812,
		.comm = "postgres",
		.seen = true,
		.cause = CAUSE_FILE,
		.syscall = strdup("fsync"),
		.target = { .kind = TARGET_FILE, .path = strdup("/db/a\nb") },
		.ns = 340 * MS,
	};
	struct entry entry;

	(void)state;
	assert_int_equal(culprits_add(&stall.slices.v[0].culprits, &server), 0);
	stall.id.loop = 9;
	stall.doubt = DOUBT_SHARED;
	stall.advice = "asyncpg,\nor a thread";
	entry_of(&entry, stall,
		 (struct home){ .unit = "web.service",
				.container = "abc",
				.container_name = "app",
				.pod = "web-7d9",
				.namespace = "shop" });
	assert_field(&entry, "MESSAGE",
		     "python3[4242] asyncio, task rates-3: 352 ms socket, recvfrom "
		     "127.0.0.1:5432 (postgres[812]), in execute (app/db.py:41)");
	assert_field(&entry, "MESSAGE_ID", ENTRY_MESSAGE_ID);
	assert_field(&entry, "PRIORITY", "4");
	assert_field(&entry, "OBJECT_PID", "4242");
	assert_field(&entry, "BLOCKPROF_TURN", "4242-17");
	assert_field(&entry, "BLOCKPROF_ONGOING", "0");
	assert_field(&entry, "BLOCKPROF_CAUSE", "socket");
	assert_field(&entry, "BLOCKPROF_ADVICE", "asyncpg,\\x0aor a thread");
	assert_field(&entry, "BLOCKPROF_DURATION_NS", "352000000");
	assert_field(&entry, "BLOCKPROF_PID", "4242");
	assert_field(&entry, "BLOCKPROF_TID", "4242");
	assert_field(&entry, "BLOCKPROF_COMM", "python3");
	assert_field(&entry, "BLOCKPROF_RUNTIME", "asyncio");
	assert_field(&entry, "BLOCKPROF_TASK", "rates-3");
	assert_field(&entry, "BLOCKPROF_SYSCALL", "recvfrom");
	assert_field(&entry, "BLOCKPROF_TARGET", "127.0.0.1:5432 (postgres[812])");
	assert_field(&entry, "BLOCKPROF_IMPACT",
		     "delayed 12 events of 9 clients by up to 340 ms; 3 timers");
	assert_field(&entry, "BLOCKPROF_UNIT", "web.service");
	assert_field(&entry, "BLOCKPROF_CONTAINER", "abc");
	assert_field(&entry, "BLOCKPROF_CONTAINER_NAME", "app");
	assert_field(&entry, "BLOCKPROF_POD", "web-7d9");
	assert_field(&entry, "BLOCKPROF_NAMESPACE", "shop");
	assert_field(&entry, "BLOCKPROF_LOOP", "9");
	assert_field(&entry, "BLOCKPROF_DOUBT", "shared");
	assert_field(&entry, "BLOCKPROF_CHAIN",
		     "for postgres[812], which sat in fsync of /db/a\\x0ab");
	assert_field(&entry, "BLOCKPROF_DELAYED_EVENTS", "12");
	assert_field(&entry, "CODE_FUNC", "execute");
	assert_field(&entry, "CODE_FILE", "/srv/app/db.py");
	assert_field(&entry, "CODE_LINE", "41");
	assert_ptr_equal(strstr(field(&entry, "BLOCKPROF_STACK"),
				"tcp_recvmsg\n"
				"__libc_recv (/usr/lib/x86_64-linux-gnu/libc.so.6)\n"
				"Connection.recv (/usr/lib/python3/dist-packages/pg/core.py:12)\n"),
			 field(&entry, "BLOCKPROF_STACK"));
	entry_free(&entry);
}

static void what_is_not_known_is_left_out(void **state)
{
	struct stall_record bare = {
		.turn = "7-1",
		.ongoing = true,
		.id = { .pid = 7, .tid = 8, .comm = "x" },
		.duration_ns = 1500 * MS,
		.delayed_events = -1,
		.cause = CAUSE_CPU,
	};
	struct entry entry;

	(void)state;
	entry_of(&entry, bare, (struct home){ 0 });
	assert_field(&entry, "MESSAGE", "x[7/8]: 1.5 s and still running, cpu");
	assert_field(&entry, "BLOCKPROF_ONGOING", "1");
	assert_null(field(&entry, "BLOCKPROF_RUNTIME"));
	assert_null(field(&entry, "BLOCKPROF_UNIT"));
	assert_null(field(&entry, "BLOCKPROF_CONTAINER_NAME"));
	assert_null(field(&entry, "BLOCKPROF_POD"));
	assert_null(field(&entry, "BLOCKPROF_NAMESPACE"));
	assert_null(field(&entry, "BLOCKPROF_LOOP"));
	assert_null(field(&entry, "BLOCKPROF_DOUBT"));
	assert_null(field(&entry, "BLOCKPROF_CHAIN"));
	assert_null(field(&entry, "BLOCKPROF_STACK"));
	assert_null(field(&entry, "BLOCKPROF_DELAYED_EVENTS"));
	assert_null(field(&entry, "CODE_FUNC"));
	entry_free(&entry);
}

static void a_note_has_its_fields(void **state)
{
	const struct home home = { .unit = "web.service", .pod = "web-7d9" };
	const struct note_record note = {
		.pid = 42,
		.comm = "web\033",
		.kind = NOTE_TASKS_GROW,
		.duration_ns = 60 * S,
		.from = 10,
		.to = 1000,
	};
	struct entry entry;

	(void)state;
	assert_int_equal(entry_of_note(&entry, &note, &home), 0);
	assert_field(&entry, "BLOCKPROF_NOTE", note_kind_name(NOTE_TASKS_GROW));
	assert_field(&entry, "OBJECT_PID", "42");
	assert_field(&entry, "BLOCKPROF_COMM", "web\\x1b");
	assert_field(&entry, "BLOCKPROF_UNIT", "web.service");
	assert_field(&entry, "BLOCKPROF_POD", "web-7d9");
	assert_non_null(strstr(field(&entry, "MESSAGE"), "1000"));
	assert_null(strchr(field(&entry, "MESSAGE"), '\033'));
	entry_free(&entry);
}

static void foreign_bytes_do_no_harm(void **state)
{
	struct entry entry;

	(void)state;
	entry_of(&entry, hostile_stall(),
		 (struct home){ .unit = HOSTILE,
				.container = HOSTILE,
				.container_name = HOSTILE,
				.pod = HOSTILE,
				.namespace = HOSTILE });
	assert_true(entry.nr > 15);
	for (int i = 0; i < entry.nr; i++) {
		const char *text = entry.fields[i].iov_base;

		for (const char *c = text; *c; c++)
			if ((unsigned char)*c < ' ')
				assert_true(*c == '\n' &&
					    strncmp(text, "BLOCKPROF_STACK=", 16) == 0);
		assert_null(strstr(text, "\xe2\x80\xae"));
		assert_null(strchr(text, '\x7f'));
	}
	/* the message is one line, which can be read */
	assert_true(strlen(field(&entry, "MESSAGE")) < 800);
	entry_free(&entry);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stall_has_its_fields),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(a_note_has_its_fields),
		cmocka_unit_test(foreign_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
