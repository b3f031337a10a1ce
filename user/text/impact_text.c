// SPDX-License-Identifier: GPL-2.0-or-later
/* impact_text.c - in which order it is said who waited, and what goes without saying. */
#include "text/impact_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "text/words.h"

/* What has been said so far ends where this begins. */
static void add(char words[IMPACT_BYTES], const char *before, int64_t nr, const char *what)
{
	size_t used = strlen(words);

	if (nr > 0)
		snprintf(words + used, IMPACT_BYTES - used, "%s%" PRId64 " %s%s",
			 used ? before : "delayed ", nr, what, nr == 1 ? "" : "s");
}

bool impact_words(const struct stall_record *stall, char words[IMPACT_BYTES])
{
	const struct impact *impact = &stall->impact;
	int64_t clients = (int64_t)impact_clients(impact);
	int64_t events = impact_is_none(impact) ? stall->delayed_events : (int64_t)impact->events;
	char late[DURATION_BYTES];
	size_t used;

	words[0] = '\0';
	if (stall->ongoing)
		return false;
	/* one that listens is one event for all who connect to it */
	if (events >= clients)
		add(words, "", events, "event");
	add(words, " of ", clients, "client");
	if (clients > 0 && impact->late_ns > 0) {
		words_duration((uint64_t)impact->late_ns, late);
		used = strlen(words);
		snprintf(words + used, IMPACT_BYTES - used, " by up to %s", late);
	}
	add(words, "; ", impact->timers_late, "timer");
	add(words, impact->timers_late > 0 ? ", " : "; ", impact->tasks_ready, "ready task");
	return words[0] != '\0';
}
