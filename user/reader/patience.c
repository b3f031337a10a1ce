// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * patience.c - what one answer may take, and all of them together. Each moment holds up the watch
 * of everybody: all processes in which readers may hang at once, or one that lets each page come
 * just before it would be too late, take less than a tenth of a second of it.
 */
#include "reader/patience.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

/* A cold page of a slow disk has come by then; one that has not is there at the next question. */
#define ONE_MAX_NS (45 * NS_PER_MS)
/* Each has so much at least: what is in memory takes some microseconds. */
#define ONE_MIN_NS (2 * NS_PER_MS)
/* Of all, in a second. */
#define ALL_MAX_NS (80 * NS_PER_MS)

static void forget(struct patience *patience, uint64_t now_ns)
{
	uint64_t over_ns = (now_ns - patience->at_ns) / (NS_PER_SEC / ALL_MAX_NS);

	patience->spent_ns -= over_ns < patience->spent_ns ? over_ns : patience->spent_ns;
	patience->at_ns = now_ns;
}

uint64_t patience_left(struct patience *patience, uint64_t now_ns)
{
	uint64_t left_ns;

	forget(patience, now_ns);
	left_ns = patience->spent_ns < ALL_MAX_NS ? ALL_MAX_NS - patience->spent_ns : 0;
	if (left_ns > ONE_MAX_NS)
		return ONE_MAX_NS;
	return left_ns > ONE_MIN_NS ? left_ns : ONE_MIN_NS;
}

void patience_spend(struct patience *patience, uint64_t now_ns, uint64_t slept_ns)
{
	forget(patience, now_ns);
	patience->spent_ns += slept_ns;
	if (patience->spent_ns > ALL_MAX_NS)
		patience->spent_ns = ALL_MAX_NS;
}

static bool read_line(pid_t reader, const char *name, char *line, size_t size)
{
	char path[32];
	int file __closing = -1;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/%s", reader, name);
	file = open(path, O_RDONLY | O_CLOEXEC);
	got = file < 0 ? -1 : read(file, line, size - 1);
	line[got > 0 ? got : 0] = '\0';
	return got > 0;
}

/* Documentation/scheduler/sched-stats.rst: ns on a CPU, ns that it waited for one. */
uint64_t patience_awake_ns(pid_t reader)
{
	unsigned long long ran_ns, ready_ns;
	char line[128];

	if (!read_line(reader, "schedstat", line, sizeof(line)) ||
	    sscanf(line, "%llu %llu", &ran_ns, &ready_ns) != 2)
		return 0;
	return ran_ns + ready_ns;
}

bool patience_is_awake(pid_t reader)
{
	char line[256];
	const char *state;

	if (!read_line(reader, "stat", line, sizeof(line)))
		return false;
	state = strrchr(line, ')');
	return state && state[1] == ' ' && state[2] == 'R';
}
