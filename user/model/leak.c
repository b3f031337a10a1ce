// SPDX-License-Identifier: GPL-2.0-or-later
/* leak.c - when a number has grown for so long and by so much that it is a leak. */
#include "model/leak.h"

#define RESTS_MAX 2 /* a slow leak does not add to each sample */

static void begin(struct leak *leak, uint64_t value, uint64_t now_ns)
{
	leak->from = value;
	leak->from_ns = now_ns;
	leak->rises = 0;
	leak->rests = 0;
}

bool leak_is_one(const struct leak *leak)
{
	uint64_t grown = leak->last - leak->from;

	return leak->rises >= LEAK_RISES && grown >= LEAK_LEAST && grown >= leak->from / 2;
}

bool leak_add(struct leak *leak, uint64_t value, uint64_t now_ns)
{
	if (now_ns < leak->next_ns)
		return false;
	leak->next_ns = now_ns + LEAK_STEP_NS;
	if (!leak->sampled || value < leak->last) {
		begin(leak, value, now_ns);
	} else if (value == leak->last) {
		if (++leak->rests > RESTS_MAX)
			begin(leak, value, now_ns);
	} else {
		leak->rises++;
		leak->rests = 0;
	}
	leak->sampled = true;
	leak->last = value;
	if (!leak_is_one(leak) || value / 2 < leak->reported)
		return false;
	leak->reported = value;
	return true;
}
