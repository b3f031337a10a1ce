/* SPDX-License-Identifier: GPL-2.0-or-later */
/* formats.h - the formats there are; the table of them is in output.c. */
#ifndef BLOCKPROF_OUTPUT_FORMATS_H
#define BLOCKPROF_OUTPUT_FORMATS_H

#include "output/output.h"

extern const struct output_format output_text;
extern const struct output_format output_json;
extern const struct output_format output_folded;

#endif
