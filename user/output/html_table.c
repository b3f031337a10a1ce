// SPDX-License-Identifier: GPL-2.0-or-later
/* html_table.c - the sentences and tables of a page for who has no script. */
#include "output/html_table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "output/html_out.h"
#include "output/html_words.h"
#include "text/diff_text.h"
#include "text/words.h"

#define SHOWN_PLACES 500

static const char *plural(uint64_t number)
{
	return number == 1 ? "" : "s";
}

static void put_duration(FILE *out, uint64_t ns)
{
	char text[DURATION_BYTES];

	words_duration(ns, text);
	fputs(text, out);
}

/* Of all its recordings. */
struct sums {
	uint64_t stalls, doubtful, stalled_ns, longest_ns, unmatched, ignored, left_out,
		left_out_ns;
};

static struct sums sums_of(const struct html_page *page)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < page->nr_recordings; i++) {
		const struct html_recording *recording = &page->recordings[i];

		sums.stalls = add_saturated(sums.stalls, recording->stalls);
		sums.doubtful = add_saturated(sums.doubtful, recording->doubtful);
		sums.stalled_ns = add_saturated(sums.stalled_ns, recording->stalled_ns);
		if (recording->longest_ns > sums.longest_ns)
			sums.longest_ns = recording->longest_ns;
		sums.unmatched = add_saturated(sums.unmatched, recording->unmatched);
		sums.ignored = add_saturated(sums.ignored, recording->ignored);
		sums.left_out = add_saturated(sums.left_out, recording->left_out);
		sums.left_out_ns = add_saturated(sums.left_out_ns, recording->left_out_ns);
	}
	return sums;
}

static bool has_several_hosts(const struct html_page *page)
{
	for (size_t i = 1; i < page->nr_recordings; i++)
		if (strcmp(page->recordings[i].host, page->recordings[0].host) != 0)
			return true;
	return false;
}

int html_title_write(FILE *out, const struct html_page *page,
		     const struct html_comparison *comparison)
{
	const struct sums sums = sums_of(page);
	uint64_t stalls = add_saturated(sums.stalls, sums.doubtful);

	fprintf(out, "blockprof: %s%" PRIu64 " stall%s, ", comparison->before ? "compared, " : "",
		stalls, plural(stalls));
	put_duration(out, sums.stalled_ns);
	if (page->nr_recordings && *page->recordings[0].host) {
		fputs(" on ", out);
		html_put(out, page->recordings[0].host);
		fputs(has_several_hosts(page) ? " and others" : "", out);
	}
	return 0;
}

/* -- what was watched -- */

/* "12 stalls and 1 in doubt: 5.4 s in all, longest 5.0 s; 2.3 % of the time that 2 loops were watched" */
static void put_sums(FILE *out, const struct html_page *page)
{
	const struct sums sums = sums_of(page);
	uint64_t watched_ns = html_page_watched_ns(page);
	uint64_t permille =
		watched_ns ? (uint64_t)((unsigned __int128)sums.stalled_ns * 1000 / watched_ns) : 0;
	size_t loops = html_loops_nr(page->loops);

	fprintf(out, "<p class=\"sums\"><strong>%" PRIu64 " stall%s", sums.stalls,
		plural(sums.stalls));
	if (sums.doubtful)
		fprintf(out, " and %" PRIu64 " in doubt", sums.doubtful);
	if (sums.stalls || sums.doubtful) {
		fputs(": ", out);
		put_duration(out, sums.stalled_ns);
		fputs(" lost in all, longest ", out);
		put_duration(out, sums.longest_ns);
	}
	fprintf(out, "</strong>, in %zu loop%s", loops, plural(loops));
	if (watched_ns) {
		fputs(" watched for ", out);
		put_duration(out, watched_ns);
		fprintf(out, " in sum: %" PRIu64 ".%" PRIu64 " %% of it", permille / 10,
			permille % 10);
	}
	fputs("</p>\n", out);
	if (sums.left_out) {
		fprintf(out, "<p class=\"left-out\">The %" PRIu64 " shortest stall%s, ",
			sums.left_out, plural(sums.left_out));
		put_duration(out, sums.left_out_ns);
		fputs(" in sum, are in the table of places and not shown one by one.</p>\n", out);
	}
	if (sums.unmatched || sums.ignored)
		fprintf(out,
			"<p class=\"left-out\">Left out by --match: %" PRIu64
			", by --ignore: %" PRIu64 ".</p>\n",
			sums.unmatched, sums.ignored);
}

