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
#include "text/wrap.h"

#define MAX_THREADS   16384
#define SHOWN_LOOPS   20
#define NAME_COLUMNS  29
#define TABLE_COLUMNS 80
#define CONTINUED     6

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
	uint64_t doubtful; /* besides */
	uint64_t stalled_ns; /* doubtful ones included, as below */
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

static int add_slice(struct totals *totals, const struct thread_id *id, const struct slice *slice,
		     const struct stack *stack)
{
	struct thread_total *total = get_thread(totals, id);

	if (total)
		total->ns[slice->cause] = add_saturated(total->ns[slice->cause], slice->ns);
	return places_add(totals->places, id, slice, stack);
}

int totals_stall(struct totals *totals, const struct stall_record *stall)
{
	const struct slice *place = stall_place(stall);
	int err = 0;

	if (stall->doubt)
		totals->doubtful++;
	else
		totals->stalls++;
	totals->stalled_ns = add_saturated(totals->stalled_ns, stall->duration_ns);
	if (stall->duration_ns > totals->longest_ns)
		totals->longest_ns = stall->duration_ns;
	for (size_t i = 0; i < stall->slices.nr && !err; i++)
		err = add_slice(totals, &stall->id, &stall->slices.v[i],
				place ? place->stack : NULL);
	return err;
}

int totals_blocked(struct totals *totals, const struct blocked_record *blocked)
{
	int err = 0;

	for (size_t i = 0; i < blocked->slices.nr && !err; i++)
		/* time on a CPU is lost in stalls only */
		if (!slice_is_cpu(&blocked->slices.v[i]))
			err = add_slice(totals, &blocked->id, &blocked->slices.v[i], NULL);
	return err;
}

/* -- as text -- */

struct page {
	FILE *out;
	const struct look *look;
	const struct totals *totals;
	const struct summary_record *summary; /* NULL: the stream ended without one */
};

