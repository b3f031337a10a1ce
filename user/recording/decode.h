/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.h - one JSON object of a recording back into its record. */
#ifndef BLOCKPROF_RECORDING_DECODE_H
#define BLOCKPROF_RECORDING_DECODE_H

#include <jansson.h>

#include "recording/recording.h"

/*
 * Calls what the reader has for the record; strings in it live until this
 * returns. 0; -ENOTSUP: a type this version does not know; -EBADMSG: without
 * what its type must have; -ENOMEM.
 */
int decode_record(json_t *line, const struct recording_reader *reader);

#endif
