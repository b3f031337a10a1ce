// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * html.c - a page that explains itself: what stands still, when and why, in one file
 * without a network. Its look and its script are user/output/html/, put in when
 * blockprof is built; here come what was watched, and the data. It is written at the end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "html_parts.h"
#include "output/formats.h"
#include "output/html_data.h"
#include "output/html_out.h"
#include "output/html_page.h"
#include "output/html_table.h"
#include "output/sink.h"

#define STALLS_OF_A_SIDE (HTML_STALLS_MAX / 2) /* of a comparison, which has two */

struct html {
	struct sink *sink;
	struct html_page *page; /* of a comparison what is after */
	struct html_page *before; /* NULL: it is none */
	bool stalls_only;
	bool failed; /* with a record: then there is no page */
};

static int html_open(void **state, struct sink *sink, const struct output_options *options)
{
	struct html *html = calloc(1, sizeof(*html));

	if (!html || html_page_new(&html->page, options->stalls_only)) {
		free(html);
		return -ENOMEM;
	}
	html->sink = sink;
	html->stalls_only = options->stalls_only;
	*state = html;
	return 0;
}

static int keep_error(struct html *html, int err)
{
	html->failed |= err != 0;
	return err;
}

static int begin_after(struct html *html)
{
	struct html_page *after;
	int err = html_page_new(&after, html->stalls_only);

	if (err)
		return err;
	html->before = html->page;
	html->page = after;
	html_kept_limit(html->before->kept, STALLS_OF_A_SIDE);
	html_kept_limit(html->page->kept, STALLS_OF_A_SIDE);
	return html_page_finish(html->before);
}

/* What came so far is before, and what comes is after. */
static int html_compare(void *state)
{
	return keep_error(state, begin_after(state));
}

static int html_withdrawn(void *state, const struct withdrawn_record *withdrawn)
{
	html_page_withdrawn(((struct html *)state)->page, withdrawn);
	return 0;
}

#define DEFINE_CALLBACK(record)                                                  \
	static int html_##record(void *state, const struct record##_record *one) \
	{                                                                        \
		struct html *html = state;                                       \
                                                                                 \
		return keep_error(html, html_page_##record(html->page, one));    \
	}

DEFINE_CALLBACK(start)
DEFINE_CALLBACK(loop)
DEFINE_CALLBACK(stall)
DEFINE_CALLBACK(blocked)
DEFINE_CALLBACK(second)
DEFINE_CALLBACK(note)
DEFINE_CALLBACK(summary)

static size_t html_held(const void *state)
{
	const struct html *html = state;

	return html_page_bytes(html->page) + (html->before ? html_page_bytes(html->before) : 0);
}

/* -- the document -- */

static int put_document(FILE *out, const struct html *html, const struct diff_record *diff)
{
	const struct html_comparison comparison = { html->before, diff };
	int err;

	fputs(part_start, out);
	err = html_title_write(out, html->page, &comparison);
	fputs(part_behind_title, out);
	err = err ? err : html_head_write(out, html->page, &comparison);
	fputs(part_behind_head, out);
	err = err ? err : html_table_write(out, html->page, &comparison);
	fputs(part_behind_table, out);
	err = err ? err : html_data_write(out, html->page, &comparison);
	fputs(part_behind_data, out);
	return err;
}

/* diff NULL: nothing is compared. */
static int write_document(struct html *html, const struct diff_record *diff)
{
	FILE *out = html_out_open(html->sink);
	int err = out ? html_page_finish(html->page) : -ENOMEM;

	err = err ? err : put_document(out, html, diff);
	if (out && fclose(out))
		err = err ? err : -ENOMEM;
	return err;
}

static int html_diff(void *state, const struct diff_record *diff)
{
	return write_document(state, diff);
}

static int html_close(void *state)
{
	struct html *html = state;
	/* a comparison is written when it comes */
	bool done = html->before || html->failed || sink_error(html->sink);
	int err = done ? 0 : write_document(html, NULL);

	html_page_free(html->page);
	html_page_free(html->before);
	free(html);
	return err;
}

static const char *const suffixes[] = { ".html", ".html.gz", NULL };

const struct output_format output_html = {
	.name = "html",
	.suffixes = suffixes,
	.open = html_open,
	.start = html_start,
	.loop = html_loop,
	.stall = html_stall,
	.withdrawn = html_withdrawn,
	.blocked = html_blocked,
	.second = html_second,
	.note = html_note,
	.summary = html_summary,
	.held = html_held,
	.compare = html_compare,
	.diff = html_diff,
	.close = html_close,
};
