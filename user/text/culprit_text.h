/* SPDX-License-Identifier: GPL-2.0-or-later */
/* culprit_text.h - what others did while a thread waited for them, as text. */
#ifndef BLOCKPROF_TEXT_CULPRIT_TEXT_H
#define BLOCKPROF_TEXT_CULPRIT_TEXT_H

#include <stdio.h>

#include "text/fold.h"

/*
 * Goes on with a sentence that says what was waited for: ", for postgres[812],
 * which sat in fsync of pg_wal/0001 in flush (db/wal.c:12)". 0 or -ENOMEM.
 */
int culprits_words(FILE *out, const struct culprits *culprits);

/* The stacks of those, of which the sentence has one frame only; nothing where there is no more. */
int culprits_stacks(FILE *out, const struct culprits *culprits, const struct look *look);

#endif
