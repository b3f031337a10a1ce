/* SPDX-License-Identifier: GPL-2.0-or-later */
/* journal.h - the systemd journal: whether standard error goes there, and entries for it. */
#ifndef BLOCKPROF_SERVE_JOURNAL_H
#define BLOCKPROF_SERVE_JOURNAL_H

#include <stdbool.h>

#include "model/home.h"
#include "model/model.h"
#include "serve/minute.h"

/* Is standard error connected to the journal? (systemd.exec(5): JOURNAL_STREAM) */
bool journal_has_stderr(void);
/* With its home, where that is known. 0, or -errno: there is no journal, or no memory. */
int journal_stall(const struct stall_record *stall);
/* minute_unit_fn */
void journal_unit(pid_t pid, char unit[MINUTE_UNIT_BYTES]);
/* home: NULL: that of its cgroup. */
int journal_note(const struct note_record *note, const struct home *home);

#endif