/* kind: "lost"; of: what these are: "process", "es" */
static void put_counts(FILE *out, const char *kind, const char *of, const char *plural_of,
		       const struct html_counts *counts)
{
	for (size_t i = 0; i < counts->nr; i++) {
		const struct html_count *count = &counts->v[i];

		fprintf(out, "<li>%s: %" PRIu64 " %s%s", kind, count->count, of,
			count->count == 1 ? "" : plural_of);
		html_put(out, count->words);
		if (count->longest_ns) {
			fputs(", longest ", out);
			put_duration(out, count->longest_ns);
		}
		fputs("</li>\n", out);
	}
}

static void put_unseen(FILE *out, const struct html_recording *recording)
{
	put_counts(out, "lost", "", "", &recording->lost);
	put_counts(out, "not seen", "process", "es", &recording->blind);
	put_counts(out, "turns discarded", "", "", &recording->discarded);
	for (size_t i = 0; i < recording->nr_notes; i++) {
		fputs("<li>", out);
		html_put(out, recording->notes[i]);
		fputs("</li>\n", out);
	}
	if (!recording->has_summary)
		fputs("<li>no summary in the recording: it was cut off, and what was lost is not "
		      "known</li>\n",
		      out);
}

/* "2026-05-01 12:00:00 +0200, for 24.0 s, on web1 (Linux 6.1.0): the whole system; turns over 100 ms" */
static void put_recording(FILE *out, const struct html_recording *recording)
{
	char when[TIME_BYTES];

	words_day_and_time(&recording->zone, recording->start_ns, when);
	fprintf(out, "<li>%s, for ", when);
	put_duration(out, recording->end_ns - recording->start_ns);
	if (*recording->host) {
		fputs(", on ", out);
		html_put(out, recording->host);
	}
	if (*recording->kernel) {
		fputs(" (Linux ", out);
		html_put(out, recording->kernel);
		fputs(")", out);
	}
	fputs(": ", out);
	html_put(out, recording->scope);
	if (recording->threshold_ns) {
		fputs("; turns over ", out);
		put_duration(out, recording->threshold_ns);
	}
	fputs("\n<ul>\n", out);
	put_unseen(out, recording);
	fputs("</ul></li>\n", out);
}

static void put_page(FILE *out, const struct html_page *page)
{
	put_sums(out, page);
	fputs("<ul class=\"recordings\">\n", out);
	for (size_t i = 0; i < page->nr_recordings; i++)
		put_recording(out, &page->recordings[i]);
	if (page->recordings_left_out)
		fprintf(out, "<li>%" PRIu64 " further recordings count as part of the last</li>\n",
			page->recordings_left_out);
	fputs("</ul>\n", out);
}

int html_head_write(FILE *out, const struct html_page *page,
		    const struct html_comparison *comparison)
{
	if (comparison->before) {
		fputs("<h2>Before</h2>\n", out);
		put_page(out, comparison->before);
		fputs("<h2>After</h2>\n", out);
	}
	put_page(out, page);
	return 0;
}

/* -- places -- */

static void put_cell(FILE *out, const char *text)
{
	fputs("<td>", out);
	html_put(out, text ? text : "");
	fputs("</td>", out);
}

/* On one line, in a text browser, too. */
static void put_figure(FILE *out, uint64_t ns)
{
	char text[DURATION_BYTES];

	words_duration(ns, text);
	fputs("<td class=\"number\">", out);
	for (const char *at = text; *at; at++)
		fputs(*at == ' ' ? "&#160;" : (char[]){ *at, '\0' }, out);
	fputs("</td>", out);
}

