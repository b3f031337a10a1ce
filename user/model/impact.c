// SPDX-License-Identifier: GPL-2.0-or-later
/* impact.c - which of the clients that waited are kept, and when there were none. */
#include "model/impact.h"

#include <string.h>

#include "base/number.h"

struct impact impact_none(void)
{
	return (struct impact){ .late_ns = -1, .timers_late = -1, .tasks_ready = -1 };
}

bool impact_is_none(const struct impact *impact)
{
	return !impact->events && !impact_clients(impact) && impact->timers_late <= 0 &&
	       impact->tasks_ready <= 0;
}

uint64_t impact_clients(const struct impact *impact)
{
	return add_saturated(impact->nr_clients, impact->clients_cut);
}

void impact_add(struct impact *impact, const struct impact_client *client)
{
	size_t at = impact->nr_clients;

	if (client->late_ns > impact->late_ns)
		impact->late_ns = client->late_ns;
	while (at && impact->clients[at - 1].late_ns < client->late_ns)
		at--;
	if (impact->nr_clients == IMPACT_CLIENTS)
		impact->clients_cut++;
	else
		impact->nr_clients++;
	if (at == IMPACT_CLIENTS)
		return;
	memmove(&impact->clients[at + 1], &impact->clients[at],
		(impact->nr_clients - at - 1) * sizeof(impact->clients[0]));
	impact->clients[at] = *client;
}
