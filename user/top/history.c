// SPDX-License-Identifier: GPL-2.0-or-later
/* history.c - which stalls of a loop are kept. */
#include "top/history.h"

#include <string.h>

void history_free(struct history *history)
{
	while (history->nr)
		stall_clear(&history->v[--history->nr]);
}

void history_forget(struct history *history)
{
	if (!history->nr)
		return;
	stall_clear(&history->v[0]);
	memmove(&history->v[0], &history->v[1], --history->nr * sizeof(history->v[0]));
}

void history_add(struct history *history, const struct stall_record *stall)
{
	struct stall_record copy, *last = history->nr ? &history->v[history->nr - 1] : NULL;

	if (stall_copy(&copy, stall))
		return;
	if (last && !strcmp(last->turn, stall->turn)) {
		stall_clear(last);
		*last = copy;
		return;
	}
	if (history->nr == HISTORY_STALLS)
		history_forget(history);
	history->v[history->nr++] = copy;
}

size_t history_bytes(const struct history *history)
{
	size_t bytes = 0;

	for (size_t i = 0; i < history->nr; i++)
		bytes += history->v[i].slices.bytes;
	return bytes;
}

void history_shrink(struct history *history)
{
	if (history->nr > 1)
		history_forget(history);
	else if (history->nr)
		slices_shrink(&history->v[0].slices, history->v[0].slices.bytes / 2);
}

void history_withdraw(struct history *history, const char *turn)
{
	if (history->nr && !strcmp(history->v[history->nr - 1].turn, turn))
		stall_clear(&history->v[--history->nr]);
}
