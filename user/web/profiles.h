/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profiles.h - where time was lost since the service began, or in the last seconds, as profiles. */
#ifndef BLOCKPROF_WEB_PROFILES_H
#define BLOCKPROF_WEB_PROFILES_H

#include "output/output.h"
#include "web/wire/wire.h"

struct profiles;

/* stalls_only and match of options. 0 or -ENOMEM. */
int profiles_new(struct profiles **out, const struct output_options *options);
void profiles_free(struct profiles *profiles);
/* Another watch begins, with other options. */
void profiles_new_watch(struct profiles *profiles, const struct output_options *options);

/* Of records the time is set. */
void profiles_loop(struct profiles *profiles, const struct loop_record *loop);
void profiles_stall(struct profiles *profiles, const struct stall_record *stall);
void profiles_withdrawn(struct profiles *profiles, const struct withdrawn_record *withdrawn);
void profiles_blocked(struct profiles *profiles, const struct blocked_record *blocked);

/* What a question of that kind asks for. The status of HTTP. */
int profiles_answer(struct profiles *profiles, const struct web_question *question, int fd);
/* Nobody waits for any. */
void profiles_end_windows(struct profiles *profiles);

#endif
