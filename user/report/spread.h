/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spread.h - by how much a figure differs from minute to minute, and what change is more than that. */
#ifndef BLOCKPROF_REPORT_SPREAD_H
#define BLOCKPROF_REPORT_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

/* A figure that each minute has. Starts as { 0 }. */
struct spread {
	uint64_t nr; /* minutes */
	double sum;
	double squares;
};

void spread_add(struct spread *spread, double value);
double spread_mean(const struct spread *spread);
/* Whether their means differ by more than minutes do by chance. Each has two of them, at least. */
bool spread_is_change(const struct spread *before, const struct spread *after);

#endif
