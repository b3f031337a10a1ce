// SPDX-License-Identifier: GPL-2.0-or-later
/* stall_text.c - one stall as text: the verdict, the stack that led there, the ledger. */
#include "text/stall_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "model/place.h"
#include "text/culprit_text.h"
#include "text/words.h"

#define INDENT	      14 /* below a verdict: the width of its time */
#define SHOWN_SLICES  3
#define MAX_VIEWED    64 /* of a stall, the largest: further ones are in the ledger only */
#define SHOWN_SHARE   10 /* percent of the turn that gives a slice its own stack */
#define PLACE_COLUMNS 44

/*
 * The slices to show: those that would read the same are one. What they point to
 * belongs to the record.
 */
struct view {
	const struct stall_record *stall;
	struct slice v[MAX_VIEWED];
	size_t nr;
	const struct slice *verdict; /* what the stall is named after; NULL: nothing */
};

static bool reads_same(const struct slice *a, const struct slice *b, const struct look *look)
{
	return slice_reads_same(a, b) && (!look->unfold || stack_equal(a->stack, b->stack));
}

static int compare_ns(const void *left, const void *right)
{
	const struct slice *a = left, *b = right;

	return a->ns > b->ns ? -1 : a->ns < b->ns;
}

static void view_slices(struct view *view, const struct stall_record *stall,
			const struct look *look)
{
	const struct slice *verdict = stall_verdict(stall);

	*view = (struct view){ .stall = stall };
	for (size_t i = 0; i < stall->slices.nr; i++) {
		const struct slice *slice = &stall->slices.v[i];
		size_t at = 0;

		while (at < view->nr && !reads_same(&view->v[at], slice, look))
			at++;
		if (at < view->nr) {
			view->v[at].ns = add_saturated(view->v[at].ns, slice->ns);
			view->v[at].count = add_saturated(view->v[at].count, slice->count);
		} else if (view->nr < MAX_VIEWED) {
			view->v[view->nr++] = *slice;
		}
	}
	qsort(view->v, view->nr, sizeof(view->v[0]), compare_ns);
	for (size_t i = 0; verdict && i < view->nr && !view->verdict; i++)
		if (reads_same(&view->v[i], verdict, look))
			view->verdict = &view->v[i];
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
			*task ? ", task " : "", task) < 0
		       ? NULL
		       : whole;
}

/* Of a stall that was reported before: the time of this report; else where the turn began. */
static void print_when(FILE *out, const struct stall_record *stall, bool again)
{
	char time[TIME_BYTES];

	if (again)
		words_time_in_seconds(stall->time_ns + stall->duration_ns, time);
	else
		words_time(stall->time_ns, time);
	fprintf(out, "%s  ", time);
}

/*
 * One line if all fits, else the subject is below it. again: one line in any
 * case, where the subject matters more than what was waited for.
 */
static int print_verdict(FILE *out, const struct view *view, bool again, const struct look *look)
{
	const struct stall_record *stall = view->stall;
	const struct slice *slice = view->verdict;
	__freeing char *what = NULL, *who = subject(stall, slice);
	char duration[DURATION_BYTES], verdict[DURATION_BYTES + 64];
	struct detail detail = { 0 };
	size_t used, left, who_width;

	words_duration(stall->duration_ns, duration);
	snprintf(verdict, sizeof(verdict), "%s%s%s  %s", duration, stall->ongoing ? " and " : "",
		 stall->ongoing ? cause_words(stall->cause)->lasting : "",
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
	const struct frame *frame = place_of(party->stack);
	__freeing char *place = frame ? fold_place(frame, PLACE_COLUMNS) : strdup("");
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

/* Who could have ended it sooner. For other causes the waker is just the thread that an interrupt hit. */
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

/* The line above a slice, where several are shown: "  - 340 ms  socket  recvfrom 127.0.0.1:5432, task rates-3" */
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

static bool is_large(const struct slice *slice, const struct stall_record *stall)
{
	return slice->ns / SHOWN_SHARE >= stall->duration_ns / 100;
}

static int print_slice(FILE *out, const struct slice *slice, const struct look *look)
{
	int err = 0;

	if (slice->stack)
		err = fold_print(out, slice->stack,
				 slice->cause == CAUSE_CPU ? NULL : slice->syscall, look);
	if (!err)
		err = print_parties(out, slice, look);
	return err ? err : culprits_print(out, &slice->culprits, look);
}

/* Slices without a stack, which are not above: who ran meanwhile, which quota was used up. */
static int print_stackless(FILE *out, const struct view *view, bool verdict_shown,
			   const struct look *look)
{
	int err = 0;

	for (size_t i = 0; i < view->nr && !err; i++) {
		const struct slice *slice = &view->v[i];

		if (!slice->stack && is_large(slice, view->stall) &&
		    !(verdict_shown && slice == view->verdict))
			err = culprits_print(out, &slice->culprits, look);
	}
	return err;
}

static int print_slices(FILE *out, const struct view *view, const struct look *look)
{
	const struct slice *shown[SHOWN_SLICES];
	size_t nr = 0;
	int err = 0;

	for (size_t i = 0; i < view->nr && nr < SHOWN_SLICES; i++)
		if (view->v[i].stack && is_large(&view->v[i], view->stall))
			shown[nr++] = &view->v[i];
	if (!nr && view->verdict)
		err = print_slice(out, view->verdict, look);
	for (size_t i = 0; i < nr && !err; i++) {
		/* a single one, that of the verdict, needs no line above it */
		if (nr > 1 || shown[0] != view->verdict)
			err = print_slice_head(out, shown[i], view->verdict, look);
		if (!err)
			err = print_slice(out, shown[i], look);
	}
	return err ? err : print_stackless(out, view, !nr, look);
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

/* The ledger by causes: blocked time goes by the slices, as far as there are any. */
static size_t shares_of(const struct stall_record *stall, struct share shares[CAUSE_NR + 2])
{
	const struct ledger *ledger = &stall->ledger;
	uint64_t sums[CAUSE_NR] = { 0 }, blocked_ns = 0;
	size_t nr = 0;

	for (size_t i = 0; i < stall->slices.nr; i++) {
		const struct slice *slice = &stall->slices.v[i];

		if (!cause_is_blocked(slice->cause))
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
		shares[nr++] =
			(struct share){ "blocked elsewhere", ledger->blocked_ns - blocked_ns };
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

		/* half a percent and less makes no difference */
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
		fprintf(out, "%s%s", used + 2 + strlen(part) <= look->columns ? "; " : "\n    ",
			part);
	look_as(look, out, LOOK_PLAIN);
	fputc('\n', out);
	if (stall->before_attach)
		fputs("    it had begun before the watch did\n", out);
}

int stall_print(FILE *out, const struct stall_record *stall, const struct look *look)
{
	struct view view;
	int err;

	view_slices(&view, stall, look);
	err = print_verdict(out, &view, false, look);
	if (!err)
		err = print_slices(out, &view, look);
	print_ledger(out, stall, look);
	return err;
}

int stall_print_again(FILE *out, const struct stall_record *stall, const struct look *look)
{
	struct view view;

	view_slices(&view, stall, look);
	return print_verdict(out, &view, true, look);
}
