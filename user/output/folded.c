// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * folded.c - folded stacks, for flame graphs:
 *
 *	python3[42];python3[42];rates-3;fetch (rates.py:88);recv_[k];[socket] 340000
 *
 * process[pid];thread[tid];task;outermost;...;innermost;[cause] microseconds.
 * Where it is of several machines, theirs comes first: web1;python3[42];...
 * Names are as in escape_text(), with ':' for ';'. An interpreter's way from one
 * Python frame to the next is left out. `[cut]` stands where outer
 * frames are missing. Time of stacks beyond the bounds below is in the lines
 * `[lost];[cause]`.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "output/formats.h"
#include "output/stack_lines.h"
#include "output/sink.h"

static uint64_t microseconds(uint64_t ns)
{
	return ns / NS_PER_US + (ns % NS_PER_US >= NS_PER_US / 2);
}

/* A line as it is written. The next one has its outer parts in common with it, most often: they stay. */
struct text {
	char *bytes;
	size_t room;
	size_t *ends; /* of each part */
	uint32_t parts_room;
	const struct stack_line *line; /* NULL: there was none yet */
};

static uint32_t parts_of(const struct stack_line *line)
{
	return line->nr + 2;
}

/* How many parts the lines begin with that are the same. */
static uint32_t common_parts(const struct stack_line *a, const struct stack_line *b)
{
	uint32_t least = a->nr < b->nr ? a->nr : b->nr, frames = 0;

	if (a->head != b->head)
		return 0;
	while (frames < least && a->frames[a->nr - frames - 1] == b->frames[b->nr - frames - 1])
		frames++;
	return frames + 1;
}

static int make_room(struct text *text, uint32_t parts, size_t bytes)
{
	if (parts > text->parts_room) {
		size_t *grown = reallocarray(text->ends, 2ul * parts, sizeof(grown[0]));

		if (!grown)
			return -ENOMEM;
		text->ends = grown;
		text->parts_room = 2 * parts;
	}
	if (bytes > text->room) {
		char *grown = realloc(text->bytes, 2 * bytes);

		if (!grown)
			return -ENOMEM;
		text->bytes = grown;
		text->room = 2 * bytes;
	}
	return 0;
}

static int write_line(struct sink *sink, struct text *text, const struct stack_line *line)
{
	uint32_t part = text->line ? common_parts(text->line, line) : 0;
	size_t at = part ? text->ends[part - 1] : 0;
	char weight[32];

	for (; part < parts_of(line); part++) {
		const char *own = stack_line_part(line, part);
		size_t bytes = strlen(own);

		if (make_room(text, part + 1, at + bytes))
			return -ENOMEM;
		memcpy(text->bytes + at, own, bytes);
		at += bytes;
		text->ends[part] = at;
	}
	text->line = line;
	sink_write(sink, text->bytes, at);
	return sink_write(
		sink, weight,
		(size_t)snprintf(weight, sizeof(weight), " %" PRIu64 "\n", microseconds(line->ns)));
}

int folded_write(struct profile *profile, struct sink *sink)
{
	struct stack_lines *lines;
	struct text text = { 0 };
	int err = stack_lines_new(&lines, profile);

	if (err)
		return err;
	for (size_t i = 0; i < stack_lines_nr(lines) && !err; i++)
		if (microseconds(stack_lines_at(lines, i)->ns))
			err = write_line(sink, &text, stack_lines_at(lines, i));
	free(text.bytes);
	free(text.ends);
	stack_lines_free(lines);
	return err;
}

/* Three columns, as difffolded.pl makes them. */
static int folded_diff(void *state, const struct diff_record *diff)
{
	struct sink *sink = profile_sink(state);

	for (size_t i = 0; i < diff->nr_stacks; i++) {
		const struct diff_stack *stack = &diff->stacks[i];
		char weights[64];

		sink_write(sink, stack->line, strlen(stack->line));
		sink_write(sink, weights,
			   (size_t)snprintf(weights, sizeof(weights), " %" PRIu64 " %" PRIu64 "\n",
					    stack->before_us, stack->after_us));
	}
	return sink_error(sink);
}

static int folded_close(void *state)
{
	return profile_close(state, folded_write);
}

static const char *const suffixes[] = { ".folded", ".folded.gz", NULL };

const struct output_format output_folded = {
	PROFILE_CALLBACKS,   .name = "folded",	    .suffixes = suffixes,
	.diff = folded_diff, .close = folded_close,
};
