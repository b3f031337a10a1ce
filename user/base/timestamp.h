/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timestamp.h - moments as RFC 3339 text. */
#ifndef BLOCKPROF_BASE_TIMESTAMP_H
#define BLOCKPROF_BASE_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

/* "2024-05-01T12:00:00.123456789Z" */
#define TIMESTAMP_BYTES 40

/*
 * CLOCK_REALTIME of a recent moment of CLOCK_MONOTONIC. offset_ns starts as 0 and
 * is kept, so that one moment always has one name; but when the clocks have
 * moved apart (the machine slept, the time was set) it follows.
 */
uint64_t timestamp_of(int64_t *offset_ns, uint64_t mono_ns);

/* time_ns is CLOCK_REALTIME. 9 fractional digits, UTC. */
void timestamp_format(uint64_t time_ns, char text[TIMESTAMP_BYTES]);

/* Any RFC 3339 moment since 1970. 0 or -EINVAL. */
int timestamp_parse(const char *text, uint64_t *time_ns);

#endif
