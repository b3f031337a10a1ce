/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recent.h - the last stalls, and those that last, as lines of JSON. */
#ifndef BLOCKPROF_WEB_RECENT_H
#define BLOCKPROF_WEB_RECENT_H

#include <stdio.h>

#include "model/model.h"
#include "web/wire/wire.h"

#define RECENT_BYTES	 (4u << 20) /* of all that have ended, which are WEB_STALLS_MAX at the most */
#define LASTING_MAX	 64
#define LASTING_BYTES	 (2u << 20) /* of all that last */
#define MORE_LASTING_MAX 4096 /* further ones, that are only counted */

struct recent;

int recent_new(struct recent **out); /* 0 or -ENOMEM */
void recent_free(struct recent *recent);
void recent_stall(struct recent *recent, const struct stall_record *stall);
void recent_withdrawn(struct recent *recent, const struct withdrawn_record *withdrawn);
/* Those that have ended: newest first, so many at the most, and none that began before since_ns. 0 or -EIO. */
int recent_write(const struct recent *recent, FILE *out, uint64_t limit, uint64_t since_ns);
/* All that ended since then, the oldest first, and all that last. */
void recent_write_all(const struct recent *recent, FILE *out, uint64_t since_ns);
/* How many besides last, for which there is no room. */
size_t recent_more_lasting(const struct recent *recent);
/* What ended by then may be missing; 0: nothing is. */
uint64_t recent_missing_ns(const struct recent *recent);

#endif
