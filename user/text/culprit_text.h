/* SPDX-License-Identifier: GPL-2.0-or-later */
/* culprit_text.h - what others did while a thread waited for them, as text. */
#ifndef BLOCKPROF_TEXT_CULPRIT_TEXT_H
#define BLOCKPROF_TEXT_CULPRIT_TEXT_H

#include <stdio.h>

#include "text/fold.h"

/* A line for each, with a short stack, and those behind it indented. 0 or -ENOMEM. */
int culprits_print(FILE *out, const struct culprits *culprits, const struct look *look);

#endif
