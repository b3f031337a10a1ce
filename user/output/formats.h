/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * formats.h - the formats there are. A new one takes a file of its own, a row in
 * formats.c, and a place in scripts/blockprof.8 (-F, FILES) and scripts/blockprof.bash.
 */
#ifndef BLOCKPROF_OUTPUT_FORMATS_H
#define BLOCKPROF_OUTPUT_FORMATS_H

#include "output/profile.h"

extern const struct output_format output_text;
extern const struct output_format output_json;
extern const struct output_format output_folded;
extern const struct output_format output_html;
extern const struct output_format output_svg;
extern const struct output_format output_pprof;
extern const struct output_format output_perfetto;
extern const struct output_format output_speedscope;

/* profile_write */
int folded_write(struct profile *profile, struct sink *sink);
int pprof_write(struct profile *profile, struct sink *sink);

/* One after the other; NULL behind the last. */
const struct output_format *output_format_at(size_t i);

#endif
