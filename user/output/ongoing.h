/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ongoing.h - stalls that last: when they are told of, and the rows at the foot
 * of a terminal that are rewritten for those that go on just now.
 */
#ifndef BLOCKPROF_OUTPUT_ONGOING_H
#define BLOCKPROF_OUTPUT_ONGOING_H

#include <stdio.h>

#include "model/model.h"
#include "text/look.h"

struct ongoing;

int ongoing_new(struct ongoing **out); /* 0 or -ENOMEM */
void ongoing_free(struct ongoing *ongoing);

/* Whether this report of a stall that lasts is to be told: from a second on, each time it has doubled. */
bool ongoing_is_due(struct ongoing *ongoing, const struct stall_record *stall);

/* For a terminal: it reads like that now. Takes text, which ends with a newline. 0 or -ENOMEM. */
int ongoing_set(struct ongoing *ongoing, const struct stall_record *stall, char *text);

/* It has ended, or was none. Whether it was told of. */
bool ongoing_end(struct ongoing *ongoing, const struct thread_id *id);
/* So have all. */
void ongoing_clear(struct ongoing *ongoing);

/* Takes the rows off the terminal, puts them there. */
void ongoing_erase(struct ongoing *ongoing, FILE *out);
void ongoing_draw(struct ongoing *ongoing, FILE *out, size_t terminal_rows);

#endif
