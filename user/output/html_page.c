// SPDX-License-Identifier: GPL-2.0-or-later
/* html_page.c - which recording records belong to, and what is kept of them beside loops and stalls. */
#include "output/html_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "model/finals.h"
#include "model/home.h"
#include "output/html_words.h"
#include "output/names.h"
#include "text/home_words.h"
#include "text/note_words.h"
#include "text/words.h"

#define NOTES_MAX  200 /* of a recording */
#define COUNTS_MAX 200 /* kinds of a loss: a recording may be of any origin */

static void count_left_out(void *context, uint32_t loop, uint64_t ns)
{
	struct html_page *page = context;
	struct html_recording *recording =
		&page->recordings[html_loops_at(page->loops, loop)->recording];

	recording->left_out++;
	recording->left_out_ns = add_saturated(recording->left_out_ns, ns);
}

static int take_final(void *context, const struct stall_record *stall);

int html_page_new(struct html_page **out, bool stalls_only)
{
	struct html_page *page = calloc(1, sizeof(*page));

	if (!page)
		return -ENOMEM;
	page->stalls_only = stalls_only;
	if (html_loops_new(&page->loops) || html_places_new(&page->places) ||
	    html_stacks_new(&page->stacks) || names_new(&page->names) ||
	    html_kept_new(&page->kept, HTML_STALLS_MAX, count_left_out, page) ||
	    finals_new(&page->finals, take_final, page)) {
		html_page_free(page);
		return -ENOMEM;
	}
	*out = page;
	return 0;
}

static void counts_free(struct html_counts *counts)
{
	for (size_t i = 0; i < counts->nr; i++)
		free(counts->v[i].words);
	free(counts->v);
}

static void recording_free(struct html_recording *recording)
{
	free(recording->host);
	free(recording->kernel);
	free(recording->version);
	free(recording->scope);
	counts_free(&recording->lost);
	counts_free(&recording->blind);
	counts_free(&recording->discarded);
	for (size_t i = 0; i < recording->nr_notes; i++)
		free(recording->notes[i]);
	free(recording->notes);
}

void html_page_free(struct html_page *page)
{
	if (!page)
		return;
	for (size_t i = 0; i < page->nr_recordings; i++)
		recording_free(&page->recordings[i]);
	free(page->recordings);
	html_kept_free(page->kept);
	html_places_free(page->places);
	html_loops_free(page->loops);
	html_stacks_free(page->stacks);
	finals_free(page->finals);
	names_free(page->names);
	free(page);
}

/* -- recordings -- */

static int describe(struct html_recording *recording, const struct start_record *start)
{
	recording->host = html_escape(start->host);
	recording->kernel = html_escape(start->kernel);
	recording->version = html_escape(start->version);
	recording->scope = html_scope(start);
	recording->threshold_ns = start->threshold_ns;
	recording->start_ns = recording->end_ns = start->time_ns;
	recording->zone = start->zone.known ? start->zone : zone_here(start->time_ns);
	return recording->host && recording->kernel && recording->version && recording->scope
		       ? 0
		       : -ENOMEM;
}

static int begin(struct html_page *page, const struct start_record *start)
{
	struct html_recording *grown;

	if (page->nr_recordings == HTML_RECORDINGS_MAX) {
		page->recordings_left_out++;
		return 0;
	}
	grown = reallocarray(page->recordings, page->nr_recordings + 1, sizeof(grown[0]));
	if (!grown)
		return -ENOMEM;
	page->recordings = grown;
	grown[page->nr_recordings] = (struct html_recording){ 0 };
	return describe(&grown[page->nr_recordings++], start);
}

/* The one that records are of, which has gone on until then. NULL: no memory. */
static struct html_recording *recording_at(struct html_page *page, uint64_t time_ns)
{
	struct html_recording *recording;

	/* the first line of a recording may be missing */
	if (!page->nr_recordings && begin(page, &(struct start_record){ .time_ns = time_ns }))
		return NULL;
	recording = &page->recordings[page->nr_recordings - 1];
	if (time_ns > recording->end_ns)
		recording->end_ns = time_ns;
	return recording;
}

int html_page_start(struct html_page *page, const struct start_record *start)
{
	struct names *names;
	int err = finals_end(page->finals);

	if (!err)
		err = begin(page, start);
	/* processes of another machine, or of another time, with the same numbers */
	if (!err)
		err = names_new(&names);
	if (err)
		return err;
	names_free(page->names);
	page->names = names;
	return 0;
}

/* -- loops -- */

