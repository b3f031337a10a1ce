// SPDX-License-Identifier: GPL-2.0-or-later
/* stall.c - what a copy of a stall owns, and which of its slices the stall is named after. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "model/model.h"

#define GROUPS_MAX \
	64 /* of slices that read the same; further ones cannot be the largest but by many small slices */

int stall_copy(struct stall_record *to, const struct stall_record *from)
{
	*to = *from;
	to->id.runtime = NULL;
	if (slices_copy(&to->slices, &from->slices))
		return -ENOMEM;
	if (from->id.runtime) {
		to->id.runtime = strdup(from->id.runtime);
		if (!to->id.runtime) {
			slices_free(&to->slices);
			return -ENOMEM;
		}
	}
	return 0;
}

void stall_clear(struct stall_record *stall)
{
	free(stall->id.runtime);
	slices_free(&stall->slices);
	memset(stall, 0, sizeof(*stall));
}

const struct slice *stall_verdict(const struct stall_record *stall)
{
	struct {
		const struct slice *largest; /* the first: they are sorted */
		uint64_t ns;
	} groups[GROUPS_MAX];
	size_t nr = 0, most = 0;

	for (size_t i = 0; i < stall->slices.nr; i++) {
		const struct slice *slice = &stall->slices.v[i];
		size_t at = 0;

		if (slice->cause != stall->cause)
			continue;
		while (at < nr && !slice_reads_same(groups[at].largest, slice))
			at++;
		if (at == GROUPS_MAX)
			continue;
		if (at == nr) {
			groups[nr].largest = slice;
			groups[nr++].ns = 0;
		}
		groups[at].ns = add_saturated(groups[at].ns, slice->ns);
		if (groups[at].ns > groups[most].ns)
			most = at;
	}
	return nr ? groups[most].largest : NULL;
}
