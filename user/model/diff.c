// SPDX-License-Identifier: GPL-2.0-or-later
/* diff.c - the words for what became of a place, and the unit in which recordings are compared. */
#include "model/diff.h"

#include "base/clock.h"

static const char *const names[DIFF_CHANGE_NR] = {
	[DIFF_NEW] = "new",	  [DIFF_GONE] = "gone", [DIFF_WORSE] = "worse",
	[DIFF_BETTER] = "better", [DIFF_SAME] = "same", [DIFF_TOO_SHORT] = "too_short",
};

const char *diff_change_name(enum diff_change change)
{
	return names[change];
}

const uint64_t diff_step_ns[DIFF_STEPS] = {
	100 * NS_PER_MS,  250 * NS_PER_MS, 500 * NS_PER_MS, NS_PER_SEC,
	2500 * NS_PER_MS, 5 * NS_PER_SEC,  10 * NS_PER_SEC,
};

uint64_t diff_hour_ns(const struct diff_side *side, uint64_t ns)
{
	double hour = side->loop_ns ? (double)ns * 3600 * NS_PER_SEC / (double)side->loop_ns : 0;

	return hour < (double)INT64_MAX ? (uint64_t)hour : INT64_MAX;
}
