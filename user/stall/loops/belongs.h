/* SPDX-License-Identifier: GPL-2.0-or-later */
/* belongs.h - where the processes of loops belong. */
#ifndef BLOCKPROF_STALL_LOOPS_BELONGS_H
#define BLOCKPROF_STALL_LOOPS_BELONGS_H

#include "model/model.h"

struct engine;
struct loop;
struct watched;

int belongs_new(struct engine *engine); /* 0 or -ENOMEM */
void belongs_free(struct engine *engine);
/* Puts what is known into the record of a loop; as long as belongs_put() is not called again. */
void belongs_put(struct engine *engine, struct loop *loop, const struct watched *watched,
		 struct loop_record *record);
/* Loops of which more is known than was reported are reported once more. Each tick. */
void belongs_again(struct engine *engine);

#endif
