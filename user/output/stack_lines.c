// SPDX-License-Identifier: GPL-2.0-or-later
/* stack_lines.c - how the elements of a folded stack are spelled, and the order of whole lines. */
#include "output/stack_lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "output/folded_line.h"

#define CAUSE_BYTES 24

struct stack_lines {
	struct stack_line *v;
	size_t nr;
	char **frames; /* the text of each, by its number, with its ';' */
	size_t nr_frames;
	char causes[CAUSE_NR][CAUSE_BYTES]; /* "[sleep]" */
};

/* "app[7];worker[8];task;[cut];", and "web1;" before it where there are several machines */
static int print_head(FILE *line, const struct profile *profile,
		      const struct profile_sample *sample)
{
	const char *comm = profile_string(profile, sample->comm);
	const char *task = profile_string(profile, sample->task);
	const char *host = profile_host(profile, sample);
	int err = 0;

	if (host) {
		err = folded_name(line, host);
		fputc(';', line);
	}
	err |= folded_name(line, profile_process(profile, sample));
	fprintf(line, "[%d];", sample->pid);
	err |= folded_name(line, comm ? comm : "");
	fprintf(line, "[%d];", sample->tid);
	if (task) {
		err |= folded_name(line, task);
		fputc(';', line);
	}
	if (sample->cut)
		fputs("[cut];", line);
	return err;
}

static int make_head(char **text, const struct profile *profile,
		     const struct profile_sample *sample)
{
	size_t size = 0;
	FILE *out = open_memstream(text, &size);
	int err;

	if (!out)
		return -ENOMEM;
	err = print_head(out, profile, sample);
	return fclose(out) || err ? -ENOMEM : 0;
}

static int make_frame(char **text, const struct frame *frame)
{
	size_t size = 0;
	FILE *out = open_memstream(text, &size);
	int err;

	if (!out)
		return -ENOMEM;
	err = folded_frame(out, frame, true);
	return fclose(out) || err ? -ENOMEM : 0;
}

const char *stack_line_part(const struct stack_line *line, uint32_t part)
{
	if (!part)
		return line->head;
	return part <= line->nr ? line->lines->frames[line->frames[line->nr - part]]
				: line->lines->causes[line->cause];
}

/* -- the order -- */

struct cursor {
	const struct stack_line *line;
	uint32_t part;
	const char *at;
};

/* 0 at the end of the line. */
static unsigned char next_byte(struct cursor *cursor)
{
	while (!*cursor->at) {
		if (cursor->part > cursor->line->nr)
			return 0;
		cursor->at = stack_line_part(cursor->line, ++cursor->part);
	}
	return (unsigned char)*cursor->at++;
}

static int compare_lines(const void *left, const void *right)
{
	struct cursor a = { .line = left, .at = ((const struct stack_line *)left)->head };
	struct cursor b = { .line = right, .at = ((const struct stack_line *)right)->head };
	unsigned char byte_a, byte_b;

	do {
		/* the same frame: nothing to compare */
		if (a.at == b.at)
			a.at = b.at = "";
		byte_a = next_byte(&a);
		byte_b = next_byte(&b);
	} while (byte_a == byte_b && byte_a);
	return compare_numbers(byte_a, byte_b);
}

static int make_lines(struct stack_lines *lines, const struct profile *profile)
{
	struct tally *samples = profile_samples(profile);
	const struct tally_entry *const *entries = tally_by_key(samples);
	int err = 0;

	lines->v = calloc(tally_size(samples) + CAUSE_NR, sizeof(lines->v[0]));
	lines->frames = calloc(profile_nr_frames(profile) + 1, sizeof(lines->frames[0]));
	if (!lines->v || !lines->frames)
		return -ENOMEM;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		snprintf(lines->causes[cause], CAUSE_BYTES, "[%s]", cause_name((enum cause)cause));
	for (; lines->nr_frames < profile_nr_frames(profile) && !err; lines->nr_frames++) {
		struct frame frame = profile_frame(profile, (uint32_t)lines->nr_frames);

		err = make_frame(&lines->frames[lines->nr_frames], &frame);
	}
	for (size_t i = 0; i < tally_size(samples) && !err; i++) {
		const struct profile_sample *sample = profile_sample_of(entries[i]);
		struct stack_line *line = &lines->v[lines->nr++];

		*line = (struct stack_line){ NULL,	    sample->frames, sample->nr,
					     sample->cause, lines,	    entries[i]->ns };
		err = make_head(&line->head, profile, sample);
	}
	for (uint16_t cause = 0; cause < CAUSE_NR && !err; cause++) {
		uint64_t ns = profile_lost(profile, (enum cause)cause)->ns;
		struct stack_line *line = &lines->v[lines->nr];

		if (!ns)
			continue;
		lines->nr++;
		*line = (struct stack_line){ strdup("[lost];"), NULL, 0, cause, lines, ns };
		err = line->head ? 0 : -ENOMEM;
	}
	return err;
}

void stack_lines_free(struct stack_lines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; i < lines->nr; i++)
		free(lines->v[i].head);
	for (size_t i = 0; i < lines->nr_frames; i++)
		free(lines->frames[i]);
	free(lines->v);
	free(lines->frames);
	free(lines);
}

static void merge_same(struct stack_lines *lines)
{
	size_t kept = 0;

	for (size_t i = 0; i < lines->nr; i++) {
		struct stack_line *last = kept ? &lines->v[kept - 1] : NULL;

		if (last && !compare_lines(last, &lines->v[i])) {
			last->ns = add_saturated(last->ns, lines->v[i].ns);
			free(lines->v[i].head);
		} else {
			lines->v[kept++] = lines->v[i];
		}
	}
	lines->nr = kept;
}

int stack_lines_new(struct stack_lines **out, const struct profile *profile)
{
	struct stack_lines *lines = calloc(1, sizeof(*lines));

	*out = NULL;
	if (!lines)
		return -ENOMEM;
	if (make_lines(lines, profile)) {
		stack_lines_free(lines);
		return -ENOMEM;
	}
	qsort(lines->v, lines->nr, sizeof(lines->v[0]), compare_lines);
	merge_same(lines);
	*out = lines;
	return 0;
}

size_t stack_lines_nr(const struct stack_lines *lines)
{
	return lines->nr;
}

const struct stack_line *stack_lines_at(const struct stack_lines *lines, size_t i)
{
	return &lines->v[i];
}
