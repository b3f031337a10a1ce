// SPDX-License-Identifier: GPL-2.0-or-later
/* The name a resolver asks for, found in what a copy of its stack holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bpf/abi.h"
#include "capture/question.h"

enum { A = 1, AAAA = 28, SRV = 33, HTTPS = 65 };

struct query {
	unsigned char bytes[600];
	size_t nr;
};

static void put(struct query *query, const void *bytes, size_t nr)
{
	assert_true(query->nr + nr <= sizeof(query->bytes));
	memcpy(query->bytes + query->nr, bytes, nr);
	query->nr += nr;
}

static void put16(struct query *query, unsigned int value)
{
	put(query, (unsigned char[]){ value >> 8, value }, 2);
}

/* A query as resolvers send it: RFC 1035, 4.1; with an OPT record of RFC 6891 where edns is set. */
static struct query query_of(const char *name, unsigned int type, bool edns)
{
	struct query query = { .nr = 0 };

	put(&query, "\x9c\x1f\x01\x00\x00\x01\x00\x00\x00\x00\x00", 11);
	put(&query, edns ? "\1" : "\0", 1);
	while (*name) {
		size_t label = strcspn(name, ".");

		put(&query, (unsigned char[]){ label }, 1);
		put(&query, name, label);
		name += label + (name[label] == '.');
	}
	put(&query, "", 1);
	put16(&query, type);
	put16(&query, 1);
	if (edns)
		put(&query, "\0\0\x29\x04\xb0\0\0\0\0\0", 11);
	return query;
}

/* Copies of exactly this size: a read past the end is seen by the sanitizer. */
static char *ask(const unsigned char *bytes, size_t nr)
{
	unsigned char *copy = malloc(nr ? nr : 1);
	char *name;

	assert_non_null(copy);
	memcpy(copy, bytes, nr);
	name = question_name(copy, nr);
	free(copy);
	return name;
}

static void expect(const unsigned char *bytes, size_t nr, const char *expected)
{
	char *name = ask(bytes, nr);

	if (expected) {
		assert_non_null(name);
		assert_string_equal(name, expected);
	} else if (name) {
		fail_msg("found '%s' where there is no name", name);
	}
	free(name);
}

static void expect_query(const struct query *query, const char *expected)
{
	expect(query->bytes, query->nr, expected);
}

/* n labels of so many characters each, dotted. */
static const char *labels(char *to, size_t nr, size_t length)
{
	char *at = to;

	for (size_t i = 0; i < nr; i++) {
		memset(at, 'a' + (char)(i % 26), length);
		at += length;
		*at++ = i + 1 < nr ? '.' : 0;
	}
	return to;
}

static void test_kinds_of_names(void **state)
{
	static const char *const names[] = {
		"a",
		"example.com",
		"db.internal.example.com.lan.example.org", /* a search domain was put behind it */
		"_xmpp-client._tcp.example.com",
		"xn--bcher-kva.example",
		"4.3.2.1.in-addr.arpa",
		"this_host",
	};
	static const unsigned int types[] = { A, 2, 5, 6, 12, 15, 16, AAAA, SRV, 64, HTTPS, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t t = 0; t < sizeof(types) / sizeof(types[0]); t++) {
			struct query plain = query_of(names[i], types[t], false);
			struct query edns = query_of(names[i], types[t], true);

			expect_query(&plain, names[i]);
			expect_query(&edns, names[i]);
		}
	}
}

static void test_any_place(void **state)
{
	struct query query = query_of("example.com", AAAA, true);
	unsigned char stack[BP_QUESTION_BYTES];

	(void)state;
	for (size_t at = 0; at + query.nr <= sizeof(stack); at += at < 300 ? 1 : 61) {
		memset(stack, 0x7f, sizeof(stack)); /* as return addresses and pointers have it */
		memcpy(stack + at, query.bytes, query.nr);
		expect(stack, sizeof(stack), "example.com");
		expect(stack, at + query.nr, "example.com");
	}
}

/* glibc puts the queries for A and AAAA behind each other in one buffer. */
static void test_first_of_two(void **state)
{
	struct query first = query_of("one.example", A, false);
	struct query second = query_of("two.example", AAAA, false);

	(void)state;
	put(&first, second.bytes, second.nr);
	expect_query(&first, "one.example");
}

static void test_cut_off(void **state)
{
	struct query query = query_of("www.example.com", A, false);

	(void)state;
	for (size_t nr = 0; nr < query.nr; nr++)
		expect(query.bytes, nr, NULL);
	expect(query.bytes, query.nr, "www.example.com");
	query = query_of("b", A, false);
	expect(query.bytes, query.nr - 1, NULL);
	expect(query.bytes, query.nr, "b");
}

