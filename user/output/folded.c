// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * folded.c - folded stacks, for flame graphs:
 *
 *	python3[42];python3[42];rates-3;fetch (rates.py:88);recv_[k];[socket] 340000
 *
 * process[pid];thread[tid];task;outermost;...;innermost;[cause] microseconds.
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

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/finals.h"
#include "model/frame_owner.h"
#include "output/formats.h"
#include "output/match.h"
#include "output/names.h"
#include "output/sink.h"
#include "output/tally.h"

#define MAX_STACKS	200000
#define MAX_STACK_BYTES (128u * 1024 * 1024)

struct folded {
	struct sink *sink;
	bool stalls_only;
	const struct match *match;
	struct finals *finals;
	struct names *names;
	struct tally *stacks; /* keys are lines without process and weight, behind the pid */
	uint64_t lost_ns[CAUSE_NR];
};

/* One element of a line. */
static int print_name(FILE *line, const char *name)
{
	__freeing char *escaped = escape_text(*name ? name : "[unknown]");

	if (!escaped)
		return -ENOMEM;
	for (char *c = escaped; *c; c++)
		if (*c == ';')
			*c = ':';
	fputs(escaped, line);
	return 0;
}

static int print_frame(FILE *line, const struct frame *frame)
{
	int err = print_name(line, frame->fn);

	switch (frame->kind) {
	case FRAME_KERNEL:
		fputs("_[k]", line);
		break;
	case FRAME_JIT:
		fputs("_[j]", line);
		break;
	case FRAME_PYTHON:
	case FRAME_JS:
		if (!frame->file)
			break;
		fputs(" (", line);
		err |= print_name(line, base_name(frame->file));
		if (frame->line)
			fprintf(line, ":%u", frame->line);
		fputc(')', line);
		break;
	default:
		if (frame->inlined)
			fputs("_[i]", line);
		break;
	}
	return err;
}

static int print_task(FILE *line, const struct slice *slice)
{
	const char *name = slice->task_name;
	int err;

	if (!name)
		name = slice->task_coro;
	if (!name)
		return 0;
	err = print_name(line, name);
	fputc(';', line);
	return err;
}

/* The line without process and weight. "PID " in front of it keeps processes apart. */
static int print_key(FILE *line, const struct thread_id *id, const struct slice *slice)
{
	const struct stack *stack = slice->stack;
	int err;

	fprintf(line, "%d ", id->pid);
	err = print_name(line, id->comm);
	fprintf(line, "[%d];", id->tid);
	err |= print_task(line, slice);
	if (stack && stack->cut)
		fputs("[cut];", line);
	for (unsigned int i = stack ? stack->nr : 0; i-- > 0;) {
		if (stack->has_python && frame_is_plumbing(&stack->frames[i]))
			continue;
		err |= print_frame(line, &stack->frames[i]);
		fputc(';', line);
	}
	fprintf(line, "[%s]", cause_name(slice->cause));
	return err ? -ENOMEM : 0;
}

static int add_slice(struct folded *folded, const struct thread_id *id, const struct slice *slice)
{
	__freeing char *key = NULL;
	size_t size = 0;
	FILE *line;
	int err;

	if (!match_stack(folded->match, slice->stack))
		return 0;
	line = open_memstream(&key, &size);
	if (!line)
		return -ENOMEM;
	err = print_key(line, id, slice);
	if (fclose(line) || err)
		return -ENOMEM;
	err = tally_add(folded->stacks, key, slice->ns, slice->count);
	if (err == -ENOSPC) {
		uint64_t *lost = &folded->lost_ns[slice->cause];

		*lost = add_saturated(*lost, slice->ns);
		return 0;
	}
	return err;
}

static int add_stall(void *context, const struct stall_record *stall)
{
	int err = 0;

	for (size_t i = 0; i < stall->slices.nr && !err; i++)
		err = add_slice(context, &stall->id, &stall->slices.v[i]);
	return err;
}

static int folded_close(void *state);

static int folded_open(void **state, struct sink *sink, const struct output_options *options)
{
	struct folded *folded = calloc(1, sizeof(*folded));

	if (!folded)
		return -ENOMEM;
	folded->sink = sink;
	folded->stalls_only = options->stalls_only;
	folded->match = options->match;
	if (finals_new(&folded->finals, add_stall, folded) || names_new(&folded->names) ||
	    tally_new(&folded->stacks, MAX_STACKS,
		      options->stack_bytes ? options->stack_bytes : MAX_STACK_BYTES)) {
		folded_close(folded);
		return -ENOMEM;
	}
	*state = folded;
	return 0;
}

