// SPDX-License-Identifier: GPL-2.0-or-later
/* parse.c - which texts are times and numbers: digits, a fraction, a unit, and nothing else. */
#include "base/parse.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/clock.h"

/* Digits after the point that fit in 64 bits; finer than a nanosecond in any unit. */
#define FRACTION_DIGITS 18

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits from *text on, which is moved past them; UINT64_MAX stands for all that is larger. */
static uint64_t read_digits(const char **text)
{
	uint64_t value = 0;

	for (; is_digit(**text); (*text)++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**text - '0'), &value)) {
			*text += strspn(*text, "0123456789");
			return UINT64_MAX;
		}
	}
	return value;
}

static int unit_parse(const char *suffix, uint64_t *unit_ns)
{
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },	     { "us", NS_PER_US },      { "ms", NS_PER_MS },
		{ "s", NS_PER_SEC }, { "m", 60 * NS_PER_SEC }, { "h", 3600 * NS_PER_SEC },
	};

	if (!*suffix)
		return 0;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(suffix, units[i].suffix)) {
			*unit_ns = units[i].ns;
			return 0;
		}
	}
	return -EINVAL;
}

int duration_parse(const char *text, uint64_t unit_ns, uint64_t *ns)
{
	uint64_t whole, fraction = 0, one = 1, total;
	unsigned __int128 part;

	if (!is_digit(*text))
		return -EINVAL;
	whole = read_digits(&text);
	if (*text == '.') {
		text++;
		if (!is_digit(*text))
			return -EINVAL;
		for (int i = 0; i < FRACTION_DIGITS && is_digit(*text); i++, text++) {
			fraction = fraction * 10 + (uint64_t)(*text - '0');
			one *= 10;
		}
		text += strspn(text, "0");
	}
	if (unit_parse(text, &unit_ns))
		return -EINVAL;
	part = (unsigned __int128)fraction * unit_ns;
	if (part % one)
		return -EINVAL;
	if (__builtin_mul_overflow(whole, unit_ns, &total) ||
	    __builtin_add_overflow(total, (uint64_t)(part / one), &total) || total > INT64_MAX)
		return -ERANGE;
	*ns = total;
	return 0;
}

int number_parse(const char *text, long min, long max, long *out)
{
	bool negative = *text == '-';
	uint64_t digits;
	long value;

	if (negative)
		text++;
	if (!is_digit(*text))
		return -EINVAL;
	digits = read_digits(&text);
	if (*text)
		return -EINVAL;
	if (digits > (uint64_t)LONG_MAX)
		return -ERANGE;
	value = negative ? -(long)digits : (long)digits;
	if (value < min || value > max)
		return -ERANGE;
	*out = value;
	return 0;
}

int size_parse(const char *text, uint64_t min, uint64_t max, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text[digits] ? strchr(units, text[digits]) : units + 1;
	char number[16] = "";
	unsigned int shift;
	long value;
	int err;

	if (!digits || digits >= sizeof(number) || !unit || (text[digits] && text[digits + 1]))
		return -EINVAL;
	shift = 10 * (unsigned int)(unit - units + 1);
	memcpy(number, text, digits);
	err = number_parse(number, 0, (long)(max >> shift), &value);
	if (err)
		return err;
	if ((uint64_t)value << shift < min)
		return -ERANGE;
	*bytes = (uint64_t)value << shift;
	return 0;
}
