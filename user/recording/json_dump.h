/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json_dump.h - a dump as JSON Lines. */
#ifndef BLOCKPROF_RECORDING_JSON_DUMP_H
#define BLOCKPROF_RECORDING_JSON_DUMP_H

#include "model/dump.h"

/* The callback of the format: state is its sink. */
int json_dump(void *state, const struct dump_record *dump);

#endif