static int folded_loop(void *state, const struct loop_record *loop)
{
	struct folded *folded = state;

	return names_learn(folded->names, &loop->id, loop->exe);
}

static int folded_stall(void *state, const struct stall_record *stall)
{
	struct folded *folded = state;
	int err = names_learn(folded->names, &stall->id, NULL);

	return err ? err : finals_stall(folded->finals, stall);
}

static int folded_blocked(void *state, const struct blocked_record *blocked)
{
	struct folded *folded = state;
	int err = names_learn(folded->names, &blocked->id, NULL);

	for (size_t i = 0; i < blocked->slices.nr && !err && !folded->stalls_only; i++) {
		/* time on a CPU is lost in stalls only */
		if (blocked->slices.v[i].cause != CAUSE_CPU)
			err = add_slice(folded, &blocked->id, &blocked->slices.v[i]);
	}
	return err;
}

static int folded_summary(void *state, const struct summary_record *summary)
{
	struct folded *folded = state;

	/* Another recording may follow, with threads of the same numbers. */
	(void)summary;
	return finals_end(folded->finals);
}

static uint64_t microseconds(uint64_t ns)
{
	return ns / NS_PER_US + (ns % NS_PER_US >= NS_PER_US / 2);
}

/* Makes a tally's key a whole line: the process comes first, with the best name that was learnt. */
static int print_line(const struct folded *folded, FILE *out, const struct tally_entry *entry)
{
	char *rest;
	pid_t pid = (pid_t)strtol(entry->key, &rest, 10);
	const char *name = names_of(folded->names, pid);
	int err = print_name(out, name ? name : "");

	fprintf(out, "[%d];%s %" PRIu64 "\n", pid, rest + 1, microseconds(entry->ns));
	return err;
}

static int compare_lines(const void *left, const void *right)
{
	const char *const *a = left, *const *b = right;

	return strcmp(*a, *b);
}

/* Lines are sorted when the names of processes are in them. */
static int write_sorted(struct folded *folded, char *text)
{
	size_t nr = 0, capacity = tally_size(folded->stacks) + CAUSE_NR;
	__freeing char **lines = calloc(capacity, sizeof(lines[0]));
	char *save = NULL;

	if (!lines)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line && nr < capacity;
	     line = strtok_r(NULL, "\n", &save))
		lines[nr++] = line;
	qsort(lines, nr, sizeof(lines[0]), compare_lines);
	for (size_t i = 0; i < nr; i++) {
		sink_write(folded->sink, lines[i], strlen(lines[i]));
		sink_write(folded->sink, "\n", 1);
	}
	return sink_error(folded->sink);
}

static int write_lines(struct folded *folded)
{
	const struct tally_entry *const *entries = tally_by_key(folded->stacks);
	__freeing char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int err = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < tally_size(folded->stacks); i++)
		if (microseconds(entries[i]->ns))
			err |= print_line(folded, out, entries[i]);
	for (int cause = 0; cause < CAUSE_NR; cause++)
		if (microseconds(folded->lost_ns[cause]))
			fprintf(out, "[lost];[%s] %" PRIu64 "\n", cause_name((enum cause)cause),
				microseconds(folded->lost_ns[cause]));
	if (fclose(out) || err)
		return -ENOMEM;
	return write_sorted(folded, text);
}

static int folded_close(void *state)
{
	struct folded *folded = state;
	int err = 0;

	if (folded->finals && folded->names && folded->stacks) {
		err = finals_end(folded->finals);
		if (!err)
			err = write_lines(folded);
	}
	finals_free(folded->finals);
	names_free(folded->names);
	tally_free(folded->stacks);
	free(folded);
	return err;
}

static const char *const suffixes[] = { ".folded", ".folded.gz", NULL };

const struct output_format output_folded = {
	.name = "folded",
	.suffixes = suffixes,
	.open = folded_open,
	.loop = folded_loop,
	.stall = folded_stall,
	.blocked = folded_blocked,
	.summary = folded_summary,
	.close = folded_close,
};
