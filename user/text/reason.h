/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reason.h - what the time of some slices was waited for, and who could have ended it. */
#ifndef BLOCKPROF_TEXT_REASON_H
#define BLOCKPROF_TEXT_REASON_H

#include "text/groups.h"

/*
 * "recvfrom 127.0.0.1:5432, for postgres[812], which sat in fsync of pg_wal/0001",
 * "8 lookups, h0 to h7.blk.test, 488 ms". whole_ns: of the turn, 0 if the sum is said already. These strings are
 * harmless to print, the caller frees them; "" where there is nothing to say; NULL:
 * no memory.
 */
char *reason_words(const struct group *group, uint64_t whole_ns);

/* "task rates-3", "3 tasks: login-0 61 ms, login-1 60 ms and login-2 60 ms" */
char *reason_tasks(const struct group *group);

#endif
