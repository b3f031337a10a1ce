// SPDX-License-Identifier: GPL-2.0-or-later
/* culprit_text.c - how a chain of culprits reads: who was waited for, what that did, for whom it waited. */
#include "text/culprit_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "model/place.h"
#include "text/words.h"

#define MARGIN	      4
#define STEP	      2
#define STACK_ROWS    4 /* the innermost */
#define SHOWN_PERCENT 10
#define SHOWN_DEEDS   3
#define WHOLE_PERCENT 90 /* nearly all of the time: it is not given */
#define LEAST_COLUMNS 30

static bool is_thread(const struct culprit *culprit)
{
	return culprit->kind == CULPRIT_PEER || culprit->kind == CULPRIT_OWNER;
}

/* What it waited for. A culprit behind it has a line of its own instead. */
static char *object_of(const struct culprit *culprit, size_t columns)
{
	struct slice slice = { .cause = culprit->cause, .target = culprit->target };
	struct detail detail = { 0 };
	char *text;

	if (culprit->target.kind == TARGET_NONE || culprit->target.kind == TARGET_FUTEX ||
	    culprit->culprits.nr)
		return strdup("");
	if (words_detail(&slice, &detail))
		return NULL;
	text = detail_text(&detail, columns);
	detail_free(&detail);
	return text;
}

/* "sat in fsync of /var/lib/db/wal/0001" */
static char *deed(const struct culprit *culprit, size_t columns)
{
	const struct cause_words *words = cause_words(culprit->cause);
	const char *verb = culprit->idle && words->idle_deed ? words->idle_deed : words->deed;
	__freeing char *call = escape_text(
		culprit->syscall && culprit->cause != CAUSE_FAULT ? culprit->syscall : "");
	__freeing char *object = NULL;
	char *text = NULL;
	size_t used;

	if (!words->joint || !call)
		return call ? strdup(verb) : NULL;
	used = strlen(verb) + strlen(call) + strlen(words->joint) + 1;
	object =
		object_of(culprit, used + LEAST_COLUMNS < columns ? columns - used : LEAST_COLUMNS);
	if (!object || asprintf(&text, "%s%s%s%s%s", verb, *call ? " " : "", call,
				*object ? words->joint : "", object) < 0)
		return NULL;
	return text;
}

/* Where lines go, and how far they are indented. */
struct block {
	FILE *out;
	const struct look *look;
	size_t indent;
};

static struct block inside(const struct block *block)
{
	return (struct block){ block->out, block->look, block->indent + STEP };
}

static void print_line(const struct block *block, char *line)
{
	size_t columns = block->look->columns;

	text_cut_right(line, columns > block->indent ? columns - block->indent : 0);
	fprintf(block->out, "%*s%s\n", (int)block->indent, "", line);
}

/* The innermost rows of a stack, indented further than it would be by itself. */
static int print_stack(const struct block *block, const struct culprit *culprit)
{
	struct look narrow = *block->look;
	__freeing char *text = NULL;
	size_t size = 0, rows = 0, left_out, outer = 0, indent = block->indent;
	char *rest, *row;
	FILE *memory;
	int err;

	if (!culprit->stack || culprit->idle)
		return 0;
	memory = open_memstream(&text, &size);
	if (!memory)
		return -ENOMEM;
	narrow.columns -= narrow.columns > indent + LEAST_COLUMNS ? indent - MARGIN : 0;
	err = fold_print(memory, culprit->stack,
			 culprit->cause == CAUSE_CPU ? NULL : culprit->syscall, &narrow);
	if (fclose(memory) || err)
		return -ENOMEM;
	for (const char *c = text; *c; c++)
		rows += *c == '\n';
	left_out = rows > STACK_ROWS && !narrow.unfold ? rows - STACK_ROWS : 0;
	for (rest = text; (row = strsep(&rest, "\n")) && *row;) {
		size_t inner = strspn(row, " ");

		if (left_out) {
			left_out--;
			continue;
		}
		/* the first one shown stands where the outermost would have */
		if (!outer)
			outer = inner;
		fprintf(block->out, "%*s%s\n", (int)(indent + (inner > outer ? inner - outer : 0)),
			"", row + inner);
	}
	return 0;
}

