// SPDX-License-Identifier: GPL-2.0-or-later
/* clients.c - which of the clients that waited are shown, and what naming them may cost. */
#include "stall/peers/clients.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/number.h"
#include "capture/client.h"
#include "probe/probe.h"
#include "stall/peers/observe.h"
#include "stall/state/loop.h"
#include "stall/state/state.h"
#include "stall/turn/impact.h"

/* One whose time is not known comes last; of two that are alike, the one that the wait returned first. */
static int compare(const void *left, const void *right)
{
	const struct bp_client *a = *(const struct bp_client *const *)left;
	const struct bp_client *b = *(const struct bp_client *const *)right;

	if (a->ticks + 1 != b->ticks + 1) /* BP_TICKS_UNKNOWN + 1 is 0 */
		return a->ticks + 1 > b->ticks + 1 ? -1 : 1;
	return compare_numbers((uint64_t)a, (uint64_t)b);
}

/* Only those that are shown are looked for, and as long as that is affordable. */
static void find(struct engine *engine, const struct loop *loop, const struct bp_client *from,
		 struct impact_client *client)
{
	const struct observe_bill bill = observe_begin(engine, loop->id.pid);

	if (!observe_is_ample(engine, loop->id.pid))
		return;
	client_find(&engine->classify, loop->id.pid, from, client);
	observe_pay(engine, &bill);
}

void clients_note(struct engine *engine, struct loop *loop, const struct bp_impact *record)
{
	const uint64_t end_ns = record->header.time_ns, start_ns = record->start_ns;
	size_t nr = record->nr < BP_CLIENTS ? record->nr : BP_CLIENTS;
	uint64_t ns = end_ns > start_ns ? end_ns - start_ns : 0;
	const struct bp_client *order[BP_CLIENTS];
	struct impact impact = impact_none();

	impact.events = record->events;
	if (record->timers)
		impact.timers_late = record->timers;
	for (size_t i = 0; i < nr; i++)
		order[i] = &record->clients[i];
	qsort(order, nr, sizeof(order[0]), compare);
	for (size_t i = 0; i < nr; i++) {
		struct impact_client client;

		client_fill(order[i], ns, &client);
		if (i < IMPACT_CLIENTS)
			find(engine, loop, order[i], &client);
		impact_add(&impact, &client);
	}
	/* those that there was no room for have been counted */
	if (record->waiting > nr)
		impact.clients_cut += record->waiting - nr;
	if (client_late_ns(record->ticks, ns) > impact.late_ns)
		impact.late_ns = client_late_ns(record->ticks, ns);
	impact_keep(loop, record->turn_seq, &impact);
}
