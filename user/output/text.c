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
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/strings.h"
#include "model/finals.h"
#include "output/formats.h"
#include "output/names.h"
#include "output/ongoing.h"
#include "output/shown.h"
#include "output/sink.h"
#include "output/totals.h"
#include "output/where.h"
#include "text/diff_text.h"
#include "text/dump_text.h"
#include "text/fold.h"
#include "text/note_words.h"
#include "text/stall_text.h"
#include "text/words.h"
#include "text/wrap.h"

#define LEAST_COLUMNS 20 /* of a terminal: smaller ones break the rows themselves */
#define CONTINUED     6 /* how far a row is indented that continues one */
#define ROWS	      24 /* of a terminal that does not tell */

struct text {
	struct sink *sink;
	struct look look;
	bool live;
	bool terminal; /* stalls that last have rows there that are written again */
	size_t terminal_rows;
	bool unsummed; /* something was reported since the last summary */
	struct finals *finals;
	struct shown *shown;
	struct ongoing *ongoing;
	struct names *names; /* of the processes of host */
	struct where *where; /* likewise */
	char *host; /* that the last recording is of; NULL: not known */
	struct totals *totals;
};

/* A record's text, put together before any of it is written. */
struct page {
	FILE *out;
	char *data;
	size_t size;
};

