// SPDX-License-Identifier: GPL-2.0-or-later
/* html_data.c - which keys and rows the data of a page has, as user/output/html/unpack.js says. */
#include "output/html_data.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "output/html_out.h"
#include "output/html_rows.h"
#include "output/html_tables.h"
#include "output/html_words.h"

/* Beyond, stalls have fewer details. */
#define BYTES_MAX 4900000

/* -- recordings -- */

static void put_text(FILE *out, const char *key, const char *text)
{
	html_put_key(out, key);
	html_put_json(out, text ? text : "");
}

static void put_count(FILE *out, const char *key, uint64_t number)
{
	html_put_key(out, key);
	html_put_number(out, number);
}

static void put_time(FILE *out, const char *key, uint64_t time_ns, uint64_t origin_ns)
{
	put_count(out, key, subtract_saturated(time_ns, origin_ns));
}

/* longest: each has that as well. */
static void put_counts(FILE *out, const char *key, const struct html_counts *counts, bool longest)
{
	html_put_key(out, key);
	fputc('[', out);
	for (size_t i = 0; i < counts->nr; i++) {
		fputs(i ? ",[" : "[", out);
		html_put_json(out, counts->v[i].words);
		fputc(',', out);
		html_put_number(out, counts->v[i].count);
		if (longest) {
			fputc(',', out);
			html_put_number(out, counts->v[i].longest_ns);
		}
		fputc(']', out);
	}
	fputc(']', out);
}

static void put_notes(FILE *out, const struct html_recording *recording)
{
	html_put_key(out, "notes");
	fputc('[', out);
	for (size_t i = 0; i < recording->nr_notes; i++) {
		fputs(i ? "," : "", out);
		html_put_json(out, recording->notes[i]);
	}
	if (recording->notes_left_out)
		fprintf(out, "%s\"%" PRIu64 " further notes are left out of this page\"",
			recording->nr_notes ? "," : "", recording->notes_left_out);
	fputc(']', out);
}

static void put_recording(FILE *out, const struct html_recording *recording, uint64_t origin_ns)
{
	fputs("{\"host\":", out);
	html_put_json(out, recording->host);
	put_text(out, "kernel", recording->kernel);
	put_text(out, "version", recording->version);
	put_text(out, "scope", recording->scope);
	put_count(out, "threshold_ns", recording->threshold_ns);
	put_time(out, "start_ns", recording->start_ns, origin_ns);
	put_time(out, "end_ns", recording->end_ns, origin_ns);
	fprintf(out, ",\"utc_offset_s\":%" PRId32, recording->zone.utc_offset_s);
	put_counts(out, "lost", &recording->lost, false);
	put_counts(out, "blind", &recording->blind, false);
	put_counts(out, "discarded", &recording->discarded, true);
	put_notes(out, recording);
	put_count(out, "stalls_left_out", recording->left_out);
	put_count(out, "stalls_left_out_ns", recording->left_out_ns);
	fputc('}', out);
}

/* -- loops -- */

static void put_ledger(FILE *out, const struct ledger *ledger)
{
	html_put_key(out, "ledger");
	html_put_ledger(out, ledger);
}

static void put_histogram(FILE *out, const struct html_loop *loop)
{
	bool first = true;

	html_put_key(out, "histogram");
	fputc('[', out);
	for (unsigned int i = 0; i < SECOND_BUCKETS; i++) {
		uint64_t upper_ns = second_upper_ns(i);

		if (!loop->buckets[i])
			continue;
		/* the last has no end but the longest turn */
		if (i == SECOND_BUCKETS - 1 && loop->longest_ns)
			upper_ns = loop->longest_ns;
		fputs(first ? "[" : ",[", out);
		html_put_number(out, upper_ns);
		fputc(',', out);
		html_put_number(out, loop->buckets[i]);
		fputc(']', out);
		first = false;
	}
	fputc(']', out);
}

/* Those that are not 0, each behind its place. */
static void put_places(FILE *out, const uint64_t *numbers, int nr)
{
	bool first = true;

	fputs(",[", out);
	for (int i = 0; i < nr; i++) {
		if (!numbers[i])
			continue;
		fprintf(out, "%s%d,", first ? "" : ",", i);
		html_put_number(out, numbers[i]);
		first = false;
	}
	fputc(']', out);
}