/* "waited in recvfrom for 127.0.0.1:5432 (200 ms)"; "" where it is not known what it did. */
static char *deed_and_time(const struct culprit *culprit, const struct culprits *all,
			   size_t columns)
{
	char time[DURATION_BYTES], in_time[DURATION_BYTES + 4] = "";
	__freeing char *did = NULL;
	char *text = NULL;

	if (!culprit->seen)
		return strdup("");
	words_duration(culprit->ns, time);
	if (culprits_percent(all, culprit->ns) < WHOLE_PERCENT)
		snprintf(in_time, sizeof(in_time), " (%s)", time);
	did = deed(culprit, columns > strlen(in_time) ? columns - strlen(in_time) : 0);
	if (!did || asprintf(&text, "%s%s", did, in_time) < 0)
		return NULL;
	return text;
}

static bool is_same_thread(const struct culprit *a, const struct culprit *b)
{
	return a && b->pid == a->pid && b->tid == a->tid;
}

/* "waited for postgres[812], which sat in fsync of pg_wal/0001"; before: whom the line before is about. */
static char *thread_line(const struct block *block, const struct culprits *all,
			 const struct culprit *culprit, const struct culprit *before)
{
	__freeing char *who = words_thread(culprit->comm, culprit->pid, culprit->tid), *did = NULL;
	size_t used = block->indent + strlen("waited for , which ") + (who ? text_width(who) : 0);
	size_t columns = block->look->columns;
	char *line = NULL;
	int length;

	did = deed_and_time(culprit, all, columns > used ? columns - used : 0);
	if (!who || !did)
		return NULL;
	if (culprit->cycle)
		length = asprintf(&line, "waited for %s in turn: they wait for each other", who);
	else if (is_same_thread(before, culprit))
		length = asprintf(&line, "and %s", did);
	else
		length = asprintf(&line, "%s %s%s%s",
				  culprit->kind == CULPRIT_OWNER ? "held by" : "waited for", who,
				  *did ? ", which " : "", did);
	return length < 0 ? NULL : line;
}

static int print_at(const struct block *block, const struct culprits *culprits);

static int print_thread(const struct block *block, const struct culprits *all,
			const struct culprit *culprit, const struct culprit *before)
{
	__freeing char *line = thread_line(block, all, culprit, before);
	struct block inner = inside(block);
	int err = 0;

	if (!line)
		return -ENOMEM;
	print_line(block, line);
	if (!is_same_thread(before, culprit) || !place_same(before->stack, culprit->stack))
		err = print_stack(&inner, culprit);
	return err ? err : print_at(&inner, &culprit->culprits);
}

/* "meanwhile ran stress[4242] 71%, kworker/1:1[31] 12%" */
static int print_runners(const struct block *block, const struct culprits *culprits)
{
	__freeing char *line = strdup("");

	for (size_t i = 0; i < culprits->nr && line; i++) {
		const struct culprit *culprit = &culprits->v[i];
		__freeing char *who = NULL, *before = line;
		unsigned int percent = culprits_percent(culprits, culprit->ns);

		if (culprit->kind != CULPRIT_RUNNER || (*line && !percent)) {
			before = NULL;
			continue;
		}
		who = words_thread(culprit->comm, culprit->pid, 0);
		if (!who || asprintf(&line, "%s%s%s %u%%", before,
				     *before ? ", " : "meanwhile ran ", who, percent) < 0)
			line = NULL;
	}
	if (!line)
		return -ENOMEM;
	if (*line)
		print_line(block, line);
	return 0;
}

static int print_cgroup(const struct block *block, const struct culprit *culprit)
{
	__freeing char *path = escape_text(culprit->cgroup ? culprit->cgroup : ""), *line = NULL;
	char quota[DURATION_BYTES], period[DURATION_BYTES];

	words_duration(culprit->quota_ns, quota);
	words_duration(culprit->period_ns, period);
	if (!path || asprintf(&line, "cgroup %s: %s of each %s", path, quota, period) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	print_line(block, line);
	return 0;
}

static int print_at(const struct block *block, const struct culprits *culprits)
{
	const struct culprit *before = NULL;
	int err = 0, shown = 0;

	for (size_t i = 0; i < culprits->nr && !err; i++) {
		const struct culprit *culprit = &culprits->v[i];

		if (culprit->kind == CULPRIT_CGROUP)
			err = print_cgroup(block, culprit);
		if (!is_thread(culprit) || shown == SHOWN_DEEDS ||
		    (before && culprits_percent(culprits, culprit->ns) < SHOWN_PERCENT))
			continue;
		shown++;
		err = print_thread(block, culprits, culprit, before);
		before = culprit;
	}
	return err ? err : print_runners(block, culprits);
}

int culprits_print(FILE *out, const struct culprits *culprits, const struct look *look)
{
	const struct block block = { out, look, MARGIN };

	return print_at(&block, culprits);
}
