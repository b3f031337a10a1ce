/* SPDX-License-Identifier: GPL-2.0-or-later */
/* blind.h - of which watched processes something cannot be seen, said once of each and counted. */
#ifndef BLOCKPROF_STALL_STATE_BLIND_H
#define BLOCKPROF_STALL_STATE_BLIND_H

#include "model/blind.h"
#include "model/model.h"

struct engine;
struct watched;

void blind_note(struct engine *engine, struct watched *watched, enum blind blind);
/* Adds those of this period to the record. */
void blind_sum(const struct engine *engine, struct summary_record *record);
/* A new period begins: those that are watched still are counted in it again. */
void blind_new_period(struct engine *engine);

#endif
