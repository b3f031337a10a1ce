// SPDX-License-Identifier: GPL-2.0-or-later
/* shown.c - the places that were shown, by their hashes. */
#include "output/shown.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS	   16384 /* a power of 2 */
#define PLACES_MAX (SLOTS / 2) /* further ones are shown whole each time */

struct place {
	uint64_t hash; /* 0: none */
	uint64_t stalls; /* that were named after it */
	pid_t pid, tid; /* of the last one that was shown whole, or with its thread */
};

struct shown {
	struct place places[SLOTS];
	size_t nr;
};

int shown_new(struct shown **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void shown_free(struct shown *shown)
{
	free(shown);
}

void shown_clear(struct shown *shown)
{
	if (shown->nr)
		memset(shown, 0, sizeof(*shown));
}

/* NULL: there is no room for a further one. */
static struct place *find(struct shown *shown, uint64_t hash, bool *known)
{
	size_t at;

	hash += !hash;
	at = hash % SLOTS;
	while (shown->places[at].hash && shown->places[at].hash != hash)
		at = (at + 1) % SLOTS;
	*known = shown->places[at].hash != 0;
	if (*known)
		return &shown->places[at];
	if (shown->nr == PLACES_MAX)
		return NULL;
	shown->nr++;
	shown->places[at].hash = hash;
	return &shown->places[at];
}

bool shown_before(struct shown *shown, const struct stall_places *places,
		  const struct thread_id *id, struct repeated *repeated)
{
	struct place *named = NULL;
	bool all = true;

	for (size_t i = 0; i < places->nr; i++) {
		bool known;
		struct place *place = find(shown, places->v[i], &known);

		all = all && known;
		if (i == 0)
			named = place;
	}
	if (!named)
		return false;
	*repeated = (struct repeated){
		.nth = ++named->stalls,
		.told = named->pid == id->pid && named->tid == id->tid,
	};
	named->pid = id->pid;
	named->tid = id->tid;
	/* it may have been shown below another one only */
	return all && repeated->nth > 1;
}