static int name_process(struct html_page *page, struct html_loop *loop, const struct thread_id *id,
			const char *exe)
{
	const char *name;
	int err = names_learn(page->names, id, exe);

	if (err || (loop->process && !exe))
		return err;
	name = names_of(page->names, id->pid);
	free(loop->process);
	loop->process = words_thread(name ? name : id->comm, id->pid, 0);
	return loop->process ? 0 : -ENOMEM;
}

/* Its number, and when the record ends. */
static int find_loop(struct html_page *page, const struct thread_id *id, uint64_t end_ns,
		     uint32_t *number)
{
	int err = recording_at(page, end_ns) ? 0 : -ENOMEM;

	if (!err)
		err = html_loops_find(page->loops, (uint32_t)page->nr_recordings - 1, id, number);
	if (err)
		return err;
	return name_process(page, html_loops_at(page->loops, *number), id, NULL);
}

static int replace(char **to, const char *text)
{
	free(*to);
	*to = html_escape(text);
	return *to ? 0 : -ENOMEM;
}

int html_page_loop(struct html_page *page, const struct loop_record *record)
{
	const struct home home = loop_home(record);
	__freeing char *container = home_words(&home);
	struct html_loop *loop;
	uint32_t number;
	int err = find_loop(page, &record->id, record->time_ns, &number);

	if (err || !container)
		return err ? err : -ENOMEM;
	loop = html_loops_at(page->loops, number);
	err = name_process(page, loop, &record->id, record->exe);
	if (!err && record->unit)
		err = replace(&loop->unit, record->unit);
	if (!err && *container)
		err = replace(&loop->container, container);
	return err;
}

int html_page_second(struct html_page *page, const struct second_record *second)
{
	uint64_t ns = add_saturated(ledger_sum(&second->ledger), second->idle_ns);
	uint32_t number;
	int err = find_loop(page, &second->id, add_saturated(second->time_ns, ns), &number);

	return err ? err : html_loops_second(page->loops, number, second);
}

int html_page_blocked(struct html_page *page, const struct blocked_record *blocked)
{
	uint32_t number;
	int err;

	if (page->stalls_only)
		return 0;
	err = find_loop(page, &blocked->id, blocked->time_ns, &number);
	return err ? err : html_loops_blocked(page->loops, number, page->stacks, blocked);
}

/* -- stalls -- */

/* Every stall comes here once: the last that is known of it. */
static int take_final(void *context, const struct stall_record *stall)
{
	struct html_page *page = context;
	struct html_recording *recording;
	uint32_t number;
	int err = find_loop(page, &stall->id, add_saturated(stall->time_ns, stall->duration_ns),
			    &number);

	if (err)
		return err;
	recording = &page->recordings[page->nr_recordings - 1];
	if (stall->doubt)
		recording->doubtful++;
	else
		recording->stalls++;
	html_loops_at(page->loops, number)->stalls += !stall->doubt;
	recording->stalled_ns = add_saturated(recording->stalled_ns, stall->duration_ns);
	if (stall->duration_ns > recording->longest_ns)
		recording->longest_ns = stall->duration_ns;
	err = html_places_add(page->places, stall);
	return err ? err : html_kept_add(page->kept, page->stacks, stall, number);
}

int html_page_stall(struct html_page *page, const struct stall_record *stall)
{
	return finals_stall(page->finals, stall);
}

void html_page_withdrawn(struct html_page *page, const struct withdrawn_record *withdrawn)
{
	finals_withdraw(page->finals, withdrawn);
}

/* -- what was not seen, and what was said -- */

static int add_count(struct html_counts *counts, const char *words, const struct html_count *count)
{
	struct html_count *grown;
	__freeing char *text = html_escape(words);

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < counts->nr; i++) {
		struct html_count *there = &counts->v[i];

		if (strcmp(there->words, text) != 0)
			continue;
		there->count = add_saturated(there->count, count->count);
		if (count->longest_ns > there->longest_ns)
			there->longest_ns = count->longest_ns;
		return 0;
	}
	if (counts->nr == COUNTS_MAX)
		return 0;
	grown = reallocarray(counts->v, counts->nr + 1, sizeof(grown[0]));
	if (!grown)
		return -ENOMEM;
	counts->v = grown;
	grown[counts->nr++] = (struct html_count){ text, count->count, count->longest_ns };
	text = NULL;
	return 0;
}

