// SPDX-License-Identifier: GPL-2.0-or-later
#include "top/growth.h"

#include <string.h>

#define LEAST_RISES (GROWTH_STEPS - 1)

void growth_add(struct growth *growth, uint64_t value, uint64_t now_ns)
{
	if (now_ns < growth->next_ns)
		return;
	growth->next_ns = now_ns + GROWTH_STEP_NS;
	if (growth->nr == GROWTH_STEPS + 1)
		memmove(growth->values, growth->values + 1,
			--growth->nr * sizeof(growth->values[0]));
	growth->values[growth->nr++] = value;
}

bool growth_is_steady(const struct growth *growth)
{
	unsigned int rises = 0;

	for (unsigned int i = 1; i < growth->nr; i++) {
		if (growth->values[i] < growth->values[i - 1])
			return false;
		rises += growth->values[i] > growth->values[i - 1];
	}
	return rises >= LEAST_RISES;
}
