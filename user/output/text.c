/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.c - the report people read: a verdict, the stack that led there, the
 * ledger; see fold.c for stacks, totals.c for the summary.
 */
#define _GNU_SOURCE /* asprintf */

#include "output/escape.h"
#include "output/finals.h"
#include "output/fold.h"
#include "output/formats.h"
#include "output/names.h"
#include "output/sink.h"
#include "output/totals.h"
#include "output/words.h"
#include "proc/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_COLUMNS 80
#define LEAST_COLUMNS	60
#define INDENT		14 /* of what goes on below a verdict: the width of its time */
#define SHOWN_SLICES	3
#define SHOWN_SHARE	10 /* percent of the turn that gives a slice its own stack */
#define NS_PER_S	1000000000u
#define NS_PER_MS	1000000u

struct text {
	struct sink *sink;
	struct look look;
	bool live;
	bool unsummed; /* something was told since the last summary */
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

/* err: what putting it together came to. */
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

static void local_time(uint64_t time_ns, struct tm *tm)
{
	time_t seconds = (time_t)(time_ns / NS_PER_S);

	*tm = (struct tm){ 0 };
	localtime_r(&seconds, tm);
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
	text->look.columns = options->columns ? options->columns : DEFAULT_COLUMNS;
	if (text->look.columns < LEAST_COLUMNS)
		text->look.columns = LEAST_COLUMNS;
	if (finals_new(&text->finals, count_slice, text) || names_new(&text->names) ||
	    totals_new(&text->totals)) {
		free_text(text);
		return -ENOMEM;
	}
	*state = text;
	return 0;
}

/* The slice that the verdict speaks of: the largest of the stall's cause. */
static const struct slice *verdict_slice(const struct stall_record *stall)
{
	for (size_t i = 0; i < stall->slices.nr; i++)
		if (stall->slices.v[i].cause == stall->cause)
			return &stall->slices.v[i];
	return NULL;
}

static const char *state_words(const struct stall_record *stall)
{
	if (!stall->ongoing)
		return "";
	return stall->cause == CAUSE_CPU ? " and still running" : " and still blocked";
}

/* "python3[4242] asyncio, task rates-3" */
static char *subject(const struct stall_record *stall, const struct slice *slice)
{
	__freeing char *thread = words_thread(stall->id.comm, stall->id.pid, stall->id.tid);
	__freeing char *runtime = escape_text(stall->id.runtime ? stall->id.runtime : "");
	__freeing char *task = escape_text(slice && slice->task_name ? slice->task_name : "");
	char *whole = NULL;

	if (!thread || !runtime || !task)
		return NULL;
	return asprintf(&whole, "%s%s%s%s%s", thread, *runtime ? " " : "", runtime,
			*task ? ", task " : "", task) < 0 ? NULL : whole;
}

static void print_when(FILE *out, const struct stall_record *stall, bool again)
{
	struct tm tm;

	/* Of a stall that was told before: the time of this report; else where the turn began. */
	local_time(stall->time_ns + (again ? stall->duration_ns : 0), &tm);
	fprintf(out, "%02d:%02d:%02d", tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (again)
		fputs("      ", out);
	else
		fprintf(out, ".%03u  ", (unsigned int)(stall->time_ns % NS_PER_S / NS_PER_MS));
}

/*
 * One line where all fits, else the subject below. again: one line whatever it
 * takes, of which the subject matters more than what was waited for.
 */
static int print_verdict(FILE *out, const struct stall_record *stall, bool again,
			 const struct look *look)
{
	const struct slice *slice = verdict_slice(stall);
	__freeing char *what = NULL, *who = subject(stall, slice);
	char duration[DURATION_BYTES], verdict[DURATION_BYTES + 64];
	struct detail detail = { 0 };
	size_t used, left, who_width;

	words_duration(stall->duration_ns, duration);
	snprintf(verdict, sizeof(verdict), "%s%s  %s", duration, state_words(stall),
		 cause_name(stall->cause));
	used = INDENT + strlen(verdict) + 2;
	left = look->columns - used;
	if (!who || (slice && words_detail(slice, &detail)))
		return -ENOMEM;
	who_width = text_width(who);
	if (again && who_width + 2 < left)
		what = detail_text(&detail, left - who_width - 2);
	else
		what = again ? strdup("") : detail_text(&detail, left);
	detail_free(&detail);
	if (!what)
		return -ENOMEM;
	print_when(out, stall, again);
	look_as(look, out, LOOK_ALARM);
	fputs(verdict, out);
	look_as(look, out, LOOK_PLAIN);
	if (*what)
		fprintf(out, "  %s", what);
	used += *what ? text_width(what) : 0;
	if (again || used + 2 + who_width <= look->columns) {
		text_cut_right(who, look->columns - used - (*what ? 2 : 0));
		fprintf(out, "  %s\n", who);
	} else {
		text_cut_right(who, look->columns - INDENT);
		fprintf(out, "\n%*s%s\n", INDENT, "", who);
	}
	return 0;
}

/* "    held by worker[4242/4250] in crunch (app/hog.py:12)" */
static int print_party(FILE *out, const char *what, const struct party *party,
		       const struct look *look)
{
	__freeing char *thread = words_thread(party->comm, party->pid, party->tid);
	const struct frame *frame = fold_innermost(party->stack);
	__freeing char *place = frame ? fold_place(frame) : strdup("");
	__freeing char *line = NULL;

	if (!thread || !place ||
	    asprintf(&line, "    %s %s%s%s", what, thread, *place ? " in " : "", place) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	text_cut_right(line, look->columns);
	fprintf(out, "%s\n", line);
	return 0;
}

/* Who could have ended it sooner. Elsewhere the waker is whoever an interrupt hit. */
static int print_parties(FILE *out, const struct slice *slice, const struct look *look)
{
	int err = 0;

	if (slice->cause != CAUSE_GIL && slice->cause != CAUSE_LOCK && slice->cause != CAUSE_CHILD)
		return 0;
	if (slice->holder.pid)
		err = print_party(out, "held by", &slice->holder, look);
	if (!err && slice->waker.pid &&
	    (slice->waker.pid != slice->holder.pid || slice->waker.tid != slice->holder.tid))
		err = print_party(out, "woken by", &slice->waker, look);
	return err;
}

/* What heads a slice where several are shown: "  340 ms  socket  recvfrom 127.0.0.1:5432, task rates-3" */
static int print_slice_head(FILE *out, const struct slice *slice, const struct slice *verdict,
			    const struct look *look)
{
	__freeing char *task = NULL, *text = NULL;
	char duration[DURATION_BYTES];
	struct detail detail;

	words_duration(slice->ns, duration);
	if (words_detail(slice, &detail))
		return -ENOMEM;
	text = detail_text(&detail, look->columns - INDENT - 16);
	detail_free(&detail);
	task = escape_text(slice != verdict && slice->task_name ? slice->task_name : "");
	if (!text || !task)
		return -ENOMEM;
	fprintf(out, "  - %s  %s%s%s", duration, cause_name(slice->cause), *text ? "  " : "", text);
	if (*task) {
		size_t used = 8 + strlen(duration) + strlen(cause_name(slice->cause)) +
			      text_width(text) + strlen(", task ");

		text_cut_right(task, used < look->columns ? look->columns - used : 0);
		fprintf(out, ", task %s", task);
	}
	fputc('\n', out);
	return 0;
}

static bool is_worth_showing(const struct slice *slice, const struct stall_record *stall)
{
	return slice->stack && slice->ns / SHOWN_SHARE >= stall->duration_ns / 100;
}

static int print_slice(FILE *out, const struct slice *slice, const struct look *look)
{
	int err = 0;

	if (slice->stack)
		err = fold_print(out, slice->stack,
				 slice->cause == CAUSE_CPU ? NULL : slice->syscall, look);
	return err ? err : print_parties(out, slice, look);
}

static int print_slices(FILE *out, const struct stall_record *stall, const struct look *look)
{
	const struct slice *verdict = verdict_slice(stall), *shown[SHOWN_SLICES];
	size_t nr = 0;
	int err = 0;

	for (size_t i = 0; i < stall->slices.nr && nr < SHOWN_SLICES; i++)
		if (is_worth_showing(&stall->slices.v[i], stall))
			shown[nr++] = &stall->slices.v[i];
	if (!nr)
		return verdict ? print_slice(out, verdict, look) : 0;
	for (size_t i = 0; i < nr && !err; i++) {
		/* A single one that the verdict speaks of needs no head of its own. */
		if (nr > 1 || shown[0] != verdict)
			err = print_slice_head(out, shown[i], verdict, look);
		if (!err)
			err = print_slice(out, shown[i], look);
	}
	return err;
}

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

/* The ledger by causes: what was blocked is told apart by the slices, as far as they know. */
static size_t shares_of(const struct stall_record *stall, struct share shares[CAUSE_NR + 2])
{
	const struct ledger *ledger = &stall->ledger;
	uint64_t sums[CAUSE_NR] = { 0 }, blocked_ns = 0;
	size_t nr = 0;

	for (size_t i = 0; i < stall->slices.nr; i++) {
		const struct slice *slice = &stall->slices.v[i];

		if (slice->cause == CAUSE_CPU || slice->cause == CAUSE_RUNQUEUE ||
		    slice->cause == CAUSE_THROTTLED)
			continue;
		sums[slice->cause] += slice->ns;
		blocked_ns += slice->ns;
	}
	sums[CAUSE_CPU] = ledger->cpu_ns;
	sums[CAUSE_RUNQUEUE] = ledger->runqueue_ns;
	sums[CAUSE_THROTTLED] = ledger->throttled_ns;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (sums[cause])
			shares[nr++] = (struct share){ cause_name((enum cause)cause), sums[cause] };
	if (ledger->blocked_ns > blocked_ns)
		shares[nr++] = (struct share){ "blocked elsewhere", ledger->blocked_ns - blocked_ns };
	if (ledger->unknown_ns)
		shares[nr++] = (struct share){ "unknown", ledger->unknown_ns };
	qsort(shares, nr, sizeof(shares[0]), compare_shares);
	return nr;
}

/* "    socket 340 ms, cpu 9 ms, runqueue 3 ms; 12 events waited" */
static void print_ledger(FILE *out, const struct stall_record *stall, const struct look *look)
{
	struct share shares[CAUSE_NR + 2];
	size_t nr = shares_of(stall, shares), used = 4;
	char part[96];

	fputs("    ", out);
	look_as(look, out, LOOK_DIM);
	for (size_t i = 0; i < nr; i++) {
		char time[DURATION_BYTES];

		/* What would not change the picture: under half a percent. */
		if (i && shares[i].ns < stall->duration_ns / 200)
			break;
		words_duration(shares[i].ns, time);
		snprintf(part, sizeof(part), "%s%s %s", i ? ", " : "", shares[i].name, time);
		if (used + strlen(part) > look->columns)
			break;
		used += strlen(part);
		fputs(part, out);
	}
	if (!nr)
		fputs("nothing is known of this time", out);
	part[0] = '\0';
	if (!stall->ongoing && stall->delayed_events > 0)
		snprintf(part, sizeof(part), "%" PRId64 " event%s waited", stall->delayed_events,
			 stall->delayed_events == 1 ? "" : "s");
	if (part[0])
		fprintf(out, "%s%s", used + 2 + strlen(part) <= look->columns ? "; " : "\n    ", part);
	look_as(look, out, LOOK_PLAIN);
	fputc('\n', out);
	if (stall->before_attach)
		fputs("    it had begun before it was watched\n", out);
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
	err = print_verdict(page.out, stall, again, &text->look);
	if (!err && !again) {
		err = print_slices(page.out, stall, &text->look);
		print_ledger(page.out, stall, &text->look);
	}
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

	return names_learn(text->names, &loop->id, loop->exe);
}

/* Only of processes that something was told of: of the rest no one asked. */
static int text_exit(void *state, const struct exit_record *exited)
{
	struct text *text = state;
	const char *name = names_of(text->names, exited->pid);
	__freeing char *process = NULL;
	char status[DURATION_BYTES];
	struct page page;
	struct tm tm;
	int err;

	if (!name)
		return 0;
	process = words_thread(name, exited->pid, 0);
	err = process ? page_open(&page) : -ENOMEM;
	if (err)
		return err;
	local_time(exited->time_ns, &tm);
	words_status(exited->status, status);
	fprintf(page.out, "%02d:%02d:%02d.%03u  %s ended, %s\n", tm.tm_hour, tm.tm_min, tm.tm_sec,
		(unsigned int)(exited->time_ns % NS_PER_S / NS_PER_MS), process, status);
	return page_write(&page, text->sink, 0);
}

/* NULL: the stream ended without one. What comes after it starts anew. */
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

static int print_start(struct text *text, const struct start_record *start)
{
	__freeing char *host = escape_text(start->host ? start->host : "?");
	__freeing char *kernel = escape_text(start->kernel ? start->kernel : "?");
	char threshold[DURATION_BYTES], when[32];
	struct page page;
	struct tm tm;
	int err = host && kernel ? page_open(&page) : -ENOMEM;

	if (err)
		return err;
	text_cut_right(host, 24);
	text_cut_right(kernel, 16);
	local_time(start->time_ns, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	words_duration(start->threshold_ns, threshold);
	fprintf(page.out, "%s on %s, Linux %s; turns over %s\n", when, host, kernel, threshold);
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
	.summary = text_summary,
	.close = text_close,
};
