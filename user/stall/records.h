/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * records.h - the way of a record: which loop and turn it is of, whether that is
 * a turn; then what was waited for, made a slice; then added to the turn, or the
 * turn is reported.
 */
#ifndef BLOCKPROF_STALL_RECORDS_H
#define BLOCKPROF_STALL_RECORDS_H

#include <stddef.h>

#include "bpf/abi.h"

struct engine;

/* For probe_read(); context is the engine. */
void records_take(void *context, const struct bp_header *record, size_t bytes);

/* A slot's thread is gone, or the watch ends: what it did is kept for the summary. */
void records_end_slot(struct engine *engine, unsigned int slot);

#endif