static void put_place(FILE *out, const struct html_place *place)
{
	fputs("<tr>", out);
	put_figure(out, place->ns);
	fprintf(out, "<td class=\"number\">%" PRIu64, place->stalls);
	if (place->doubtful)
		fprintf(out, " (%" PRIu64 " in doubt)", place->doubtful);
	fputs("</td>", out);
	put_figure(out, place->longest_ns);
	fputs("<td class=\"place\"><span class=\"code\">", out);
	html_put(out, place->name);
	fputs("</span></td>", out);
	put_cell(out, cause_name(place->cause));
	fputs("<td class=\"target\">", out);
	html_put(out, place->target ? place->target : "");
	if (place->culprit && *place->culprit) {
		fputs(place->target && *place->target ? ", " : "", out);
		html_put(out, place->culprit);
	}
	fputs("</td><td class=\"task\">", out);
	for (size_t i = 0; i < place->nr_tasks; i++) {
		fputs(i ? ", " : "", out);
		html_put(out, place->tasks[i]);
	}
	fputs(place->more_tasks ? " and more</td>" : "</td>", out);
	put_cell(out, place->advice);
	fputs("</tr>\n", out);
}

static void put_places(FILE *out, const struct html_places *places)
{
	size_t nr = html_places_nr(places);
	uint64_t left_ns = 0;

	if (!nr) {
		fputs("<p>There was no stall.</p>\n", out);
		return;
	}
	fputs("<div class=\"scrolls\">\n<table class=\"places\">\n<thead><tr>"
	      "<th scope=\"col\">time</th><th scope=\"col\">stalls</th>"
	      "<th scope=\"col\">longest</th><th scope=\"col\">place</th>"
	      "<th scope=\"col\">cause</th><th scope=\"col\">target</th>"
	      "<th scope=\"col\">tasks</th><th scope=\"col\">advice</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < nr; i++) {
		if (i < SHOWN_PLACES)
			put_place(out, html_places_at(places, i));
		else
			left_ns = add_saturated(left_ns, html_places_at(places, i)->ns);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
	if (nr <= SHOWN_PLACES)
		return;
	fprintf(out, "<p>and %zu more places, ", nr - SHOWN_PLACES);
	put_duration(out, left_ns);
	fputs("</p>\n", out);
}

/* -- a comparison -- */

static int put_difference(FILE *out, const struct diff_record *diff, const struct diff_place *place)
{
	const struct frame frame = { .kind = FRAME_NATIVE, .fn = place->fn, .file = place->file };
	__freeing char *name = html_frame(&frame);

	if (!name)
		return -ENOMEM;
	fputs("<tr><th scope=\"row\">", out);
	html_put(out, name);
	fputs("</th>", out);
	fputs("<td>", out);
	fputs(diff_words(place->change), out);
	fputs(place->chance ? ", perhaps chance</td>" : "</td>", out);
	put_cell(out, cause_name(place->cause));
	put_figure(out, diff_hour_ns(&diff->before, place->before.ns));
	put_figure(out, diff_hour_ns(&diff->after, place->after.ns));
	fprintf(out, "<td class=\"number\">%" PRIu64 "</td><td class=\"number\">%" PRIu64 "</td>",
		place->before.stalls, place->after.stalls);
	fputs("</tr>\n", out);
	return 0;
}

static int put_diff(FILE *out, const struct diff_record *diff)
{
	__freeing char *limits = html_limits(diff);
	int err = limits ? 0 : -ENOMEM;

	if (err)
		return err;
	if (*limits) {
		fputs("<p>", out);
		html_put(out, limits);
		fputs("</p>\n", out);
	}
	fputs("<div class=\"scrolls\">\n<table class=\"plain\">\n<caption>What changed, in an hour "
	      "of one loop</caption>\n"
	      "<thead><tr><th scope=\"col\">place</th><th scope=\"col\">change</th>"
	      "<th scope=\"col\">cause</th><th scope=\"col\">before</th>"
	      "<th scope=\"col\">after</th><th scope=\"col\">stalls before</th>"
	      "<th scope=\"col\">stalls after</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < diff->nr_places && i < SHOWN_PLACES && !err; i++)
		err = put_difference(out, diff, &diff->places[i]);
	fputs("</tbody>\n</table>\n</div>\n", out);
	return err;
}

int html_table_write(FILE *out, const struct html_page *page,
		     const struct html_comparison *comparison)
{
	int err = 0;

	if (comparison->diff)
		err = put_diff(out, comparison->diff);
	put_places(out, page->places);
	return err;
}
