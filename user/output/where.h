/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * where.h - where processes belong, learnt from the loop records that come by: so many,
 * that what was not asked for longest is forgotten first.
 */
#ifndef BLOCKPROF_OUTPUT_WHERE_H
#define BLOCKPROF_OUTPUT_WHERE_H

#include <sys/types.h>

#include "model/home.h"
#include "model/model.h"

struct where;

int where_new(struct where **out); /* 0 or -ENOMEM */
void where_free(struct where *where);
/* 0 or -ENOMEM */
int where_learn(struct where *where, const struct loop_record *loop);
/* Until the next is learnt; NULL: in no container, or not known. */
const struct home *where_of(struct where *where, pid_t pid);
/* Numbers of processes are another machine's from now on. */
void where_forget(struct where *where);

#endif
