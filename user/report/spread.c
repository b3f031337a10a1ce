// SPDX-License-Identifier: GPL-2.0-or-later
/* spread.c - when a difference is more than that between minutes. */
#include "report/spread.h"

#include <stddef.h>

#define LEAST_CHANGE 0.05 /* a smaller part of the larger one is none, however sure */

void spread_add(struct spread *spread, double value)
{
	spread->nr++;
	spread->sum += value;
	spread->squares += value * value;
}

double spread_mean(const struct spread *spread)
{
	return spread->nr ? spread->sum / (double)spread->nr : 0;
}

static double variance_of(const struct spread *spread)
{
	double variance =
		(spread->squares - spread->sum * spread_mean(spread)) / (double)(spread->nr - 1);

	return variance < 0 ? 0 : variance;
}

/* What Student's t exceeds by chance once in a hundred times, either way. */
static double t_of(double freedom)
{
	static const struct {
		double freedom, t;
	} table[] = {
		{ 100, 2.63 }, { 60, 2.66 }, { 30, 2.75 }, { 20, 2.85 }, { 15, 2.95 }, { 12, 3.05 },
		{ 10, 3.17 },  { 8, 3.36 },  { 7, 3.50 },  { 6, 3.71 },	 { 5, 4.03 },  { 4, 4.60 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (freedom >= table[i].freedom)
			return table[i].t;
	return 5.84;
}

/* Welch's test of two means. */
bool spread_is_change(const struct spread *before, const struct spread *after)
{
	double old = spread_mean(before), new = spread_mean(after);
	double apart = new > old ? new - old : old - new, larger = new > old ? new : old;
	double nr[2] = { (double)before->nr, (double)after->nr };
	double a = variance_of(before) / nr[0], b = variance_of(after) / nr[1], freedom;

	if (apart <= larger * LEAST_CHANGE)
		return false;
	if (a + b <= 0)
		return true;
	freedom = (a + b) * (a + b) / (a * a / (nr[0] - 1) + b * b / (nr[1] - 1));
	/* both squared: no root is needed */
	return apart * apart > t_of(freedom) * t_of(freedom) * (a + b);
}
