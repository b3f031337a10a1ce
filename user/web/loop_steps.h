/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop_steps.h - seconds of each loop added up, until they are written as one. Bounded. */
#ifndef BLOCKPROF_WEB_LOOP_STEPS_H
#define BLOCKPROF_WEB_LOOP_STEPS_H

#include "model/model.h"

#define LOOP_STEPS_MAX 1000 /* further ones are left out */

struct loop_steps;

int loop_steps_new(struct loop_steps **out); /* 0 or -ENOMEM */
void loop_steps_free(struct loop_steps *sums); /* NULL is fine */
/* Its time is set. */
void loop_steps_add(struct loop_steps *sums, const struct second_record *second);
size_t loop_steps_nr(const struct loop_steps *sums);
/* A record for each loop that had any; valid until the next call but these two. */
const struct second_record *loop_steps_at(const struct loop_steps *sums, size_t at);
void loop_steps_clear(struct loop_steps *sums);

#endif
