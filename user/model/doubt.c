// SPDX-License-Identifier: GPL-2.0-or-later
/* doubt.c - the table of doubts. */
#include "model/doubt.h"

#include <string.h>

static const struct {
	const char *name;
	const char *meaning;
} doubts[DOUBT_NR] = {
	[DOUBT_GUEST] = { "guest", "no frame of it is on the stack, another may run it" },
	[DOUBT_HABIT] = { "habit", "this loop is known by its polls alone" },
	[DOUBT_SHARED] = { "shared", "processes that are not watched may serve the loop" },
	[DOUBT_UNVOUCHED] = { "unvouched", "waits that did not sleep were not seen" },
	[DOUBT_OTHER] = { "other", "a later version, which recorded it, was not certain" },
};

const char *doubt_name(enum doubt doubt)
{
	return doubt < DOUBT_NR ? doubts[doubt].name : NULL;
}

const char *doubt_meaning(enum doubt doubt)
{
	return doubt < DOUBT_NR ? doubts[doubt].meaning : NULL;
}

enum doubt doubt_parse(const char *name)
{
	int doubt = DOUBT_NONE + 1;

	while (doubt < DOUBT_NR && strcmp(doubts[doubt].name, name) != 0)
		doubt++;
	return doubt;
}