/* "14:03:22  all 8 workers are busy" */
int html_page_note(struct html_page *page, const struct note_record *note)
{
	uint64_t time_ns = add_saturated(note->time_ns, note->duration_ns);
	struct html_recording *recording = recording_at(page, time_ns);
	__freeing char *words = note_words(note);
	char time[TIME_BYTES], *text = NULL, **grown;

	if (!recording || !words)
		return -ENOMEM;
	if (recording->nr_notes == NOTES_MAX) {
		recording->notes_left_out++;
		return 0;
	}
	words_time_in_seconds(&recording->zone, time_ns, time);
	time[strcspn(time, " ")] = '\0';
	grown = reallocarray(recording->notes, recording->nr_notes + 1, sizeof(grown[0]));
	if (!grown)
		return -ENOMEM;
	recording->notes = grown;
	if (asprintf(&text, "%s  %s", time, words) < 0)
		return -ENOMEM;
	grown[recording->nr_notes++] = html_cut(text);
	return 0;
}

static int count_losses(struct html_recording *recording, const struct summary_record *summary)
{
	int err = 0;

	for (size_t i = 0; i < summary->nr_lost && !err; i++) {
		const struct html_count count = { .count = summary->lost[i].count };

		/* these are discarded, by their reasons */
		if (summary->nr_discarded &&
		    !strcmp(summary->lost[i].name, loss_name(LOSS_TURNS_DOUBTFUL)))
			continue;
		err = add_count(&recording->lost, loss_words(summary->lost[i].name), &count);
	}
	for (size_t i = 0; i < summary->nr_blind && !err; i++) {
		const struct html_count count = { .count = summary->blind[i].count };

		err = add_count(&recording->blind, blind_words(summary->blind[i].name), &count);
	}
	for (size_t i = 0; i < summary->nr_discarded && !err; i++) {
		const struct discard_count *discarded = &summary->discarded[i];
		const struct html_count count = { .count = discarded->count,
						  .longest_ns = discarded->longest_ns };

		err = add_count(&recording->discarded, discard_words(discarded->name), &count);
	}
	return err;
}

int html_page_summary(struct html_page *page, const struct summary_record *summary)
{
	struct html_recording *recording = recording_at(page, summary->time_ns);
	int err = recording ? finals_end(page->finals) : -ENOMEM;

	for (size_t i = 0; i < summary->nr_loops && !err; i++) {
		uint32_t number;

		err = find_loop(page, &summary->loops[i].id, summary->time_ns, &number);
		if (!err)
			html_loops_summary(page->loops, number, &summary->loops[i]);
	}
	if (err)
		return err;
	/* of a part of a recording it says how long that was */
	if (summary->duration_ns < summary->time_ns - recording->start_ns &&
	    !recording->has_summary)
		recording->start_ns = summary->time_ns - summary->duration_ns;
	recording->has_summary = true;
	recording->unmatched = add_saturated(recording->unmatched, summary->unmatched);
	for (size_t i = 0; i < summary->nr_ignored; i++)
		recording->ignored = add_saturated(recording->ignored, summary->ignored[i].count);
	return count_losses(recording, summary);
}

/* -- as a whole -- */

int html_page_finish(struct html_page *page)
{
	int err = finals_end(page->finals);

	html_kept_sort(page->kept);
	html_places_sort(page->places);
	html_loops_finish(page->loops);
	return err;
}

size_t html_page_bytes(const struct html_page *page)
{
	return html_kept_bytes(page->kept) + html_loops_bytes(page->loops) +
	       html_places_bytes(page->places) + html_stacks_bytes(page->stacks);
}

static void see(uint64_t *first_ns, uint64_t time_ns)
{
	if (time_ns && (!*first_ns || time_ns < *first_ns))
		*first_ns = time_ns;
}

uint64_t html_page_start_ns(const struct html_page *page)
{
	uint64_t first_ns = 0;

	for (size_t i = 0; i < page->nr_recordings; i++)
		see(&first_ns, page->recordings[i].start_ns);
	for (size_t i = 0; i < html_kept_nr(page->kept); i++)
		see(&first_ns, html_kept_at(page->kept, i)->stall.time_ns);
	for (size_t i = 0; i < html_loops_nr(page->loops); i++) {
		const struct html_loop *loop = html_loops_at(page->loops, i);

		for (size_t j = 0; j < loop->nr_seconds; j++)
			see(&first_ns, loop->seconds[j].time_ns);
		for (size_t j = 0; j < loop->nr_blocked; j++)
			see(&first_ns, loop->blocked[j].time_ns);
	}
	return first_ns;
}

uint64_t html_page_end_ns(const struct html_page *page)
{
	uint64_t end_ns = 0;

	for (size_t i = 0; i < page->nr_recordings; i++)
		if (page->recordings[i].end_ns > end_ns)
			end_ns = page->recordings[i].end_ns;
	return end_ns;
}

uint64_t html_page_watched_ns(const struct html_page *page)
{
	uint64_t ns = 0;

	for (size_t i = 0; i < html_loops_nr(page->loops); i++)
		ns = add_saturated(ns, html_loops_at(page->loops, i)->wall_ns);
	return ns;
}
