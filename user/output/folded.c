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
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "output/formats.h"
#include "output/stack_lines.h"
#include "output/sink.h"

static uint64_t microseconds(uint64_t ns)
{
	return ns / NS_PER_US + (ns % NS_PER_US >= NS_PER_US / 2);
}

static void write_line(struct sink *sink, const struct stack_line *line)
{
	char weight[32];

	for (uint32_t part = 0; part <= line->nr + 1; part++) {
		const char *text = stack_line_part(line, part);

		sink_write(sink, text, strlen(text));
	}
	sink_write(
		sink, weight,
		(size_t)snprintf(weight, sizeof(weight), " %" PRIu64 "\n", microseconds(line->ns)));
}

int folded_write(struct profile *profile, struct sink *sink)
{
	struct stack_lines *lines;
	int err = stack_lines_new(&lines, profile);

	if (err)
		return err;
	for (size_t i = 0; i < stack_lines_nr(lines); i++)
		if (microseconds(stack_lines_at(lines, i)->ns))
			write_line(sink, stack_lines_at(lines, i));
	stack_lines_free(lines);
	return 0;
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
