/* SPDX-License-Identifier: GPL-2.0-or-later */
/* impact.h - the keys that say who waited for a stall, written and read. */
#ifndef BLOCKPROF_RECORDING_IMPACT_H
#define BLOCKPROF_RECORDING_IMPACT_H

#include "model/impact.h"
#include "recording/decode_value.h"
#include "recording/encode_value.h"

void put_impact(struct object *record, const struct impact *impact);
struct impact decode_impact_of(struct decoder *decoder, json_t *line);

#endif