/* The terminal may have another size by now. */
static void fit_to_terminal(struct text *text)
{
	struct winsize size;

	if (!text->terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return;
	text->look.columns = size.ws_col > LEAST_COLUMNS ? size.ws_col : LEAST_COLUMNS;
	text->terminal_rows = size.ws_row ? size.ws_row : ROWS;
}

static int page_open(struct page *page, struct text *text)
{
	*page = (struct page){ 0 };
	page->out = open_memstream(&page->data, &page->size);
	if (!page->out)
		return -ENOMEM;
	fit_to_terminal(text);
	ongoing_erase(text->ongoing, page->out);
	return 0;
}

/* err: of putting it together. */
static int page_write(struct page *page, struct text *text, int err)
{
	if (text->terminal)
		ongoing_draw(text->ongoing, page->out, text->terminal_rows);
	if (fclose(page->out))
		err = -ENOMEM;
	if (!err) {
		sink_write(text->sink, page->data, page->size);
		err = sink_flush(text->sink);
	}
	free(page->data);
	return err;
}

/* Whole, or in one line if the reader has seen it whole before. */
static int print_stall(struct text *text, const struct stall_record *stall)
{
	struct stall_places places;
	struct repeated repeated;
	struct page page;
	int err = stall_places(&places, stall, &text->look);

	if (!err)
		err = page_open(&page, text);
	if (err)
		return err;
	if (shown_before(text->shown, &places, &stall->id, &repeated))
		err = stall_print_repeated(page.out, stall, &repeated, &text->look);
	else
		err = stall_print(page.out, stall, &text->look);
	return page_write(&page, text, err);
}

/* Every stall comes here once: the last that is known of it. */
static struct stall_record with_home(struct text *text, const struct stall_record *stall)
{
	struct stall_record at_home = *stall;

	at_home.home = where_of(text->where, stall->id.pid);
	return at_home;
}

static int take_final(void *context, const struct stall_record *stall)
{
	struct text *text = context;
	const struct stall_record at_home = with_home(text, stall);
	int err;

	ongoing_end(text->ongoing, &stall->id);
	err = print_stall(text, &at_home);
	return err ? err : totals_stall(text->totals, stall);
}

static void free_text(struct text *text)
{
	finals_free(text->finals);
	shown_free(text->shown);
	ongoing_free(text->ongoing);
	names_free(text->names);
	where_free(text->where);
	free(text->host);
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
	text->look.columns = options->columns;
	if (options->columns && options->columns < LEAST_COLUMNS)
		text->look.columns = LEAST_COLUMNS;
	text->terminal = options->terminal;
	text->terminal_rows = ROWS;
	if (shown_new(&text->shown) || ongoing_new(&text->ongoing) ||
	    finals_new(&text->finals, take_final, text) || names_new(&text->names) ||
	    where_new(&text->where) || totals_new(&text->totals)) {
		free_text(text);
		return -ENOMEM;
	}
	*state = text;
	return 0;
}

/* On a terminal one line that is written again, elsewhere one each time that it has lasted twice as long. */
static int tell_ongoing(struct text *text, const struct stall_record *stall)
{
	struct page page, line = { 0 };
	bool due = ongoing_is_due(text->ongoing, stall);
	int err;

	if (!due && !text->terminal)
		return 0;
	err = page_open(&page, text);
	if (err)
		return err;
	if (!text->terminal)
		return page_write(&page, text, stall_print_ongoing(page.out, stall, &text->look));
	line.out = open_memstream(&line.data, &line.size);
	err = line.out ? stall_print_ongoing(line.out, stall, &text->look) : -ENOMEM;
	if (line.out && fclose(line.out))
		err = -ENOMEM;
	if (err)
		free(line.data);
	else
		ongoing_set(text->ongoing, stall, line.data);
	return page_write(&page, text, err);
}

static int text_stall(void *state, const struct stall_record *stall)
{
	struct text *text = state;
	int err = names_learn(text->names, &stall->id, NULL);

	text->unsummed = true;
	if (!err)
		err = finals_stall(text->finals, stall);
	if (!err && stall->ongoing) {
		const struct stall_record at_home = with_home(text, stall);

		err = tell_ongoing(text, &at_home);
	}
	return err;
}

/* "14:03:22      withdrawn: python3[4242] asyncio was no stall: the thread had left its loop" */
static int text_withdrawn(void *state, const struct withdrawn_record *withdrawn)
{
	struct text *text = state;
	bool told = ongoing_end(text->ongoing, &withdrawn->id);
	struct page page;
	int err;

	/* what --match left out was not shown before, nor what was short */
	if (!finals_withdraw(text->finals, withdrawn) || !told)
		return 0;
	err = page_open(&page, text);
	if (err)
		return err;
	err = stall_print_withdrawn(page.out, withdrawn, &text->look);
	return page_write(&page, text, err);
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
	if (where_learn(text->where, loop))
		return -ENOMEM;
	return names_learn(text->names, &loop->id, loop->exe);
}

/* Of processes that were not in the report before, nobody asked. */
static int text_exit(void *state, const struct exit_record *exited)
{
	struct text *text = state;
	const char *name = names_of(text->names, exited->pid);
	__freeing char *process = NULL;
	char status[DURATION_BYTES] = "";
	struct page page;
	char time[TIME_BYTES];
	int err;

	if (!name)
		return 0;
	process = words_thread(name, exited->pid, 0);
	err = process ? page_open(&page, text) : -ENOMEM;
	if (err)
		return err;
	words_time(&text->look.zone, exited->time_ns, time);
	if (exited->status != EXIT_STATUS_UNKNOWN)
		words_status(exited->status, status);
	err = wrap_printf(page.out, CONTINUED, &text->look, "%s  %s ended%s%s", time, process,
			  status[0] ? ", " : "", status);
	return page_write(&page, text, err);
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
	err = words ? page_open(&page, text) : -ENOMEM;
	if (err)
		return err;
	words_time_in_seconds(&text->look.zone, note->time_ns + note->duration_ns, time);
	err = wrap_printf(page.out, CONTINUED, &text->look, "%s  note: %s", time, words);
	return page_write(&page, text, err);
}

/* summary NULL: the stream ended without one. Sums begin anew after it. */
static int print_summary(struct text *text, const struct summary_record *summary)
{
	struct page page;
	int err = finals_end(text->finals);

	if (!err)
		err = page_open(&page, text);
	if (err)
		return err;
	ongoing_clear(text->ongoing);
	err = totals_print(text->totals, page.out, summary, &text->look);
	err = page_write(&page, text, err);
	text->unsummed = false;
	totals_free(text->totals);
	text->totals = NULL;
	shown_clear(text->shown);
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
	char threshold[DURATION_BYTES], when[TIME_BYTES];
	struct page page;
	int err;

	words_day_and_time(&text->look.zone, start->time_ns, when);
	words_duration(start->threshold_ns, threshold);
	err = host && kernel ? page_open(&page, text) : -ENOMEM;
	if (err)
		return err;
	err = wrap_printf(page.out, CONTINUED, &text->look,
			  "recorded %s, turns over %s, on %s (Linux %s)", when, threshold, host,
			  kernel);
	return page_write(&page, text, err);
}

/* Processes of another machine, which may have the same numbers, have other names. */
static int change_host(struct text *text, const char *host)
{
	struct names *names;

	free(text->host);
	text->host = NULL;
	if (copy_string(&text->host, host) || names_new(&names))
		return -ENOMEM;
	names_free(text->names);
	where_forget(text->where);
	text->names = names;
	return 0;
}

static int text_start(void *state, const struct start_record *start)
{
	struct text *text = state;
	int err = 0;

	if (text->live)
		return 0;
	if (text->unsummed)
		err = print_summary(text, NULL);
	if (!err && !same_string(text->host, start->host))
		err = change_host(text, start->host);
	text->look.zone = zone_elsewhere(&start->zone, start->time_ns);
	return err ? err : print_start(text, start);
}

static int text_dump(void *state, const struct dump_record *dump)
{
	struct text *text = state;
	struct page page;
	int err = page_open(&page, text);

	if (err)
		return err;
	err = dump_print(page.out, dump, &text->look);
	return page_write(&page, text, err);
}

static int text_diff(void *state, const struct diff_record *diff)
{
	struct text *text = state;
	struct page page;
	int err = page_open(&page, text);

	if (err)
		return err;
	err = diff_print(page.out, diff, &text->look);
	return page_write(&page, text, err);
}

static int text_hide(void *state)
{
	struct text *text = state;
	struct page page;
	int err;

	if (!text->terminal)
		return 0;
	err = page_open(&page, text);
	if (err || fclose(page.out))
		return -ENOMEM;
	sink_write(text->sink, page.data, page.size);
	free(page.data);
	return sink_flush(text->sink);
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
	.withdrawn = text_withdrawn,
	.blocked = text_blocked,
	.exit = text_exit,
	.note = text_note,
	.summary = text_summary,
	.dump = text_dump,
	.diff = text_diff,
	.hide = text_hide,
	.close = text_close,
};
