// SPDX-License-Identifier: GPL-2.0-or-later
/* send.c - whose note it is, and what belongs to it. */
#include <stdlib.h>
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

void note_call_free(struct note_call *call)
{
	free((char *)call->fn);
	free((char *)call->file);
	free((char *)call->host);
}
