/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timestamp.h - moments as RFC 3339 text. */
#ifndef BLOCKPROF_TIMESTAMP_H
#define BLOCKPROF_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

/* "2024-05-01T12:00:00.123456789Z" */
#define TIMESTAMP_BYTES 40

/* CLOCK_REALTIME - CLOCK_MONOTONIC now, in nanoseconds. */
int64_t timestamp_offset_ns(void);

/* time_ns is CLOCK_REALTIME. 9 fractional digits, UTC. */
void timestamp_format(uint64_t time_ns, char text[TIMESTAMP_BYTES]);

/* Any RFC 3339 moment since 1970. 0 or -EINVAL. */
int timestamp_parse(const char *text, uint64_t *time_ns);

#endif
