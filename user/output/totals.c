// SPDX-License-Identifier: GPL-2.0-or-later
/* totals.c - the text's summary: stalls in all, loops and their causes, what was lost. */
#include "output/totals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "output/places.h"
#include "text/words.h"

#define MAX_THREADS  16384
#define SHOWN_LOOPS  20
#define NAME_COLUMNS 26

struct thread_total {
	pid_t pid;
	pid_t tid;
	bool announced; /* a loop record came for it */
	uint64_t ns[CAUSE_NR];
};

struct totals {
	struct places *places;
	struct thread_total *threads;
	size_t nr_threads;
	size_t capacity;
	uint64_t stalls;
	uint64_t stalled_ns;
	uint64_t longest_ns;
};

int totals_new(struct totals **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	if (places_new(&(*out)->places)) {
		free(*out);
		return -ENOMEM;
	}
	return 0;
}

void totals_free(struct totals *totals)
{
	if (!totals)
		return;
	places_free(totals->places);
	free(totals->threads);
	free(totals);
}

bool totals_are_empty(const struct totals *totals)
{
	return !totals->stalls && places_are_empty(totals->places);
}

/*
 * Several loops can have had this thread id, one after the other. recent: 0 for
 * the last of them, 1 for the one before. NULL: there were not so many.
 */
static struct thread_total *find_thread(const struct totals *totals, pid_t pid, pid_t tid,
					size_t recent)
{
	for (size_t i = totals->nr_threads; i-- > 0;)
		if (totals->threads[i].tid == tid && totals->threads[i].pid == pid && !recent--)
			return &totals->threads[i];
	return NULL;
}

/* NULL: a bound is reached, or no memory. Only the summary's line of causes lacks it then. */
static struct thread_total *add_thread(struct totals *totals, const struct thread_id *id)
{
	struct thread_total *thread;

	if (totals->nr_threads == MAX_THREADS)
		return NULL;
	if (totals->nr_threads == totals->capacity) {
		size_t capacity = totals->capacity ? 2 * totals->capacity : 16;
		struct thread_total *grown =
			realloc(totals->threads, capacity * sizeof(totals->threads[0]));

		if (!grown)
			return NULL;
		totals->threads = grown;
		totals->capacity = capacity;
	}
	thread = &totals->threads[totals->nr_threads++];
	*thread = (struct thread_total){ .pid = id->pid, .tid = id->tid };
	return thread;
}

static struct thread_total *get_thread(struct totals *totals, const struct thread_id *id)
{
	struct thread_total *thread = find_thread(totals, id->pid, id->tid, 0);

	return thread ? thread : add_thread(totals, id);
}

void totals_loop(struct totals *totals, const struct thread_id *id)
{
	struct thread_total *thread = find_thread(totals, id->pid, id->tid, 0);

	/* another loop has this thread id now */
	if (!thread || thread->announced)
		thread = add_thread(totals, id);
	if (thread)
		thread->announced = true;
}

static int add_slice(struct totals *totals, const struct thread_id *id, const struct slice *slice)
{
	struct thread_total *total = get_thread(totals, id);

	if (total)
		total->ns[slice->cause] = add_saturated(total->ns[slice->cause], slice->ns);
	return places_add(totals->places, id, slice);
}

int totals_stall(struct totals *totals, const struct stall_record *stall)
{
	int err = 0;

	totals->stalls++;
	totals->stalled_ns = add_saturated(totals->stalled_ns, stall->duration_ns);
	if (stall->duration_ns > totals->longest_ns)
		totals->longest_ns = stall->duration_ns;
	for (size_t i = 0; i < stall->slices.nr && !err; i++)
		err = add_slice(totals, &stall->id, &stall->slices.v[i]);
	return err;
}

int totals_blocked(struct totals *totals, const struct blocked_record *blocked)
{
	int err = 0;

	for (size_t i = 0; i < blocked->slices.nr && !err; i++)
		/* time on a CPU is lost in stalls only */
		if (blocked->slices.v[i].cause != CAUSE_CPU)
			err = add_slice(totals, &blocked->id, &blocked->slices.v[i]);
	return err;
}

/* -- as text -- */

struct page {
	FILE *out;
	const struct look *look;
	const struct totals *totals;
	const struct summary_record *summary; /* NULL: the stream ended without one */
};

static void print_headline(const struct page *page)
{
	const struct summary_record *summary = page->summary;
	const struct totals *totals = page->totals;
	FILE *out = page->out;
	char watched[DURATION_BYTES], stalled[DURATION_BYTES], longest[DURATION_BYTES];

	words_duration(totals->stalled_ns, stalled);
	words_duration(totals->longest_ns, longest);
	if (summary) {
		words_duration(summary->duration_ns, watched);
		fprintf(out, "%s watched, %zu loop%s, ", watched, summary->nr_loops,
			summary->nr_loops == 1 ? "" : "s");
	} else {
		fputs("no summary in the recording, ", out);
	}
	fprintf(out, "%" PRIu64 " stall%s", totals->stalls, totals->stalls == 1 ? "" : "s");
	if (totals->stalls == 1)
		fprintf(out, " of %s", stalled);
	else if (totals->stalls)
		fprintf(out, ": %s in all, longest %s", stalled, longest);
	if (summary && summary->unmatched)
		fprintf(out, "; %" PRIu64 " more left out by --match", summary->unmatched);
	fputc('\n', out);
}