/* "24.0 s watched, 2 loops, 2 stalls: 5.4 s in all, longest 5.0 s"; the caller's. NULL: no memory. */
static char *headline(const struct page *page)
{
	const struct summary_record *summary = page->summary;
	const struct totals *totals = page->totals;
	uint64_t ignored = 0;
	char watched[DURATION_BYTES], stalled[DURATION_BYTES], longest[DURATION_BYTES];
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
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
	if (totals->doubtful)
		fprintf(out, " and %" PRIu64 " in doubt", totals->doubtful);
	if (totals->stalls + totals->doubtful == 1)
		fprintf(out, " of %s", stalled);
	else if (totals->stalls + totals->doubtful)
		fprintf(out, ": %s in all, longest %s", stalled, longest);
	if (summary && summary->unmatched)
		fprintf(out, "; %" PRIu64 " more left out by --match", summary->unmatched);
	for (size_t i = 0; summary && i < summary->nr_ignored; i++)
		ignored = add_saturated(ignored, summary->ignored[i].count);
	if (ignored)
		fprintf(out, "; %" PRIu64 " more left out by --ignore", ignored);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int print_headline(const struct page *page)
{
	__freeing char *text = headline(page);
	struct wrap wrap = { .indent = CONTINUED };

	if (!text)
		return -ENOMEM;
	wrap.spans[0] = (struct span){ 0, strlen(text), LOOK_BOLD };
	wrap_print(page->out, text, &wrap, page->look);
	return 0;
}

/* Largest first; the caller's. NULL: no memory. */
static char *causes_words(const struct thread_total *thread)
{
	bool printed[CAUSE_NR] = { false };
	size_t size = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("    ", out);
	for (bool first = true;; first = false) {
		char time[DURATION_BYTES];
		int largest = -1;

		for (int cause = 0; cause < CAUSE_NR; cause++)
			if (!printed[cause] && thread->ns[cause] &&
			    (largest < 0 || thread->ns[cause] > thread->ns[largest]))
				largest = cause;
		if (largest < 0)
			break;
		printed[largest] = true;
		words_duration(thread->ns[largest], time);
		fprintf(out, "%s%s %s", first ? "" : ", ", cause_name((enum cause)largest), time);
	}
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int print_causes(const struct page *page, const struct thread_total *thread)
{
	__freeing char *words = causes_words(thread);

	if (!words)
		return -ENOMEM;
	if (words[strspn(words, " ")])
		wrap_plain(page->out, words, CONTINUED, page->look);
	return 0;
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

/* Figures below each other, or one after the other where the terminal is too narrow for that. */
static bool has_columns(const struct look *look)
{
	return !look->columns || look->columns >= TABLE_COLUMNS;
}

static int print_figures(const struct page *page, const struct loop_summary *loop, const char *name)
{
	char longest[DURATION_BYTES], p50[DURATION_BYTES], p99[DURATION_BYTES];
	double idle = loop->wall_ns ? 100.0 * (double)loop->idle_ns / (double)loop->wall_ns : 0;
	size_t width = text_width(name);

	words_duration(loop->longest_ns, longest);
	words_duration(loop->p50_ns, p50);
	words_duration(loop->p99_ns, p99);
	if (!has_columns(page->look))
		return wrap_printf(page->out, CONTINUED, page->look,
				   "  %s  %" PRIu64 " turns, %" PRIu64
				   " stalls, longest %s, p50 %s, p99 %s, idle %.0f%%",
				   name, loop->turns, loop->stalls, longest, p50, p99, idle);
	/* a name that is too long has a row of its own */
	if (width > NAME_COLUMNS) {
		if (wrap_printf(page->out, CONTINUED, page->look, "  %s", name))
			return -ENOMEM;
		name = "";
		width = 0;
	}
	fprintf(page->out, "  %s%*s %8" PRIu64 " %6" PRIu64 " %8s %8s %8s %4.0f%%\n", name,
		(int)(NAME_COLUMNS - width), "", loop->turns, loop->stalls, longest, p50, p99,
		idle);
	return 0;
}

static int print_loop(const struct page *page, const struct loop_summary *loop)
{
	__freeing char *thread = words_thread(loop->id.comm, loop->id.pid, loop->id.tid);
	__freeing char *runtime = escape_text(loop->id.runtime ? loop->id.runtime : "");
	__freeing char *name = NULL;
	const struct thread_total *total = total_of(page, loop);
	int err;

	if (!thread || !runtime || asprintf(&name, "%s %s", thread, runtime) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	err = print_figures(page, loop, name);
	return !err && total ? print_causes(page, total) : err;
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
	if (has_columns(look)) {
		look_as(look, out, LOOK_DIM);
		fprintf(out, "  %-*s %8s %6s %8s %8s %8s %5s\n", NAME_COLUMNS, "loop", "turns",
			"stalls", "longest", "p50", "p99", "idle");
		look_as(look, out, LOOK_PLAIN);
	}
	for (size_t i = 0; i < shown && !err; i++)
		err = print_loop(page, sorted[i]);
	if (shown < summary->nr_loops)
		err = err ? err
			  : wrap_printf(out, CONTINUED, look, "  and %zu more loops (-v shows all)",
					summary->nr_loops - shown);
	return err;
}

/* "discarded: 2 turns, longest 301 ms: the thread had left its loop" */
static int print_discarded(const struct page *page)
{
	const struct summary_record *summary = page->summary;

	for (size_t i = 0; i < summary->nr_discarded; i++) {
		const struct discard_count *count = &summary->discarded[i];
		__freeing char *words = escape_text(discard_words(count->name));
		char longest[DURATION_BYTES];

		if (!words)
			return -ENOMEM;
		words_duration(count->longest_ns, longest);
		if (wrap_printf(page->out, CONTINUED, page->look,
				"discarded: %" PRIu64 " turn%s, %s%s: %s", count->count,
				count->count == 1 ? "" : "s", count->count == 1 ? "" : "longest ",
				longest, words))
			return -ENOMEM;
	}
	return 0;
}

/* "blind: 1 process whose memory came too late; native frames only" */
static int print_blind(const struct page *page)
{
	const struct summary_record *summary = page->summary;

	for (size_t i = 0; i < summary->nr_blind; i++) {
		const struct name_count *count = &summary->blind[i];
		__freeing char *words = escape_text(blind_words(count->name));

		if (!words)
			return -ENOMEM;
		fprintf(page->out, "blind: %" PRIu64 " process%s %s\n", count->count,
			count->count == 1 ? "" : "es", words);
	}
	return 0;
}

static int print_lost(const struct page *page)
{
	const struct summary_record *summary = page->summary;

	for (size_t i = 0; i < summary->nr_lost; i++) {
		__freeing char *words = escape_text(loss_words(summary->lost[i].name));

		/* by their reasons above */
		if (summary->nr_discarded &&
		    !strcmp(summary->lost[i].name, loss_name(LOSS_TURNS_DOUBTFUL)))
			continue;
		if (!words)
			return -ENOMEM;
		if (wrap_printf(page->out, CONTINUED, page->look, "lost: %" PRIu64 " %s",
				summary->lost[i].count, words))
			return -ENOMEM;
	}
	return 0;
}

int totals_print(struct totals *totals, FILE *out, const struct summary_record *summary,
		 const struct look *look)
{
	const struct page page = { out, look, totals, summary };
	int err;

	fputc('\n', out);
	err = print_headline(&page);
	if (!err && summary)
		err = print_loops(&page);
	if (!err)
		err = places_print(totals->places, out, look);
	if (!err && summary)
		err = print_discarded(&page);
	if (!err && summary)
		err = print_blind(&page);
	if (!err && summary)
		err = print_lost(&page);
	if (!err && summary && summary->command_status >= 0) {
		char status[DURATION_BYTES];

		words_status(summary->command_status, status);
		err = wrap_printf(out, CONTINUED, look, "command: %s", status);
	}
	return err;
}
