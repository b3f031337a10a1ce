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
#include "output/keys.h"

#define CAUSE_BYTES 24
#define LOST_HEAD   "[lost];"

/* What tells heads apart. */
struct head_key {
	uint32_t host;
	int32_t pid;
	int32_t tid;
	uint32_t comm;
	uint32_t task;
	uint32_t cut;
};

struct stack_lines {
	struct stack_line *v;
	size_t nr;
	size_t room; /* of heads: without a bound, the profile has one */
	struct keys *heads; /* struct head_key */
	char **head_v; /* the text of each, by its number */
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

/* The same text for all that have it: lines of one head are compared from their frames on. */
static int add_head(struct stack_lines *lines, const struct profile *profile,
		    const struct profile_sample *sample, const char **head)
{
	const struct head_key key = { sample->host, sample->pid,  sample->tid,
				      sample->comm, sample->task, sample->cut };
	size_t had = keys_size(lines->heads);
	uint32_t number;
	int err = keys_add(lines->heads, &key, sizeof(key), &number);

	if (!err && number == had)
		err = make_head(&lines->head_v[number], profile, sample);
	*head = err ? NULL : lines->head_v[number];
	return err;
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

/* To the next byte, in whichever part; false: the line has ended. */
static bool has_more(struct cursor *cursor)
{
	while (!*cursor->at) {
		if (cursor->part > cursor->line->nr)
			return false;
		cursor->at = stack_line_part(cursor->line, ++cursor->part);
	}
	return true;
}

/* Most lines have their outer frames in common, which are the same by their numbers already. */
static void skip_same(struct cursor *a, struct cursor *b)
{
	const struct stack_line *line_a = a->line, *line_b = b->line;

	if (*a->at || *b->at)
		return;
	while (a->part < line_a->nr && b->part < line_b->nr &&
	       line_a->frames[line_a->nr - a->part - 1] ==
		       line_b->frames[line_b->nr - b->part - 1]) {
		a->part++;
		b->part++;
	}
}

static int compare_lines(const void *left, const void *right)
{
	struct cursor a = { .line = left, .at = ((const struct stack_line *)left)->head };
	struct cursor b = { .line = right, .at = ((const struct stack_line *)right)->head };

	for (;;) {
		bool more_a, more_b;

		for (; *a.at && *a.at == *b.at; a.at++)
			b.at++;
		if (*a.at && *b.at)
			return compare_numbers((unsigned char)*a.at, (unsigned char)*b.at);
		skip_same(&a, &b);
		more_a = has_more(&a);
		more_b = has_more(&b);
		if (!more_a || !more_b)
			return compare_numbers(more_a, more_b);
	}
}

static int make_lines(struct stack_lines *lines, const struct profile *profile)
{
	struct tally *samples = profile_samples(profile);
	const struct tally_entry *const *entries = tally_by_key(samples);
	int err = 0;

	lines->room = SIZE_MAX;
	lines->v = calloc(tally_size(samples) + CAUSE_NR, sizeof(lines->v[0]));
	lines->head_v = calloc(tally_size(samples) + 1, sizeof(lines->head_v[0]));
	lines->frames = calloc(profile_nr_frames(profile) + 1, sizeof(lines->frames[0]));
	if (!lines->v || !lines->head_v || !lines->frames ||
	    keys_new(&lines->heads, SIZE_MAX, &lines->room))
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
		err = add_head(lines, profile, sample, &line->head);
	}
	for (uint16_t cause = 0; cause < CAUSE_NR && !err; cause++) {
		uint64_t ns = profile_lost(profile, (enum cause)cause)->ns;
		struct stack_line *line = &lines->v[lines->nr];

		if (!ns)
			continue;
		lines->nr++;
		*line = (struct stack_line){ LOST_HEAD, NULL, 0, cause, lines, ns };
	}
	return err;
}

void stack_lines_free(struct stack_lines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; lines->heads && i < keys_size(lines->heads); i++)
		free(lines->head_v[i]);
	keys_free(lines->heads);
	free(lines->head_v);
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

		if (last && !compare_lines(last, &lines->v[i]))
			last->ns = add_saturated(last->ns, lines->v[i].ns);
		else
			lines->v[kept++] = lines->v[i];
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