/* Largest first, as many as fit into the line. */
static void print_causes(const struct page *page, const struct thread_total *thread)
{
	bool printed[CAUSE_NR] = { false };
	size_t used = 4;

	for (bool first = true;; first = false) {
		char part[64], time[DURATION_BYTES];
		int largest = -1;

		for (int cause = 0; cause < CAUSE_NR; cause++)
			if (!printed[cause] && thread->ns[cause] &&
			    (largest < 0 || thread->ns[cause] > thread->ns[largest]))
				largest = cause;
		if (largest < 0)
			break;
		printed[largest] = true;
		words_duration(thread->ns[largest], time);
		snprintf(part, sizeof(part), "%s%s %s", first ? "" : ", ",
			 cause_name((enum cause)largest), time);
		if (used + strlen(part) > page->look->columns)
			break;
		used += strlen(part);
		fprintf(page->out, "%s%s", first ? "    " : "", part);
	}
	if (used > 4)
		fputc('\n', page->out);
}

/* Loops with one thread id stand in the summary in the order in which they ended. */
static const struct thread_total *total_of(const struct page *page, const struct loop_summary *loop)
{
	const struct summary_record *summary = page->summary;
	size_t later = 0;

	for (const struct loop_summary *other = loop + 1;
	     other < summary->loops + summary->nr_loops; other++)
		later += other->id.tid == loop->id.tid && other->id.pid == loop->id.pid;
	return find_thread(page->totals, loop->id.pid, loop->id.tid, later);
}

static int print_loop(const struct page *page, const struct loop_summary *loop)
{
	__freeing char *thread = words_thread(loop->id.comm, loop->id.pid, loop->id.tid);
	__freeing char *runtime = escape_text(loop->id.runtime ? loop->id.runtime : "");
	__freeing char *name = NULL;
	const struct thread_total *total = total_of(page, loop);
	char longest[DURATION_BYTES], p50[DURATION_BYTES], p99[DURATION_BYTES];
	double idle = loop->wall_ns ? 100.0 * (double)loop->idle_ns / (double)loop->wall_ns : 0;

	if (!thread || !runtime || asprintf(&name, "%s %s", thread, runtime) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	text_cut_right(name, NAME_COLUMNS);
	words_duration(loop->longest_ns, longest);
	words_duration(loop->p50_ns, p50);
	words_duration(loop->p99_ns, p99);
	fprintf(page->out, "  %s%*s %8" PRIu64 " %6" PRIu64 " %9s %9s %9s %4.0f%%\n", name,
		(int)(NAME_COLUMNS - text_width(name)), "", loop->turns, loop->stalls, longest, p50,
		p99, idle);
	if (total)
		print_causes(page, total);
	return 0;
}

static int compare_loops(const void *left, const void *right)
{
	const struct loop_summary *a = *(const struct loop_summary *const *)left;
	const struct loop_summary *b = *(const struct loop_summary *const *)right;

	if (a->stalls != b->stalls)
		return a->stalls < b->stalls ? 1 : -1;
	if (a->longest_ns != b->longest_ns)
		return a->longest_ns < b->longest_ns ? 1 : -1;
	return a->id.tid < b->id.tid ? -1 : a->id.tid > b->id.tid;
}

static int print_loops(const struct page *page)
{
	const struct summary_record *summary = page->summary;
	const struct look *look = page->look;
	FILE *out = page->out;
	__freeing const struct loop_summary **sorted = NULL;
	size_t shown = summary->nr_loops;
	int err = 0;

	if (!shown)
		return 0;
	sorted = calloc(summary->nr_loops, sizeof(sorted[0]));
	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < summary->nr_loops; i++)
		sorted[i] = &summary->loops[i];
	qsort(sorted, summary->nr_loops, sizeof(sorted[0]), compare_loops);
	if (!look->unfold && shown > SHOWN_LOOPS)
		shown = SHOWN_LOOPS;
	look_as(look, out, LOOK_DIM);
	fprintf(out, "  %-*s %8s %6s %9s %9s %9s %5s\n", NAME_COLUMNS, "loop", "turns", "stalls",
		"longest", "p50", "p99", "idle");
	look_as(look, out, LOOK_PLAIN);
	for (size_t i = 0; i < shown && !err; i++)
		err = print_loop(page, sorted[i]);
	if (shown < summary->nr_loops)
		fprintf(out, "  and %zu more loops (-v shows all)\n", summary->nr_loops - shown);
	return err;
}

static int print_lost(const struct page *page)
{
	const struct summary_record *summary = page->summary;

	for (size_t i = 0; i < summary->nr_lost; i++) {
		__freeing char *words = escape_text(loss_words(summary->lost[i].name));

		if (!words)
			return -ENOMEM;
		text_cut_right(words, page->look->columns - 32);
		fprintf(page->out, "lost: %" PRIu64 " %s\n", summary->lost[i].count, words);
	}
	return 0;
}

int totals_print(struct totals *totals, FILE *out, const struct summary_record *summary,
		 const struct look *look)
{
	const struct page page = { out, look, totals, summary };
	int err = 0;

	fputc('\n', out);
	look_as(look, out, LOOK_BOLD);
	print_headline(&page);
	look_as(look, out, LOOK_PLAIN);
	if (summary)
		err = print_loops(&page);
	if (!err)
		err = places_print(totals->places, out, look);
	if (!err && summary)
		err = print_lost(&page);
	if (summary && summary->command_status >= 0) {
		char status[DURATION_BYTES];

		words_status(summary->command_status, status);
		fprintf(out, "command: %s\n", status);
	}
	return err;
}
