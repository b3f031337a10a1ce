// SPDX-License-Identifier: GPL-2.0-or-later
/* restarts.c - when one more is granted. */
#include "base/restarts.h"

#include "base/clock.h"

struct restarts restarts_of(unsigned int max, uint64_t each_ns)
{
	return (struct restarts){ max, each_ns, max, clock_coarse_ns(), 0 };
}

bool restarts_take(struct restarts *restarts)
{
	uint64_t now_ns = clock_coarse_ns();

	while (restarts->left < restarts->max &&
	       now_ns - restarts->granted_ns >= restarts->each_ns) {
		restarts->left++;
		restarts->granted_ns += restarts->each_ns;
	}
	if (!restarts->left)
		return false;
	if (restarts->left == restarts->max)
		restarts->granted_ns = now_ns;
	restarts->left--;
	restarts->taken++;
	return true;
}
