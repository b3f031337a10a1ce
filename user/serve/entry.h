/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry.h - a stall as an entry of the journal: fields "NAME=value".
 *
 *	MESSAGE                  what a person reads, one line
 *	MESSAGE_ID, PRIORITY
 *	OBJECT_PID               the process; journald adds its unit, so that
 *	                         journalctl -u UNIT shows the entry among the unit's own
 *	CODE_FUNC, _FILE, _LINE  where: the innermost frame of the program's own
 *	BLOCKPROF_TURN, _ONGOING (1 or 0), _CAUSE, _DURATION_NS, _PID, _TID, _COMM,
 *	_RUNTIME, _LOOP (its number in the recording), _DOUBT, _TASK, _SYSCALL, _TARGET,
 *	_CHAIN (who could have ended the wait, and what they did), _UNIT, _CONTAINER (its
 *	identifier), _CONTAINER_NAME, _POD, _NAMESPACE, _DELAYED_EVENTS, _IMPACT, _ADVICE,
 *	_STACK (a line for each frame, innermost first)
 *
 * What is not known is left out. Values are harmless to print (escape.h).
 */
#ifndef BLOCKPROF_SERVE_ENTRY_H
#define BLOCKPROF_SERVE_ENTRY_H

#include <sys/uio.h>

#include "model/home.h"
#include "model/model.h"

/* All entries of stalls have it: journalctl MESSAGE_ID=... finds them. */
#define ENTRY_MESSAGE_ID "c39a80b383564201b51876763aae2616"

#define ENTRY_FIELDS_MAX 40

struct entry {
	struct iovec fields[ENTRY_FIELDS_MAX];
	int nr;
};

/* home may be empty. 0 or -ENOMEM. */
int entry_of_stall(struct entry *entry, const struct stall_record *stall, const struct home *home);
/* A note: MESSAGE, PRIORITY, OBJECT_PID, BLOCKPROF_NOTE (its kind), _PID, _COMM and where it belongs. */
int entry_of_note(struct entry *entry, const struct note_record *note, const struct home *home);
void entry_free(struct entry *entry);

/* The MESSAGE alone; the caller frees; NULL: no memory. */
char *entry_message(const struct stall_record *stall);

#endif
