/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timestamp.h - moments as RFC 3339 text. */
#ifndef BLOCKPROF_BASE_TIMESTAMP_H
#define BLOCKPROF_BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* "2024-05-01T12:00:00.123456789Z" */
#define TIMESTAMP_BYTES 40

/*
 * CLOCK_REALTIME of a recent moment of CLOCK_MONOTONIC. offset_ns starts as 0 and
 * is kept, so that one moment always has one name; but when the clocks have
 * moved apart (the machine slept, the time was set) it follows.
 */
uint64_t timestamp_of(int64_t *offset_ns, uint64_t mono_ns);

/* How far local time is from UTC, eastward, somewhere at some time. Zeroed: not known. */
struct zone {
	bool known;
	int32_t utc_offset_s;
};

/* Of this machine at that time. */
struct zone zone_here(uint64_t time_ns);
/* Not known where it was as here: then the rules of here hold for later times, too. */
struct zone zone_elsewhere(const struct zone *zone, uint64_t time_ns);
/* Local time there; where it is not known, here. */
struct tm zone_time(const struct zone *zone, uint64_t time_ns);
/* When that day began. */
uint64_t zone_midnight(const struct zone *zone, uint64_t time_ns);

/* time_ns is CLOCK_REALTIME. 9 fractional digits, UTC. */
void timestamp_format(uint64_t time_ns, char text[TIMESTAMP_BYTES]);

/* Any RFC 3339 moment since 1970. 0 or -EINVAL. */
int timestamp_parse(const char *text, uint64_t *time_ns);

#endif
