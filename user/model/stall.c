// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

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
