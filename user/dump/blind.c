// SPDX-License-Identifier: GPL-2.0-or-later
/* blind.c - what of a process a dump could not see. */
#include <errno.h>

#include "base/files.h"
#include "base/passing.h"
#include "dump/private.h"
#include "symbol/symbol.h"

void dump_blind(const struct dump *dump, const struct subject *subject, struct dump_record *out)
{
	int err = subject->python_error;

	/* it is left alone for either, and then neither comes any more */
	out->blind[BLIND_FILES_LATE] =
		files_are_late(&subject->memory) || symbols_is_late(dump->symbols, out->pid);
	out->blind[BLIND_MEMORY_LATE] =
		dump->memory->late > subject->late && !out->blind[BLIND_FILES_LATE];
	out->blind[BLIND_MEMORY_REFUSED] = err == -EPERM || err == -EACCES;
	out->blind[BLIND_FILES_REFUSED] = symbols_is_closed(dump->symbols, out->pid);
	out->blind[BLIND_INTERPRETER_UNKNOWN] =
		err == -ENOTSUP || error_is_passing(err) ||
		(err == -EBUSY && !out->blind[BLIND_MEMORY_LATE] && !out->blind[BLIND_FILES_LATE]);
}
