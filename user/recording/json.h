/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json.h - a stall as the line that a recording has. */
#ifndef BLOCKPROF_RECORDING_JSON_H
#define BLOCKPROF_RECORDING_JSON_H

#include "model/model.h"

/* With its newline; the caller frees; NULL: no memory. time_ns is to be filled. */
char *json_stall_line(const struct stall_record *stall);

#endif