/* Where it begins is given from the end of the one before. */
static void put_second(FILE *out, const struct html_second *second, int64_t gap_ns)
{
	fprintf(out, "[%" PRId64 ",", gap_ns);
	html_put_number(out, second->end_ns - second->time_ns);
	fputc(',', out);
	html_put_number(out, second->turns);
	fputc(',', out);
	html_put_number(out, second->longest_ns);
	fputc(',', out);
	html_put_number(out, second->idle_ns);
	put_places(out, second->by_cause_ns, CAUSE_NR);
	fputc(',', out);
	html_put_number(out, second->lost);
	put_places(out, second->buckets, SECOND_BUCKETS);
	fputc(']', out);
}

static void put_seconds(FILE *out, const struct html_loop *loop, uint64_t origin_ns)
{
	uint64_t end_ns = origin_ns;

	html_put_key(out, "seconds");
	fputc('[', out);
	for (size_t i = 0; i < loop->nr_seconds; i++) {
		const struct html_second *second = &loop->seconds[i];

		fputs(i ? ",\n" : "", out);
		put_second(out, second, (int64_t)(second->time_ns - end_ns));
		end_ns = second->end_ns;
	}
	fputc(']', out);
}

/* Takes the name. */
static int put_name(FILE *out, const char *key, char *name)
{
	put_text(out, key, name);
	free(name);
	return name ? 0 : -ENOMEM;
}

static int put_loop(FILE *out, const struct html_loop *loop, uint64_t origin_ns)
{
	int err;

	fprintf(out, "{\"recording\":%" PRIu32, loop->recording);
	err = put_name(out, "name",
		       loop->others ? strdup("(other loops)") : html_loop_name(&loop->id));
	put_text(out, "process", loop->others ? "(other processes)" : loop->process);
	fprintf(out, ",\"pid\":%d,\"tid\":%d", loop->others ? 0 : loop->id.pid,
		loop->others ? 0 : loop->id.tid);
	err = err ? err : put_name(out, "comm", html_escape(loop->id.comm));
	err = err ? err : put_name(out, "runtime", html_escape(loop->id.runtime));
	put_text(out, "unit", loop->unit);
	put_text(out, "container", loop->container);
	put_count(out, "turns", loop->turns);
	put_count(out, "wall_ns", loop->wall_ns);
	put_count(out, "idle_ns", loop->idle_ns);
	put_ledger(out, &loop->ledger);
	put_count(out, "stalls", loop->stalls);
	put_count(out, "longest_ns", loop->longest_ns);
	put_count(out, "p50_ns", loop->p50_ns);
	put_count(out, "p99_ns", loop->p99_ns);
	put_histogram(out, loop);
	put_seconds(out, loop, origin_ns);
	fputc('}', out);
	return err;
}

/* -- rows -- */

static int put_stalls(FILE *out, const struct html_page *page, struct html_rows *rows)
{
	size_t nr = html_kept_nr(page->kept);
	int err = 0;

	html_put_key(out, "stalls");
	fputc('[', out);
	for (size_t i = 0; i < nr && !err; i++) {
		const struct html_stall *kept = html_kept_at(page->kept, i);
		const struct html_loop *loop = html_loops_at(page->loops, kept->loop);

		fputs(i ? ",\n" : "", out);
		err = html_row_stall(out, kept, &page->recordings[loop->recording].zone, rows);
	}
	fputc(']', out);
	return err;
}

static int put_blocked(FILE *out, const struct html_page *page, struct html_rows *rows)
{
	bool first = true;
	int err = 0;

	html_put_key(out, "blocked");
	fputc('[', out);
	for (size_t i = 0; i < html_loops_nr(page->loops); i++) {
		const struct html_loop *loop = html_loops_at(page->loops, i);

		for (size_t j = 0; j < loop->nr_blocked && !err; j++) {
			fprintf(out, "%s[%zu,", first ? "" : ",\n", i);
			html_put_number(
				out, subtract_saturated(loop->blocked[j].time_ns, rows->origin_ns));
			fputc(',', out);
			err = html_row_slices(out, &loop->blocked[j].slices, rows);
			fputc(']', out);
			first = false;
		}
	}
	fputc(']', out);
	return err;
}

/* -- a page -- */

static void put_causes(FILE *out)
{
	html_put_key(out, "causes");
	for (int cause = 0; cause < CAUSE_NR; cause++) {
		fputs(cause ? "," : "[", out);
		html_put_json(out, cause_name((enum cause)cause));
	}
	fputc(']', out);
}

