// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall/notes/leak.h"

#define RESTS_MAX 2 /* a slow leak does not add to each sample */

static void begin(struct leak *leak, uint64_t value, uint64_t now_ns)
{
	leak->from = value;
	leak->from_ns = now_ns;
	leak->rises = 0;
	leak->rests = 0;
}

bool leak_add(struct leak *leak, uint64_t value, uint64_t now_ns)
{
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
	if (leak->rises < LEAK_RISES || value - leak->from < LEAK_LEAST ||
	    value - leak->from < leak->from / 2 || value / 2 < leak->told)
		return false;
	leak->told = value;
	return true;
}
