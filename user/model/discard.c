// SPDX-License-Identifier: GPL-2.0-or-later
/* discard.c - the table of reasons for which a long turn is no stall: the key in JSON, and the words. */
#include "model/discard.h"

#include <string.h>

static const struct {
	const char *name;
	const char *words;
} reasons[DISCARD_NR] = {
	[DISCARD_PROVISIONAL] = { "provisional", "its loop was not known yet" },
	[DISCARD_UNVOUCHED] = { "unvouched", "it may have been several" },
	[DISCARD_HANDED_OVER] = { "handed_over", "the loop was another's, or closed" },
	[DISCARD_LEFT] = { "left", "the thread had left its loop" },
	[DISCARD_OWN_WAIT] = { "own_wait", "it waited at another place" },
	[DISCARD_PARKS] = { "parks", "it may have been a worker at rest" },
	[DISCARD_PROXY] = { "proxy", "it waited for another loop" },
	[DISCARD_REQUEST] = { "request", "it served one connection to its end" },
	[DISCARD_HANDED_ON] = { "handed_on", "a worker gave its work away" },
	[DISCARD_GONE] = { "gone", "thread or program ended in it" },
	[DISCARD_LOST] = { "lost", "the record of its end was lost" },
	[DISCARD_IGNORED] = { "ignored", "--ignore has a rule for it" },
};

const char *discard_name(enum discard reason)
{
	return reasons[reason].name;
}

enum discard discard_parse(const char *name)
{
	int reason = 0;

	while (reason < DISCARD_NR && strcmp(reasons[reason].name, name) != 0)
		reason++;
	return reason;
}

const char *discard_words(const char *name)
{
	enum discard reason = discard_parse(name);

	return reason < DISCARD_NR ? reasons[reason].words : name;
}
