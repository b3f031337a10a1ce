// SPDX-License-Identifier: GPL-2.0-or-later
/* ledger_text.c - a turn's ledger by causes, largest first. */
#include "text/ledger_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "text/words.h"
#include "text/wrap.h"

#define MARGIN	    4
#define CONTINUED   6
#define SHOWN_PARTS 200 /* of the turn: half a percent and less makes no difference */

struct share {
	const char *name;
	uint64_t ns;
};

static int compare_shares(const void *left, const void *right)
{
	const struct share *a = left, *b = right;

	if (a->ns != b->ns)
		return a->ns < b->ns ? 1 : -1;
	return strcmp(a->name, b->name);
}

/* The ledger by causes: blocked time goes by the slices, as far as there are any. */
static size_t shares_of(const struct stall_record *stall, struct share shares[CAUSE_NR + 2])
{
	const struct ledger *ledger = &stall->ledger;
	uint64_t sums[CAUSE_NR] = { 0 }, blocked_ns = 0, gc_ns = 0; /* on a CPU */
	size_t nr = 0;

	for (size_t i = 0; i < stall->slices.nr; i++) {
		const struct slice *slice = &stall->slices.v[i];

		if (slice_is_blocked(slice))
			blocked_ns += slice->ns;
		else if (slice->cause == CAUSE_GC)
			gc_ns += slice->ns;
		else
			continue;
		sums[slice->cause] += slice->ns;
	}
	sums[CAUSE_CPU] = ledger->cpu_ns > gc_ns ? ledger->cpu_ns - gc_ns : 0;
	sums[CAUSE_RUNQUEUE] = ledger->runqueue_ns;
	sums[CAUSE_THROTTLED] = ledger->throttled_ns;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (sums[cause])
			shares[nr++] = (struct share){ cause_name((enum cause)cause), sums[cause] };
	if (ledger->blocked_ns > blocked_ns)
		shares[nr++] =
			(struct share){ "blocked elsewhere", ledger->blocked_ns - blocked_ns };
	if (ledger->unknown_ns)
		shares[nr++] = (struct share){ "unknown", ledger->unknown_ns };
	qsort(shares, nr, sizeof(shares[0]), compare_shares);
	return nr;
}

/* The line, without what makes no difference; the caller's. NULL: no memory. */
static char *shares_words(const struct stall_record *stall)
{
	struct share shares[CAUSE_NR + 2];
	size_t nr = shares_of(stall, shares), size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%*s", MARGIN, "");
	for (size_t i = 0; i < nr; i++) {
		char time[DURATION_BYTES];

		if (i && shares[i].ns < stall->duration_ns / SHOWN_PARTS)
			break;
		words_duration(shares[i].ns, time);
		fprintf(out, "%s%s %s", i ? ", " : "", shares[i].name, time);
	}
	if (!nr)
		fputs("nothing is known of this time", out);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

int ledger_print(FILE *out, const struct stall_record *stall, const struct look *look)
{
	__freeing char *text = shares_words(stall);
	struct wrap wrap = { .indent = CONTINUED };

	if (!text)
		return -ENOMEM;
	wrap.spans[0] = (struct span){ MARGIN, strlen(text), LOOK_DIM };
	wrap_print(out, text, &wrap, look);
	return 0;
}
