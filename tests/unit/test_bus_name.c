// SPDX-License-Identifier: GPL-2.0-or-later
/* The destination of a D-Bus message, as it is sent, and where a stack leads to one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"
#include "capture/bus_name.h"

/* l, call, version 1; body, serial, fields: path, destination. */
static const _Alignas(8) unsigned char call[] = "l\1\0\1"
						"\0\0\0\0"
						"\7\0\0\0"
						"\40\0\0\0"
						"\1\1o\0"
						"\1\0\0\0"
						"/\0\0\0\0\0\0\0"
						"\6\1s\0"
						"\7\0\0\0"
						"a.Clock\0";

static void messages_have_one(void **state)
{
	unsigned char broken[sizeof(call)];
	char name[64];

	(void)state;
	assert_true(bus_message_destination(call, sizeof(call), name, sizeof(name)));
	assert_string_equal(name, "a.Clock");
	assert_false(bus_message_destination(call, sizeof(call), name, 4));
	for (size_t bytes = 0; bytes < 39; bytes++)
		assert_false(bus_message_destination(call, bytes, name, sizeof(name)));
	/* whatever a byte says, nothing is read beyond the end, and what comes is a name */
	for (size_t at = 0; at < sizeof(call); at++)
		for (int byte = 0; byte < 256; byte++) {
			memcpy(broken, call, sizeof(call));
			broken[at] = (unsigned char)byte;
			if (bus_message_destination(broken, sizeof(broken), name, sizeof(name)))
				assert_non_null(strchr(name, '.'));
		}
}

static void a_stack_leads_to_it(void **state)
{
	struct memory_source source = memory_source_direct();
	const struct memory memory = { &source, getpid() };
	static uint64_t library[8], binding[8], stack[1024];
	char name[64];

	(void)state;
	assert_false(bus_destination(&memory, (uint64_t)(uintptr_t)stack, name, sizeof(name)));
	library[1] = (uint64_t)(uintptr_t)call;
	binding[2] = (uint64_t)(uintptr_t)library;
	stack[7] = (uint64_t)(uintptr_t)binding;
	stack[9] = 0x1234567890;
	assert_true(bus_destination(&memory, (uint64_t)(uintptr_t)stack, name, sizeof(name)));
	assert_string_equal(name, "a.Clock");
	assert_false(bus_destination(&memory, 16, name, sizeof(name)));
}

static void buses_are_told_by_their_paths(void **state)
{
	static const char *const paths[] = { "/run/dbus/system_bus_socket", "/run/user/1/bus" };
	struct bp_object object = { .kind = BP_OBJECT_SOCKET, .socket.family = AF_UNIX };

	(void)state;
	assert_false(bus_is(&object));
	for (size_t i = 0; i < 2; i++) {
		strcpy(object.path, paths[i]);
		object.path_bytes = (unsigned short)(strlen(paths[i]) + 1);
		assert_true(bus_is(&object));
	}
	memcpy(object.path, "\0/tmp/dbus-x", 12);
	object.path_bytes = 12;
	assert_true(bus_is(&object));
	strcpy(object.path, "/run/mysql.sock");
	object.path_bytes = 16;
	assert_false(bus_is(&object));
	/* no socket, whatever its path says */
	strcpy(object.path, paths[0]);
	object.path_bytes = 28;
	object.kind = BP_OBJECT_FILE;
	assert_false(bus_is(&object));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_have_one),
		cmocka_unit_test(a_stack_leads_to_it),
		cmocka_unit_test(buses_are_told_by_their_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
