/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.h - one JSON object of a recording back into its record. */
#ifndef BLOCKPROF_RECORDING_DECODE_H
#define BLOCKPROF_RECORDING_DECODE_H

#include <jansson.h>

#include "recording/recording.h"

/*
 * Calls the reader's function for the record, whose strings live until it
 * returns. 0; -ENOTSUP: this version does not know the type; -EBADMSG: a key is
 * missing that its type must have, or has a wrong value; -ENOMEM.
 */
int decode_record(json_t *line, const struct recording_reader *reader);

#endif
