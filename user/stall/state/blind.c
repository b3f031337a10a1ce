// SPDX-License-Identifier: GPL-2.0-or-later
/* blind.c - what has been said of a process that cannot be seen, and how many such there are. */
#include "stall/state/blind.h"

#include <stdlib.h>
#include <string.h>

#include "stall/state/state.h"
#include "stall/state/watched.h"

void blind_note(struct engine *engine, struct watched *watched, enum blind blind)
{
	struct thread_id id = { .pid = watched->pid, .tid = watched->pid };

	if (watched->blind & 1u << blind)
		return;
	watched->blind |= 1u << blind;
	engine->blind[blind]++;
	memcpy(id.comm, watched->comm, sizeof(id.comm));
	if (engine->sink.blind)
		engine->sink.blind(engine->sink.context, &id, blind);
}

void blind_sum(const struct engine *engine, struct summary_record *record)
{
	record->blind = calloc(BLIND_NR, sizeof(record->blind[0]));
	if (!record->blind)
		return;
	for (int blind = 0; blind < BLIND_NR; blind++)
		if (engine->blind[blind])
			record->blind[record->nr_blind++] = (struct name_count){
				.name = blind_name((enum blind)blind),
				.count = engine->blind[blind],
			};
}

static void count(void *context, struct watched *watched)
{
	struct engine *engine = context;

	for (int blind = 0; blind < BLIND_NR; blind++)
		engine->blind[blind] += watched->blind >> blind & 1;
}

void blind_new_period(struct engine *engine)
{
	memset(engine->blind, 0, sizeof(engine->blind));
	watched_each(engine->watched, count, engine);
}
