// SPDX-License-Identifier: GPL-2.0-or-later
/* Which packets can be an answer to which question. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/wire/protocol.h"

#define HEADER offsetof(struct answer, symbol)

static struct answer answer;

/* Zeroed, then filled with what no field may have without it being checked. */
static void begin(int byte)
{
	memset(&answer, byte, sizeof(answer));
	answer.error = 0;
}

static bool is_answer(uint32_t kind, size_t bytes)
{
	return bytes && answer_bytes(&answer, kind, bytes) == bytes;
}

/* Of every kind an answer that says nothing is one, in that size and no other. */
static void nothing(void **state)
{
	(void)state;
	for (uint32_t kind = REQUEST_SYMBOL; kind <= REQUEST_UNWIND; kind++) {
		size_t bytes;

		begin(0);
		bytes = answer_bytes(&answer, kind, sizeof(answer));
		assert_true(bytes >= HEADER);
		assert_true(is_answer(kind, bytes));
		assert_false(is_answer(kind, bytes - 1));
		assert_false(is_answer(kind, bytes + 1));
		assert_false(is_answer(kind, 0));
	}
	/* that it is ready */
	assert_true(is_answer(0, HEADER));
}

static void errors(void **state)
{
	(void)state;
	for (uint32_t kind = REQUEST_SYMBOL; kind < REQUEST_UNWIND; kind++) {
		begin(0xff);
		answer.error = -ESTALE;
		assert_true(is_answer(kind, HEADER));
		assert_false(is_answer(kind, HEADER + 8));
		answer.error = 1;
		assert_int_equal(answer_bytes(&answer, kind, sizeof(answer)), 0);
	}
	begin(0);
	answer.error = -ESTALE;
	assert_false(is_answer(REQUEST_UNWIND, HEADER));
	assert_true(is_answer(REQUEST_UNWIND, offsetof(struct answer, unwind.frames)));
}

/* Numbers beyond what there is room for, and strings without an end. */
static void contradictions(void **state)
{
	static const uint32_t checked[] = { REQUEST_SYMBOL,  REQUEST_LINKS,	REQUEST_VERSION,
					    REQUEST_OBJECTS, REQUEST_ADDRESSES, REQUEST_MAP_NAME,
					    REQUEST_UNWIND };

	(void)state;
	begin(0xff);
	for (size_t i = 0; i < sizeof(checked) / sizeof(checked[0]); i++)
		assert_int_equal(answer_bytes(&answer, checked[i], sizeof(answer)), 0);
}

static void symbol(void **state)
{
	const size_t text = offsetof(struct answer, symbol.text);

	(void)state;
	begin(0);
	answer.symbol.text_bytes = 7;
	memcpy(answer.symbol.text, "main\0x", 7);
	assert_true(is_answer(REQUEST_SYMBOL, text + 7));
	assert_int_equal(answer_bytes(&answer, REQUEST_SYMBOL, text + 6), 0);
	answer.symbol.text_bytes = 6;
	assert_int_equal(answer_bytes(&answer, REQUEST_SYMBOL, sizeof(answer)), 0);
	answer.symbol.text_bytes = 0;
	strcpy(answer.symbol.build_id, "0af9");
	assert_true(is_answer(REQUEST_SYMBOL, text));
	strcpy(answer.symbol.build_id, "0AF9");
	assert_int_equal(answer_bytes(&answer, REQUEST_SYMBOL, sizeof(answer)), 0);
	memset(answer.symbol.build_id, '0', sizeof(answer.symbol.build_id));
	assert_int_equal(answer_bytes(&answer, REQUEST_SYMBOL, sizeof(answer)), 0);
	answer.symbol.build_id[0] = '\0';
	answer.symbol.nr_lines = ANSWER_LINES_MAX + 1;
	assert_int_equal(answer_bytes(&answer, REQUEST_SYMBOL, sizeof(answer)), 0);
}

static void objects(void **state)
{
	const size_t contents = offsetof(struct answer, objects.contents);

	(void)state;
	begin(0);
	answer.objects.nr = 2;
	answer.objects.bytes[0] = 4;
	answer.objects.bytes[1] = 20;
	assert_true(is_answer(REQUEST_OBJECTS, contents + 24));
	assert_false(is_answer(REQUEST_OBJECTS, contents + 23));
	answer.objects.bytes[1] = ANSWER_OBJECTS_BYTES - 3;
	assert_int_equal(answer_bytes(&answer, REQUEST_OBJECTS, sizeof(answer)), 0);
	answer.objects.bytes[1] = UINT32_MAX - 3;
	assert_int_equal(answer_bytes(&answer, REQUEST_OBJECTS, sizeof(answer)), 0);
}

static void frames(void **state)
{
	const size_t at = offsetof(struct answer, unwind.frames);

	(void)state;
	begin(0);
	answer.unwind.nr = UNWIND_FRAMES_MAX;
	assert_true(
		is_answer(REQUEST_UNWIND, at + UNWIND_FRAMES_MAX * sizeof(struct native_frame)));
	answer.unwind.nr++;
	assert_int_equal(answer_bytes(&answer, REQUEST_UNWIND, sizeof(answer)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),	  cmocka_unit_test(errors),
		cmocka_unit_test(contradictions), cmocka_unit_test(symbol),
		cmocka_unit_test(objects),	  cmocka_unit_test(frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
