// SPDX-License-Identifier: GPL-2.0-or-later
/* totals.c - the text's summary. */
#include "output/totals.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "model/place.h"
#include "output/tally.h"
#include "text/words.h"

#define MAX_PLACES	50000
#define MAX_PLACE_BYTES (16u * 1024 * 1024)
#define MAX_THREADS	16384
#define SHOWN_PLACES	10
#define SHOWN_LOOPS	20
#define NAME_COLUMNS	26
#define PLACE_COLUMNS	34
#define DETAIL_COLUMNS	60

struct thread_total {
	pid_t pid;
	pid_t tid;
	bool told; /* a loop record came for it */
	uint64_t ns[CAUSE_NR];
};

struct totals {
	struct tally *places; /* by struct place as a key */
	uint64_t elsewhere_ns; /* of places, or threads, beyond the bounds */
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
	if (tally_new(&(*out)->places, MAX_PLACES, MAX_PLACE_BYTES)) {
		free(*out);
		return -ENOMEM;
	}
	return 0;
}

void totals_free(struct totals *totals)
{
	if (!totals)
		return;
	tally_free(totals->places);
	free(totals->threads);
	free(totals);
}

bool totals_are_empty(const struct totals *totals)
{
	return !totals->stalls && !tally_size(totals->places);
}

/*
 * Cause, place, what for, thread, and the place uncut, which tells places apart
 * that are shown alike. Names have no TAB once they are escaped.
 */
#define KEY_FORMAT "%s\t%s\t%s\t%s\t%s"

/*
 * Of the loops that had this thread id, one after the other, the one that is
 * recent'th from the last. NULL: there were not so many.
 */
static struct thread_total *find_thread(const struct totals *totals, pid_t pid, pid_t tid,
					size_t recent)
{
	for (size_t i = totals->nr_threads; i-- > 0;)
		if (totals->threads[i].tid == tid && totals->threads[i].pid == pid && !recent--)
			return &totals->threads[i];
	return NULL;
}

/* NULL: a bound is reached, or no memory: then only the summary's breakdown by cause misses it. */
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

	/* the number is that of another loop now */
	if (!thread || thread->told)
		thread = add_thread(totals, id);
	if (thread)
		thread->told = true;
}

/* What it waited for, in words that are the same for each time it waited there. */
static char *lasting_detail(const struct slice *slice)
{
	struct slice lasting = *slice;
	struct detail detail;
	char *text;

	lasting.count = 1;
	if (slice->target.kind == TARGET_CHILD || slice->target.kind == TARGET_FUTEX)
		lasting.target.kind = TARGET_NONE;
	if (words_detail(&lasting, &detail))
		return NULL;
	text = detail_text(&detail, DETAIL_COLUMNS);
	detail_free(&detail);
	return text;
}

static char *slice_place(const struct slice *slice, size_t columns)
{
	const struct frame *frame = place_of(slice->stack);

	return frame ? fold_place(frame, columns) : strdup("(no stack)");
}

static int add_slice(struct totals *totals, const struct thread_id *id, const struct slice *slice)
{
	__freeing char *thread = words_thread(id->comm, id->pid, id->tid);
	__freeing char *detail = lasting_detail(slice);
	__freeing char *place = slice_place(slice, PLACE_COLUMNS);
	__freeing char *whole_place = slice_place(slice, SIZE_MAX);
	__freeing char *key = NULL;
	struct thread_total *total = get_thread(totals, id);
	int err;

	if (total)
		total->ns[slice->cause] = add_saturated(total->ns[slice->cause], slice->ns);
	if (!thread || !detail || !place || !whole_place ||
	    asprintf(&key, KEY_FORMAT, cause_name(slice->cause), place, detail, thread,
		     whole_place) < 0) {
		key = NULL;
		return -ENOMEM;
	}
	err = tally_add(totals->places, key, slice->ns, slice->count);
	if (err == -ENOSPC) {
		totals->elsewhere_ns = add_saturated(totals->elsewhere_ns, slice->ns);
		return 0;
	}
	return err;
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
		/* Time on a CPU is lost time in a stall only. */
		if (blocked->slices.v[i].cause != CAUSE_CPU)
			err = add_slice(totals, &blocked->id, &blocked->slices.v[i]);
	return err;
}

static void print_headline(const struct totals *totals, FILE *out,
			   const struct summary_record *summary)
{
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
		fprintf(out, "; %" PRIu64 " more not like --match", summary->unmatched);
	fputc('\n', out);
}

/* Largest first; at most as many as fit into the line. */
static void print_causes(FILE *out, const struct thread_total *thread, const struct look *look)
{
	bool told[CAUSE_NR] = { false };
	size_t used = 4;

	for (bool first = true;; first = false) {
		char part[64], time[DURATION_BYTES];
		int largest = -1;

		for (int cause = 0; cause < CAUSE_NR; cause++)
			if (!told[cause] && thread->ns[cause] &&
			    (largest < 0 || thread->ns[cause] > thread->ns[largest]))
				largest = cause;
		if (largest < 0)
			break;
		told[largest] = true;
		words_duration(thread->ns[largest], time);
		snprintf(part, sizeof(part), "%s%s %s", first ? "" : ", ",
			 cause_name((enum cause)largest), time);
		if (used + strlen(part) > look->columns)
			break;
		used += strlen(part);
		fprintf(out, "%s%s", first ? "    " : "", part);
	}
	if (used > 4)
		fputc('\n', out);
}

