/* SPDX-License-Identifier: GPL-2.0-or-later */
/* html_table.h - the part of a page that needs no script: what was watched, and its places, worst first. */
#ifndef BLOCKPROF_OUTPUT_HTML_TABLE_H
#define BLOCKPROF_OUTPUT_HTML_TABLE_H

#include <stdio.h>

#include "output/html_data.h"

/* Of a page that is finished. These return 0 or -ENOMEM. */
int html_title_write(FILE *out, const struct html_page *page,
		     const struct html_comparison *comparison);
int html_head_write(FILE *out, const struct html_page *page,
		    const struct html_comparison *comparison);
int html_table_write(FILE *out, const struct html_page *page,
		     const struct html_comparison *comparison);

#endif
