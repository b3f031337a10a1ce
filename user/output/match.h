/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match.h - --match: lets stacks through that have a frame whose function, source
 * file or module matches a pattern (patterns.h). NULL lets all through.
 */
#ifndef BLOCKPROF_OUTPUT_MATCH_H
#define BLOCKPROF_OUTPUT_MATCH_H

#include <stdbool.h>

#include "base/patterns.h"
#include "model/model.h"

struct match;

/* 0; -EINVAL: pattern is no regular expression, and reason says why; -ENOMEM. */
int match_new(struct match **out, const char *pattern, char reason[PATTERN_REASON_BYTES]);
void match_free(struct match *match);

bool match_stack(const struct match *match, const struct stack *stack);
/* Whether the stack of one of them matches. */
bool match_slices(const struct match *match, const struct slices *slices);
/* Copies the slices whose stacks match. 0 or -ENOMEM. */
int match_copy(const struct match *match, struct slices *to, const struct slices *from);

#endif
