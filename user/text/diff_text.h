/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diff_text.h - a comparison of recordings as text. */
#ifndef BLOCKPROF_TEXT_DIFF_TEXT_H
#define BLOCKPROF_TEXT_DIFF_TEXT_H

#include <stdio.h>

#include "model/diff.h"
#include "text/look.h"

/* 0 or -ENOMEM. */
int diff_print(FILE *out, const struct diff_record *diff, const struct look *look);
/* What cannot be told by it, a line each; nothing where there is nothing to say. 0 or -ENOMEM. */
int diff_print_limits(FILE *out, const struct diff_record *diff, const struct look *look);
/* "worse", "as it was" */
const char *diff_words(enum diff_change change);

#endif
