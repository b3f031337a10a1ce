// SPDX-License-Identifier: GPL-2.0-or-later
/* listing.c - which names are a run that its first and last one stand for. */
#include "text/listing.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_RUN    3
#define DIGITS_MAX   18 /* of a number that is counted on */
#define LISTED_NAMES 16 /* further ones are counted */

int listing_compare(const void *left, const void *right)
{
	const char *a = *(const char *const *)left, *b = *(const char *const *)right;
	int order = strverscmp(a, b);

	return order ? order : strcmp(a, b);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned long long number_at(const char *digits, size_t nr)
{
	unsigned long long number = 0;

	for (size_t i = 0; i < nr; i++)
		number = number * 10 + (unsigned long long)(digits[i] - '0');
	return number;
}

/* Whether b is a with the next number in it. *suffix: how many bytes of both are behind that number. */
static bool follows(const char *a, const char *b, size_t *suffix)
{
	size_t start = 0, length_a = strlen(a), length_b = strlen(b), end = 0, digits_a, digits_b;

	while (a[start] && a[start] == b[start])
		start++;
	while (start && is_digit(a[start - 1]))
		start--;
	while (end < length_a - start && end < length_b - start &&
	       a[length_a - end - 1] == b[length_b - end - 1])
		end++;
	while (end && is_digit(a[length_a - end]))
		end--;
	digits_a = strspn(a + start, "0123456789");
	digits_b = strspn(b + start, "0123456789");
	*suffix = end;
	return digits_a && digits_b && digits_a <= DIGITS_MAX && digits_b <= DIGITS_MAX &&
	       start + digits_a + end == length_a && start + digits_b + end == length_b &&
	       number_at(b + start, digits_b) == number_at(a + start, digits_a) + 1;
}

/* How many names from the first on are one run, and what they have in common behind the number. */
static size_t run_of(const char **names, size_t nr, size_t *suffix)
{
	size_t run = 1, own;

	*suffix = 0;
	while (run < nr && follows(names[run - 1], names[run], &own) &&
	       (run == 1 || own == *suffix)) {
		*suffix = own;
		run++;
	}
	return run < LEAST_RUN ? 1 : run;
}

/* "h0 to h7.blk.test": a domain in common is not given twice. */
static void print_run(FILE *out, const char **names, size_t run, size_t suffix)
{
	size_t first = strlen(names[0]);

	if (run > 1 && suffix && names[0][first - suffix] == '.')
		first -= suffix;
	fprintf(out, "%.*s", (int)first, names[0]);
	if (run > 1)
		fprintf(out, " to %s", names[run - 1]);
}

char *listing(const char **names, size_t nr)
{
	size_t size = 0, suffix, at = 0, listed = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	qsort(names, nr, sizeof(names[0]), listing_compare);
	while (at < nr && listed < LISTED_NAMES) {
		size_t run = run_of(names + at, nr - at, &suffix);

		if (listed++)
			fputs(at + run == nr ? " and " : ", ", out);
		print_run(out, names + at, run, suffix);
		at += run;
	}
	if (at < nr)
		fprintf(out, " and %zu more", nr - at);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}