static void put_head(FILE *out, const struct html_page *page, uint64_t origin_ns)
{
	const struct html_recording *first = page->nr_recordings ? &page->recordings[0] : NULL;

	fputs("{\"packed\":1", out);
	put_text(out, "version", first ? first->version : "");
	put_count(out, "origin_ms", origin_ns / NS_PER_MS);
	put_time(out, "length_ns", html_page_end_ns(page), origin_ns);
	fprintf(out, ",\"utc_offset_s\":%" PRId32, first ? first->zone.utc_offset_s : 0);
	put_causes(out);
	html_put_key(out, "recordings");
	fputc('[', out);
	for (size_t i = 0; i < page->nr_recordings; i++) {
		fputs(i ? ",\n" : "", out);
		put_recording(out, &page->recordings[i], origin_ns);
	}
	fputc(']', out);
}

static int put_loops(FILE *out, const struct html_page *page, uint64_t origin_ns)
{
	int err = 0;

	html_put_key(out, "loops");
	fputc('[', out);
	for (size_t i = 0; i < html_loops_nr(page->loops) && !err; i++) {
		fputs(i ? ",\n" : "", out);
		err = put_loop(out, html_loops_at(page->loops, i), origin_ns);
	}
	fputc(']', out);
	return err;
}

static int put_page(FILE *out, const struct html_page *page, unsigned int less)
{
	uint64_t start_ns = html_page_start_ns(page);
	struct html_rows rows = { .origin_ns = start_ns - start_ns % NS_PER_MS };
	int err = html_tables_new(&rows.tables);

	if (err)
		return err;
	html_rows_share(&rows, page, less);
	put_head(out, page, rows.origin_ns);
	err = put_loops(out, page, rows.origin_ns);
	if (!err)
		err = put_stalls(out, page, &rows);
	if (!err)
		err = put_blocked(out, page, &rows);
	if (!err)
		err = html_tables_write(rows.tables, out);
	html_tables_free(rows.tables);
	return err;
}

/* Into memory: *size bytes, which the caller frees. 0 or -ENOMEM. */
static int make_page(char **text, size_t *size, const struct html_page *page, unsigned int less)
{
	FILE *out = open_memstream(text, size);
	int err = out ? put_page(out, page, less) : -ENOMEM;

	if (out && fclose(out))
		err = -ENOMEM;
	return err;
}

/* With as many details as fit into so many bytes; without its end. */
static int put_fitting(FILE *out, const struct html_page *page, size_t max)
{
	char *text = NULL;
	size_t size = 0;
	int err = 0;

	for (unsigned int less = 0; less < HTML_DETAILS && !err && (!text || size > max); less++) {
		free(text);
		text = NULL;
		err = make_page(&text, &size, page, less);
	}
	if (!err)
		fwrite(text, 1, size, out);
	free(text);
	return err;
}

/* -- a comparison -- */

static int put_diff_place(FILE *out, const struct diff_record *diff, const struct diff_place *place)
{
	const struct frame frame = { .kind = FRAME_NATIVE, .fn = place->fn, .file = place->file };
	char *name = html_frame(&frame);

	fputs("{\"name\":", out);
	html_put_json(out, name ? name : "");
	put_text(out, "cause", cause_name(place->cause));
	put_text(out, "kind", diff_change_name(place->change));
	fprintf(out, ",\"chance\":%s", place->chance ? "true" : "false");
	put_count(out, "before_ns_per_hour", diff_hour_ns(&diff->before, place->before.ns));
	put_count(out, "after_ns_per_hour", diff_hour_ns(&diff->after, place->after.ns));
	put_count(out, "before_stalls", place->before.stalls);
	put_count(out, "after_stalls", place->after.stalls);
	fputc('}', out);
	free(name);
	return name ? 0 : -ENOMEM;
}

static int put_diff(FILE *out, const struct html_comparison *comparison)
{
	const struct diff_record *diff = comparison->diff;
	int err;

	html_put_key(out, "diff");
	if (!comparison->before) {
		fputs("null", out);
		return 0;
	}
	fputs("{\"before\":", out);
	err = put_fitting(out, comparison->before, BYTES_MAX / 2);
	fputs(",\"diff\":null}", out);
	err = err ? err : put_name(out, "limits", html_limits(diff));
	html_put_key(out, "places");
	fputc('[', out);
	for (size_t i = 0; i < diff->nr_places && i < HTML_DIFF_PLACES_MAX && !err; i++) {
		fputs(i ? ",\n" : "", out);
		err = put_diff_place(out, diff, &diff->places[i]);
	}
	fputs("]}", out);
	return err;
}

int html_data_write(FILE *out, const struct html_page *page,
		    const struct html_comparison *comparison)
{
	int err = put_fitting(out, page, comparison->before ? BYTES_MAX / 2 : BYTES_MAX);

	if (!err)
		err = put_diff(out, comparison);
	fputc('}', out);
	return err;
}
