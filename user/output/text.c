// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * text.c - the format text: which records are printed, and when. stall_text.c
 * prints a stall, fold.c its stacks, totals.c the summary.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "model/finals.h"
#include "output/formats.h"
#include "output/names.h"
#include "output/sink.h"
#include "output/totals.h"
#include "text/dump_text.h"
#include "text/fold.h"
#include "text/note_words.h"
#include "text/stall_text.h"
#include "text/words.h"

#define LEAST_COLUMNS 80 /* what the summary's table takes */

struct text {
	struct sink *sink;
	struct look look;
	bool live;
	bool unsummed; /* something was reported since the last summary */
	struct finals *finals;
	struct names *names;
	struct totals *totals;
};

/* A record's text, put together before any of it is written. */
struct page {
	FILE *out;
	char *data;
	size_t size;
};

static int page_open(struct page *page)
{
	*page = (struct page){ 0 };
	page->out = open_memstream(&page->data, &page->size);
	return page->out ? 0 : -ENOMEM;
}

/* err: of putting it together. */
static int page_write(struct page *page, struct sink *sink, int err)
{
	if (fclose(page->out))
		err = -ENOMEM;
	if (!err) {
		sink_write(sink, page->data, page->size);
		err = sink_flush(sink);
	}
	free(page->data);
	return err;
}

static int count_slice(void *context, const struct stall_record *stall)
{
	struct text *text = context;

	return totals_stall(text->totals, stall);
}

static void free_text(struct text *text)
{
	finals_free(text->finals);
	names_free(text->names);
	totals_free(text->totals);
	free(text);
}

static int text_open(void **state, struct sink *sink, const struct output_options *options)
{
	struct text *text = calloc(1, sizeof(*text));

	if (!text)
		return -ENOMEM;
	text->sink = sink;
	text->live = options->live;
	text->look.colour = options->colour;
	text->look.unfold = options->unfold;
	text->look.columns = options->columns > LEAST_COLUMNS ? options->columns : LEAST_COLUMNS;
	if (finals_new(&text->finals, count_slice, text) || names_new(&text->names) ||
	    totals_new(&text->totals)) {
		free_text(text);
		return -ENOMEM;
	}
	*state = text;
	return 0;
}

static int text_stall(void *state, const struct stall_record *stall)
{
	struct text *text = state;
	bool again = stall->ongoing && finals_is_ongoing(text->finals, stall);
	struct page page;
	int err = names_learn(text->names, &stall->id, NULL);

	text->unsummed = true;
	if (!err)
		err = finals_stall(text->finals, stall);
	if (!err)
		err = page_open(&page);
	if (err)
		return err;
	err = again ? stall_print_again(page.out, stall, &text->look)
		    : stall_print(page.out, stall, &text->look);
	return page_write(&page, text->sink, err);
}

static int text_blocked(void *state, const struct blocked_record *blocked)
{
	struct text *text = state;
	int err = names_learn(text->names, &blocked->id, NULL);

	text->unsummed = true;
	return err ? err : totals_blocked(text->totals, blocked);
}

static int text_loop(void *state, const struct loop_record *loop)
{
	struct text *text = state;

	totals_loop(text->totals, &loop->id);
	return names_learn(text->names, &loop->id, loop->exe);
}

/* Of processes that were not in the report before, nobody asked. */
static int text_exit(void *state, const struct exit_record *exited)
{
	struct text *text = state;
	const char *name = names_of(text->names, exited->pid);
	__freeing char *process = NULL;
	char status[DURATION_BYTES];
	struct page page;
	char time[TIME_BYTES];
	int err;

	if (!name)
		return 0;
	process = words_thread(name, exited->pid, 0);
	err = process ? page_open(&page) : -ENOMEM;
	if (err)
		return err;
	words_time(exited->time_ns, time);
	words_status(exited->status, status);
	fprintf(page.out, "%s  %s ended, %s\n", time, process, status);
	return page_write(&page, text->sink, 0);
}

/* A live watch prints it on standard error. */
static int text_note(void *state, const struct note_record *note)
{
	struct text *text = state;
	__freeing char *words = text->live ? NULL : note_words(note);
	struct page page;
	char time[TIME_BYTES];
	int err;

	if (text->live)
		return 0;
	err = words ? page_open(&page) : -ENOMEM;
	if (err)
		return err;
	words_time_in_seconds(note->time_ns + note->duration_ns, time);
	fprintf(page.out, "%s  note: %s\n", time, words);
	return page_write(&page, text->sink, 0);
}

/* summary NULL: the stream ended without one. Sums begin anew after it. */
static int print_summary(struct text *text, const struct summary_record *summary)
{
	struct page page;
	int err = finals_end(text->finals);

	if (!err)
		err = page_open(&page);
	if (err)
		return err;
	err = totals_print(text->totals, page.out, summary, &text->look);
	err = page_write(&page, text->sink, err);
	text->unsummed = false;
	totals_free(text->totals);
	text->totals = NULL;
	return err ? err : totals_new(&text->totals);
}

static int text_summary(void *state, const struct summary_record *summary)
{
	return print_summary(state, summary);
}

/* "recorded 2024-05-01 12:00:00, turns over 100 ms, on web1 (Linux 6.1.0)" */
static int print_start(struct text *text, const struct start_record *start)
{
	__freeing char *host = escape_text(start->host ? start->host : "?");
	__freeing char *kernel = escape_text(start->kernel ? start->kernel : "?");
	__freeing char *line = NULL;
	char threshold[DURATION_BYTES], when[TIME_BYTES];
	struct page page;
	int err;

	words_day_and_time(start->time_ns, when);
	words_duration(start->threshold_ns, threshold);
	if (!host || !kernel ||
	    asprintf(&line, "recorded %s, turns over %s, on %s (Linux %s)", when, threshold, host,
		     kernel) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	err = page_open(&page);
	if (err)
		return err;
	text_cut_right(line, text->look.columns);
	fprintf(page.out, "%s\n", line);
	return page_write(&page, text->sink, 0);
}

static int text_start(void *state, const struct start_record *start)
{
	struct text *text = state;
	int err = 0;

	if (text->live)
		return 0;
	if (text->unsummed)
		err = print_summary(text, NULL);
	return err ? err : print_start(text, start);
}

static int text_dump(void *state, const struct dump_record *dump)
{
	struct text *text = state;
	struct page page;
	int err = page_open(&page);

	if (err)
		return err;
	err = dump_print(page.out, dump, &text->look);
	return page_write(&page, text->sink, err);
}

static int text_close(void *state)
{
	struct text *text = state;
	int err = 0;

	if (text->unsummed && text->totals && !sink_error(text->sink))
		err = print_summary(text, NULL);
	free_text(text);
	return err;
}

static const char *const suffixes[] = { ".txt", NULL };

const struct output_format output_text = {
	.name = "text",
	.suffixes = suffixes,
	.open = text_open,
	.start = text_start,
	.loop = text_loop,
	.stall = text_stall,
	.blocked = text_blocked,
	.exit = text_exit,
	.note = text_note,
	.summary = text_summary,
	.dump = text_dump,
	.close = text_close,
};
