// SPDX-License-Identifier: GPL-2.0-or-later
/* lend.c - in which file systems the child aside got stuck, of which it is given no more files. */
#include <errno.h>

#include "symbol/private.h"

/* In whose file was it? In the one that came last, as those before did no harm. */
void lend_note_stuck(struct symbols *symbols)
{
	struct lent *lent = &symbols->lent;
	unsigned int stuck = client_stuck(symbols->aside);

	if (stuck == lent->seen)
		return;
	lent->seen = stuck;
	note_process(&symbols->late, lent->by);
	if (lent->nr < LENT_STUCK_MAX)
		lent->stuck[lent->nr++] = lent->dev;
}

/* One after the other can be mounted by whoever means harm: after some it is all of their kind. */
static bool may_be_lent(const struct lent *lent, dev_t dev)
{
	for (size_t i = 0; i < lent->nr; i++)
		if (lent->stuck[i] == dev)
			return false;
	return lent->nr < LENT_STUCK_MAX;
}

int lend_check(struct symbols *symbols, pid_t pid, struct file_opened *opened)
{
	struct lent *lent = &symbols->lent;

	if (!opened->may_hang)
		return 0;
	lend_note_stuck(symbols);
	if (may_be_lent(lent, opened->status.st_dev)) {
		lent->by = pid;
		lent->dev = opened->status.st_dev;
		return 0;
	}
	note_process(&symbols->late, pid);
	symbols->files_refused++;
	files_close(opened);
	return -EIO;
}
