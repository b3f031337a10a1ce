/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * html_words.h - what a page calls things. Strings are harmless to print, no longer
 * than HTML_COLUMNS, and the caller's; "" where there is nothing to say; NULL: no memory.
 */
#ifndef BLOCKPROF_OUTPUT_HTML_WORDS_H
#define BLOCKPROF_OUTPUT_HTML_WORDS_H

#include "model/diff.h"
#include "model/model.h"
#include "text/groups.h"

#define HTML_COLUMNS 400 /* longer names are cut */

/* Takes text, which may be NULL. */
char *html_cut(char *text);
/* Foreign bytes. */
char *html_escape(const char *text);
/* The place that a stall is named after: "fetch_rates (app/rates.py:88)". */
char *html_place(const struct groups *groups);
char *html_frame(const struct frame *frame);
/* What was waited for: "127.0.0.1:5432". Of slice NULL: nothing. */
char *html_target(const struct slice *slice);
/* Who could have ended the wait, the last of the chain, and in what it was: "postgres[812] in flush (db/wal.c:12)". Of slice NULL: nobody. */
char *html_culprit(const struct slice *slice);
/* A link of its chain: "for postgres[812], which sat in fsync of pg_wal/0001" */
char *html_link(const struct culprits *link);
/* The one behind it. NULL: there is none. */
const struct culprits *html_link_behind(const struct culprits *link);
/* "python3[4242] asyncio" */
char *html_loop_name(const struct thread_id *id);
/* "the whole system", "processes 4242, 4243", "of the system, unit app.service" */
char *html_scope(const struct start_record *start);
/* What a comparison cannot tell. */
char *html_limits(const struct diff_record *diff);

#endif
