/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_rows.h - stalls and slices as rows of a page's data. Many stalls share the room there is for details. */
#ifndef BLOCKPROF_OUTPUT_HTML_ROWS_H
#define BLOCKPROF_OUTPUT_HTML_ROWS_H

#include <stdio.h>

#include "output/html_page.h"
#include "output/html_tables.h"

struct html_rows {
	struct html_tables *tables;
	uint64_t origin_ns; /* of times */
	size_t slices; /* of a stall; the smallest further ones are added up by cause */
	size_t intervals; /* of a stall, each of its slices at least has the longest */
	size_t lines; /* of a stall's text */
	size_t blocked_slices; /* of blocked time */
};

#define HTML_DETAILS 4

/* Sets how much of each there may be; less: below HTML_DETAILS, 0 for a page that is not too large. */
void html_rows_share(struct html_rows *rows, const struct html_page *page, unsigned int less);
/* These return 0 or -ENOMEM. zone: of its recording. */
int html_row_stall(FILE *out, const struct html_stall *kept, const struct zone *zone,
		   struct html_rows *rows);
int html_row_slices(FILE *out, const struct slices *slices, struct html_rows *rows);
void html_put_ledger(FILE *out, const struct ledger *ledger);

#endif
