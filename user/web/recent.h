/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recent.h - the last stalls, as lines of JSON. */
#ifndef BLOCKPROF_WEB_RECENT_H
#define BLOCKPROF_WEB_RECENT_H

#include <stdio.h>

#include "model/model.h"
#include "web/wire/wire.h"

#define RECENT_BYTES (4u << 20) /* of all of them, which are WEB_STALLS_MAX at the most */

struct recent;

int recent_new(struct recent **out); /* 0 or -ENOMEM */
void recent_free(struct recent *recent);
/* One that has ended; others are passed over. */
void recent_stall(struct recent *recent, const struct stall_record *stall);
/* Newest first, so many at the most, and none that began before since_ns. 0 or -EIO. */
int recent_write(const struct recent *recent, FILE *out, uint64_t limit, uint64_t since_ns);

#endif
