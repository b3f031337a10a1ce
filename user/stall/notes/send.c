// SPDX-License-Identifier: GPL-2.0-or-later
/* send.c - whose note it is. */
#include <string.h>

#include "stall/notes/private.h"
#include "stall/state/state.h"
#include "stall/state/watched.h"

void note_send(struct engine *engine, const struct watched *watched, struct note_record *note)
{
	note->pid = watched->pid;
	memcpy(note->comm, watched->comm, sizeof(note->comm));
	engine->sink.note(engine->sink.context, note);
}
