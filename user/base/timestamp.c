// SPDX-License-Identifier: GPL-2.0-or-later
/* timestamp.c - moments as RFC 3339 text, and as local time somewhere. */
#include "base/timestamp.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define APART_NS 10000000

/* CLOCK_REALTIME - CLOCK_MONOTONIC now. */
static int64_t offset_now_ns(void)
{
	/* The reading of one clock between two of the other: what comes between counts half. */
	int64_t before = (int64_t)clock_read_ns(CLOCK_MONOTONIC);
	int64_t real = (int64_t)clock_read_ns(CLOCK_REALTIME);
	int64_t after = (int64_t)clock_read_ns(CLOCK_MONOTONIC);

	return real - before - (after - before) / 2;
}

uint64_t timestamp_of(int64_t *offset_ns, uint64_t mono_ns)
{
	int64_t now_ns = offset_now_ns(), apart_ns = now_ns - *offset_ns;

	if (apart_ns > APART_NS || apart_ns < -APART_NS)
		*offset_ns = now_ns;
	return mono_ns + (uint64_t)*offset_ns;
}

void timestamp_format(uint64_t time_ns, char text[TIMESTAMP_BYTES])
{
	time_t seconds = (time_t)(time_ns / NS_PER_SEC);
	struct tm tm = { 0 };
	size_t nr;

	gmtime_r(&seconds, &tm);
	nr = strftime(text, TIMESTAMP_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + nr, TIMESTAMP_BYTES - nr, ".%09" PRIu64 "Z", time_ns % NS_PER_SEC);
}

struct zone zone_here(uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SEC);
	struct tm tm = { 0 };

	localtime_r(&seconds, &tm);
	return (struct zone){ .known = true, .utc_offset_s = (int32_t)tm.tm_gmtoff };
}

struct zone zone_elsewhere(const struct zone *zone, uint64_t time_ns)
{
	bool same = zone->utc_offset_s == zone_here(time_ns).utc_offset_s;

	return same ? (struct zone){ 0 } : *zone;
}

struct tm zone_time(const struct zone *zone, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / NS_PER_SEC);
	struct tm tm = { 0 };

	if (!zone->known) {
		localtime_r(&seconds, &tm);
		return tm;
	}
	seconds += zone->utc_offset_s;
	gmtime_r(&seconds, &tm);
	return tm;
}

uint64_t zone_midnight(const struct zone *zone, uint64_t time_ns)
{
	struct tm tm = zone_time(zone, time_ns);
	time_t seconds;

	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	seconds = zone->known ? timegm(&tm) - zone->utc_offset_s : mktime(&tm);
	return seconds > 0 ? (uint64_t)seconds * NS_PER_SEC : 0;
}

/* ".123" at *text: moves on. */
static int parse_fraction(const char **text, uint64_t *ns)
{
	uint64_t unit = NS_PER_SEC;

	if (**text != '.')
		return 0;
	if (!isdigit((unsigned char)*++*text))
		return -EINVAL;
	for (; isdigit((unsigned char)**text); (*text)++) {
		unit /= 10;
		*ns += unit * (uint64_t)(**text - '0');
	}
	return 0;
}

static int parse_zone(const char *text, int64_t *seconds)
{
	struct tm tm = { 0 };
	const char *end;

	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
		return 0;
	if (*text != '+' && *text != '-')
		return -EINVAL;
	end = strptime(text + 1, "%H:%M", &tm);
	if (!end || *end)
		return -EINVAL;
	*seconds = (tm.tm_hour * 60 + tm.tm_min) * 60;
	if (*text == '-')
		*seconds = -*seconds;
	return 0;
}

int timestamp_parse(const char *text, uint64_t *time_ns)
{
	struct tm tm = { 0 };
	uint64_t fraction_ns = 0;
	int64_t zone = 0, seconds;

	text = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!text || parse_fraction(&text, &fraction_ns) || parse_zone(text, &zone))
		return -EINVAL;
	seconds = (int64_t)timegm(&tm) - zone;
	/* Nanoseconds of a signed 64-bit number end in the year 2262. */
	if (seconds < 0 || seconds >= INT64_MAX / NS_PER_SEC)
		return -EINVAL;
	*time_ns = (uint64_t)seconds * NS_PER_SEC + fraction_ns;
	return 0;
}