/* The summary has the loops of one thread id in the order in which they ended. */
static const struct thread_total *total_of(const struct totals *totals,
					   const struct summary_record *summary,
					   const struct loop_summary *loop)
{
	size_t later = 0;

	for (const struct loop_summary *other = loop + 1;
	     other < summary->loops + summary->nr_loops; other++)
		later += other->id.tid == loop->id.tid && other->id.pid == loop->id.pid;
	return find_thread(totals, loop->id.pid, loop->id.tid, later);
}

static int print_loop(const struct totals *totals, FILE *out, const struct summary_record *summary,
		      const struct loop_summary *loop, const struct look *look)
{
	__freeing char *thread = words_thread(loop->id.comm, loop->id.pid, loop->id.tid);
	__freeing char *runtime = escape_text(loop->id.runtime ? loop->id.runtime : "");
	__freeing char *name = NULL;
	const struct thread_total *total = total_of(totals, summary, loop);
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
	fprintf(out, "  %s%*s %8" PRIu64 " %6" PRIu64 " %9s %9s %9s %4.0f%%\n", name,
		(int)(NAME_COLUMNS - text_width(name)), "", loop->turns, loop->stalls, longest, p50,
		p99, idle);
	if (total)
		print_causes(out, total, look);
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

static int print_loops(const struct totals *totals, FILE *out, const struct summary_record *summary,
		       const struct look *look)
{
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
		err = print_loop(totals, out, summary, sorted[i], look);
	if (shown < summary->nr_loops)
		fprintf(out, "  and %zu more loops (-v shows all)\n", summary->nr_loops - shown);
	return err;
}

/* The parts of a key that are shown. */
struct place {
	char *copy; /* of the key, where they are */
	const char *cause;
	const char *where;
	const char *detail;
	const char *thread;
};

static int split_key(const char *key, struct place *out)
{
	char *rest = strdup(key);

	out->copy = rest;
	if (!rest)
		return -ENOMEM;
	out->cause = strsep(&rest, "\t");
	out->where = strsep(&rest, "\t");
	out->detail = strsep(&rest, "\t");
	out->thread = strsep(&rest, "\t");
	return 0;
}

/* "     5.1 s  sleep    do_io (app/bad.py:3)  clock_nanosleep  python3[4242]", the thread if it fits. */
static int print_place(FILE *out, const struct tally_entry *entry, size_t place_columns,
		       const struct look *look)
{
	size_t used = 22 + place_columns + 2, room = look->columns - used;
	__freeing char *detail = NULL;
	struct place place;
	char time[DURATION_BYTES];

	if (split_key(entry->key, &place))
		return -ENOMEM;
	detail = strdup(place.detail);
	if (!detail) {
		free(place.copy);
		return -ENOMEM;
	}
	text_cut_left(detail, room);
	words_duration(entry->ns, time);
	fprintf(out, "  %9s  %-9s%s%*s", time, place.cause, place.where,
		(int)(place_columns - text_width(place.where)), "");
	if (*detail)
		fprintf(out, "  %s", detail);
	if (text_width(detail) + 2 + text_width(place.thread) <= room)
		fprintf(out, "  %s", place.thread);
	fputc('\n', out);
	free(place.copy);
	return 0;
}

/* What the widest of the shown places needs. */
static int place_columns(const struct tally_entry *const *entries, size_t nr, size_t *columns)
{
	*columns = 0;
	for (size_t i = 0; i < nr; i++) {
		struct place place;

		if (split_key(entries[i]->key, &place))
			return -ENOMEM;
		if (text_width(place.where) > *columns)
			*columns = text_width(place.where);
		free(place.copy);
	}
	return 0;
}

static int print_places(struct totals *totals, FILE *out, const struct look *look)
{
	const struct tally_entry *const *entries = tally_by_ns(totals->places);
	size_t nr = tally_size(totals->places), shown = nr, columns;
	int err;

	if (!nr)
		return 0;
	if (!look->unfold && shown > SHOWN_PLACES)
		shown = SHOWN_PLACES;
	err = place_columns(entries, shown, &columns);
	look_as(look, out, LOOK_DIM);
	if (shown < nr)
		fprintf(out, "  where the time went, %zu largest of %zu (-v shows all)\n", shown,
			nr);
	else
		fputs("  where the time went\n", out);
	look_as(look, out, LOOK_PLAIN);
	for (size_t i = 0; i < shown && !err; i++)
		err = print_place(out, entries[i], columns, look);
	if (totals->elsewhere_ns) {
		char time[DURATION_BYTES];

		words_duration(totals->elsewhere_ns, time);
		fprintf(out, "  %9s  in too many other places to keep apart\n", time);
	}
	return err;
}

static int print_lost(FILE *out, const struct summary_record *summary, const struct look *look)
{
	for (size_t i = 0; i < summary->nr_lost; i++) {
		__freeing char *words = escape_text(loss_words(summary->lost[i].name));

		if (!words)
			return -ENOMEM;
		text_cut_right(words, look->columns - 32);
		fprintf(out, "lost: %" PRIu64 " %s\n", summary->lost[i].count, words);
	}
	return 0;
}

int totals_print(struct totals *totals, FILE *out, const struct summary_record *summary,
		 const struct look *look)
{
	int err = 0;

	fputc('\n', out);
	look_as(look, out, LOOK_BOLD);
	print_headline(totals, out, summary);
	look_as(look, out, LOOK_PLAIN);
	if (summary)
		err = print_loops(totals, out, summary, look);
	if (!err)
		err = print_places(totals, out, look);
	if (!err && summary)
		err = print_lost(out, summary, look);
	if (summary && summary->command_status >= 0) {
		char status[DURATION_BYTES];

		words_status(summary->command_status, status);
		fprintf(out, "command: %s\n", status);
	}
	return err;
}