/* RFC 1035, 2.3.4: labels of 63 octets, names of 255, lengths and the root's label included. */
static void test_limits(void **state)
{
	char name[600];
	struct query query;

	(void)state;
	query = query_of(labels(name, 1, 63), A, false);
	expect_query(&query, name);
	query = query_of(labels(name, 1, 64), A, false); /* 64: no longer the length of a label */
	expect_query(&query, NULL);

	labels(name, 3, 63);
	strcat(name, ".");
	memset(name + strlen(name), 0, 100);
	memset(name + strlen(name), 'z', 61);
	assert_int_equal(strlen(name) + 2, 255);
	query = query_of(name, A, true);
	expect_query(&query, name);
	strcat(name, "z");
	query = query_of(name, A, true);
	expect_query(&query, NULL);
	query = query_of(labels(name, 127, 1), A, false);
	expect_query(&query, name);
	query = query_of(labels(name, 128, 1), A, false);
	expect_query(&query, NULL);
	query = query_of(labels(name, 8, 63), A, false);
	expect_query(&query, NULL);
}

static void test_look_alikes(void **state)
{
	static const struct {
		size_t at;
		unsigned char value;
	} changes[] = {
		{ 2, 0x81 }, /* an answer */
		{ 2, 0x09 }, /* a status request */
		{ 2, 0x29 }, /* an update */
		{ 3, 0x80 }, /* recursion available */
		{ 3, 0x03 }, /* no such name */
		{ 3, 0x40 }, /* the reserved bit */
		{ 4, 1 }, /* 257 questions */
		{ 5, 0 }, /* none */
		{ 5, 2 },    { 7, 1 }, /* with an answer */
		{ 9, 1 }, /* with an authority */
		{ 11, 2 }, /* two additional records */
		{ 10, 1 },   { 12, 0xc0 }, /* a compression pointer */
		{ 12, 64 },  { 12, 8 }, /* the lengths are not those of the labels */
		{ 14, '.' }, { 14, ' ' },  { 14, 0x1b },
		{ 14, 0 },   { 14, 0xe9 }, { 25, 3 }, /* no type that anyone asks for */
		{ 24, 1 },   { 27, 3 }, /* another class */
		{ 26, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct query query = query_of("abcdefghij", A, false);

		expect_query(&query, "abcdefghij");
		assert_int_not_equal(query.bytes[changes[i].at], changes[i].value);
		query.bytes[changes[i].at] = changes[i].value;
		expect_query(&query, NULL);
	}
}

/* Bits of the header that a query may have. */
static void test_header_bits(void **state)
{
	struct query query = query_of("example.com", A, false);

	(void)state;
	query.bytes[2] = 0; /* recursion not desired */
	expect_query(&query, "example.com");
	query.bytes[3] = 0x30; /* authentic data, checking disabled: options edns0, trust-ad */
	expect_query(&query, "example.com");
}

static void test_look_alike_before_the_query(void **state)
{
	struct query query = query_of("example.com", A, false), all = { .nr = 0 };

	(void)state;
	put(&all, "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12);
	put(&all, query.bytes, query.nr);
	expect_query(&all, "example.com");
}

static void test_no_name(void **state)
{
	static const unsigned char zeros[BP_QUESTION_BYTES];
	struct query query = query_of("", 2, true); /* the root's servers */
	unsigned char ones[600];

	(void)state;
	expect_query(&query, NULL);
	expect(zeros, 0, NULL);
	expect(zeros, 1, NULL);
	expect(zeros, sizeof(zeros), NULL);
	memset(ones, 1, sizeof(ones));
	expect(ones, sizeof(ones), NULL);
	memset(ones, 0xff, sizeof(ones));
	expect(ones, sizeof(ones), NULL);
}

/* Whatever bytes: nothing is read outside, and what comes out is printable. */
static void test_garbage(void **state)
{
	static const unsigned char likely[] = { 0, 0, 0, 1, 1, 3, 28, 63, 64, 'a', 'z', 0xc0, 255 };
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct query query = query_of("example.com", A, round & 1);
		size_t changes = round % 4 + 1;
		char *name;

		while (changes--) {
			size_t at = (seed = seed * 1103515245 + 12345) >> 8;

			query.bytes[at % query.nr] =
				likely[(seed = seed * 1103515245 + 12345) / 65536 % sizeof(likely)];
		}
		name = ask(query.bytes, query.nr);
		if (name) {
			assert_in_range(strlen(name), 1, 253);
			for (size_t i = 0; name[i]; i++)
				assert_in_range(name[i], '!', '~');
		}
		free(name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_of_names),
		cmocka_unit_test(test_any_place),
		cmocka_unit_test(test_first_of_two),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_look_alikes),
		cmocka_unit_test(test_header_bits),
		cmocka_unit_test(test_look_alike_before_the_query),
		cmocka_unit_test(test_no_name),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
