/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_data.h - a page's data as JSON: packed, as user/output/html/unpack.js reads it. */
#ifndef BLOCKPROF_OUTPUT_HTML_DATA_H
#define BLOCKPROF_OUTPUT_HTML_DATA_H

#include <stdio.h>

#include "model/diff.h"
#include "output/html_page.h"

#define HTML_DIFF_PLACES_MAX 1000 /* the largest differences */

struct html_comparison {
	const struct html_page *before; /* NULL: nothing is compared */
	const struct diff_record *diff;
};

/* Of a page that is finished. 0 or -ENOMEM. */
int html_data_write(FILE *out, const struct html_page *page,
		    const struct html_comparison *comparison);

#endif
