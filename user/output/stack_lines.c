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
	char *head_texts; /* one behind the other, by their numbers, each with its end */
	char *frame_texts;
	const char **frames; /* where each of them is, with its ';' */
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

/* Where each of nr texts begins, of which there is one behind the other. NULL: no memory. */
static const char **find_texts(const char *texts, size_t nr)
{
	const char **found = calloc(nr + 1, sizeof(found[0]));

	for (size_t i = 0; found && i < nr; i++) {
		found[i] = texts;
		texts += strlen(texts) + 1;
	}
	return found;
}

static int make_frames(struct stack_lines *lines, const struct profile *profile)
{
	size_t size = 0, nr = profile_nr_frames(profile);
	FILE *out = open_memstream(&lines->frame_texts, &size);
	int err = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < nr && !err; i++) {
		const struct frame frame = profile_frame(profile, (uint32_t)i);

		err = folded_frame(out, &frame, true);
		fputc('\0', out);
	}
	if (fclose(out) || err)
		return -ENOMEM;
	lines->frames = find_texts(lines->frame_texts, nr);
	return lines->frames ? 0 : -ENOMEM;
}

/* The number of its text, which is one for all that have it, and is written where it is new. */
static int add_head(struct stack_lines *lines, const struct profile *profile,
		    const struct profile_sample *sample, FILE *texts, uint32_t *number)
{
	const struct head_key key = { sample->host, sample->pid,  sample->tid,
				      sample->comm, sample->task, sample->cut };
	size_t had = keys_size(lines->heads);
	int err = keys_add(lines->heads, &key, sizeof(key), number);

	if (!err && *number == had) {
		err = print_head(texts, profile, sample);
		fputc('\0', texts);
	}
	return err;
}

static int add_heads(struct stack_lines *lines, const struct profile *profile)
{
	const struct tally *samples = profile_samples(profile);
	size_t size = 0, nr = tally_size(samples);
	__freeing uint32_t *numbers = calloc(nr + 1, sizeof(numbers[0]));
	FILE *texts = numbers ? open_memstream(&lines->head_texts, &size) : NULL;
	__freeing const char **heads = NULL;
	int err = 0;

	if (!texts)
		return -ENOMEM;
	for (size_t i = 0; i < nr && !err; i++)
		err = add_head(lines, profile, profile_sample_of(tally_at(samples, i)), texts,
			       &numbers[i]);
	if (fclose(texts) || err)
		return -ENOMEM;
	heads = find_texts(lines->head_texts, keys_size(lines->heads));
	for (size_t i = 0; i < nr && heads; i++)
		lines->v[i].head = heads[numbers[i]];
	return heads ? 0 : -ENOMEM;
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

/* Where one head is what another begins with, a frame stands beside what is a task there. */
static int compare_texts(const struct stack_line *left, const struct stack_line *right)
{
	struct cursor a = { .line = left, .at = left->head };
	struct cursor b = { .line = right, .at = right->head };

	for (;;) {
		bool more_a = has_more(&a), more_b = has_more(&b);

		if (!more_a || !more_b)
			return compare_numbers(more_a, more_b);
		if (*a.at != *b.at)
			return compare_numbers((unsigned char)*a.at, (unsigned char)*b.at);
		a.at++;
		b.at++;
	}
}

/* No frame begins with all of another, which ends in the only ';' that it has: they are compared one by one. */
static int compare_frames(const struct stack_line *a, const struct stack_line *b)
{
	uint32_t least = a->nr < b->nr ? a->nr : b->nr, part = 0;
	int order = 0;

	while (part < least && !order) {
		part++;
		/* most have their outer ones in common */
		if (a->frames[a->nr - part] != b->frames[b->nr - part])
			order = strcmp(stack_line_part(a, part), stack_line_part(b, part));
	}
	return order ? order : strcmp(stack_line_part(a, part + 1), stack_line_part(b, part + 1));
}

static int compare_lines(const void *left, const void *right)
{
	const struct stack_line *a = left, *b = right;

	return a->head == b->head ? compare_frames(a, b) : compare_texts(a, b);
}

static int make_lines(struct stack_lines *lines, const struct profile *profile)
{
	const struct tally *samples = profile_samples(profile);
	int err;

	lines->room = SIZE_MAX;
	lines->v = calloc(tally_size(samples) + CAUSE_NR, sizeof(lines->v[0]));
	if (!lines->v || keys_new(&lines->heads, SIZE_MAX, &lines->room))
		return -ENOMEM;
	for (int cause = 0; cause < CAUSE_NR; cause++)
		snprintf(lines->causes[cause], CAUSE_BYTES, "[%s]", cause_name((enum cause)cause));
	for (size_t i = 0; i < tally_size(samples); i++) {
		const struct tally_entry *entry = tally_at(samples, i);
		const struct profile_sample *sample = profile_sample_of(entry);

		lines->v[lines->nr++] = (struct stack_line){
			NULL, sample->frames, sample->nr, sample->cause, lines, entry->ns,
		};
	}
	err = make_frames(lines, profile);
	if (!err)
		err = add_heads(lines, profile);
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
	keys_free(lines->heads);
	free(lines->head_texts);
	free(lines->frame_texts);
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
