// SPDX-License-Identifier: GPL-2.0-or-later
/* match.c - which names of a frame --match is asked about, and what a pattern may be. */
#include "output/match.h"

#include <errno.h>
#include <stdlib.h>

struct match {
	struct patterns *patterns; /* one */
};

int match_new(struct match **out, const char *pattern, char reason[PATTERN_REASON_BYTES])
{
	struct match *match = calloc(1, sizeof(*match));
	int err = match ? patterns_new(&match->patterns) : -ENOMEM;

	if (!err)
		err = patterns_add(match->patterns, pattern, reason);
	if (err) {
		match_free(match);
		return err;
	}
	*out = match;
	return 0;
}

void match_free(struct match *match)
{
	if (match)
		patterns_free(match->patterns);
	free(match);
}

static bool is_like(const struct match *match, const char *name)
{
	return patterns_match(match->patterns, 0, name);
}

bool match_stack(const struct match *match, const struct stack *stack)
{
	if (!match)
		return true;
	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];

		if (is_like(match, frame->fn) || is_like(match, frame->file) ||
		    is_like(match, frame->module))
			return true;
	}
	return false;
}

bool match_slices(const struct match *match, const struct slices *slices)
{
	if (!match)
		return true;
	for (size_t i = 0; i < slices->nr; i++)
		if (match_stack(match, slices->v[i].stack))
			return true;
	return false;
}

int match_copy(const struct match *match, struct slices *to, const struct slices *from)
{
	*to = (struct slices){ .placeless = from->placeless };
	to->v = calloc(from->nr ? from->nr : 1, sizeof(to->v[0]));
	if (!to->v)
		return -ENOMEM;
	to->capacity = from->nr;
	for (size_t i = 0; i < from->nr; i++) {
		if (!match_stack(match, from->v[i].stack))
			continue;
		if (slice_copy(&to->v[to->nr], &from->v[i])) {
			slices_free(to);
			return -ENOMEM;
		}
		to->nr++;
	}
	return 0;
}
