// SPDX-License-Identifier: GPL-2.0-or-later
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
#define WHOLE_PERCENT 90 /* as good as all of it: no time is given */
#define LEAST_COLUMNS 30

static bool is_thread(const struct culprit *culprit)
{
	return culprit->kind == CULPRIT_PEER || culprit->kind == CULPRIT_OWNER;
}

/* What it waited for; whoever is behind it has a line of his own. */
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

static void print_line(FILE *out, char *line, size_t indent, const struct look *look)
{
	text_cut_right(line, look->columns > indent ? look->columns - indent : 0);
	fprintf(out, "%*s%s\n", (int)indent, "", line);
}

/* The innermost rows of a stack, further in than it would stand by itself. */
static int print_stack(FILE *out, const struct culprit *culprit, size_t indent,
		       const struct look *look)
{
	struct look narrow = *look;
	__freeing char *text = NULL;
	size_t size = 0, rows = 0, left_out, outer = 0;
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
	left_out = rows > STACK_ROWS && !look->unfold ? rows - STACK_ROWS : 0;
	for (rest = text; (row = strsep(&rest, "\n")) && *row;) {
		size_t inner = strspn(row, " ");

		if (left_out) {
			left_out--;
			continue;
		}
		/* the first one shown stands where the outermost would have */
		if (!outer)
			outer = inner;
		fprintf(out, "%*s%s\n", (int)(indent + (inner > outer ? inner - outer : 0)), "",
			row + inner);
	}
	return 0;
}

static int print_at(FILE *out, const struct culprits *culprits, size_t indent,
		    const struct look *look);

/*
 * "waited for postgres[812], which sat in fsync of pg_wal/0001"; before: what
 * was said last, of this thread or another.
 */
static int print_thread(FILE *out, const struct culprits *all, const struct culprit *culprit,
			const struct culprit *before, size_t indent, const struct look *look)
{
	bool again = before && before->pid == culprit->pid && before->tid == culprit->tid;
	__freeing char *who = words_thread(culprit->comm, culprit->pid, culprit->tid), *did = NULL,
		       *line = NULL;
	unsigned int percent = culprits_percent(all, culprit->ns);
	size_t used;
	char time[DURATION_BYTES], for_time[DURATION_BYTES + 8] = "";
	int err;

	if (!who)
		return -ENOMEM;
	if (culprit->seen) {
		words_duration(culprit->ns, time);
		if (percent < WHOLE_PERCENT)
			snprintf(for_time, sizeof(for_time), "for %s ", time);
		used = indent + strlen("waited for , which ") + text_width(who) + strlen(for_time);
		did = deed(culprit, look->columns > used ? look->columns - used : 0);
	} else {
		did = strdup("");
	}
	if (!did)
		return -ENOMEM;
	if (culprit->cycle)
		err = asprintf(&line, "waited for %s: each for the other", who);
	else if (again)
		err = asprintf(&line, "and %s%s", for_time, did);
	else
		err = asprintf(&line, "%s %s%s%s%s",
			       culprit->kind == CULPRIT_OWNER ? "held by" : "waited for", who,
			       *did ? ", which " : "", for_time, did);
	if (err < 0) {
		line = NULL;
		return -ENOMEM;
	}
	print_line(out, line, indent, look);
	err = again && place_same(before->stack, culprit->stack)
		      ? 0
		      : print_stack(out, culprit, indent + STEP, look);
	return err ? err : print_at(out, &culprit->culprits, indent + STEP, look);
}

/* "meanwhile ran stress[4242] 71%, kworker/1:1[31] 12%" */
static int print_runners(FILE *out, const struct culprits *culprits, size_t indent,
			 const struct look *look)
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
		print_line(out, line, indent, look);
	return 0;
}

static int print_cgroup(FILE *out, const struct culprit *culprit, size_t indent,
			const struct look *look)
{
	__freeing char *path = escape_text(culprit->cgroup ? culprit->cgroup : ""), *line = NULL;
	char quota[DURATION_BYTES], period[DURATION_BYTES];

	words_duration(culprit->quota_ns, quota);
	words_duration(culprit->period_ns, period);
	if (!path || asprintf(&line, "cgroup %s: %s of each %s", path, quota, period) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	print_line(out, line, indent, look);
	return 0;
}

static int print_at(FILE *out, const struct culprits *culprits, size_t indent,
		    const struct look *look)
{
	const struct culprit *before = NULL;
	int err = 0, shown = 0;

	for (size_t i = 0; i < culprits->nr && !err; i++) {
		const struct culprit *culprit = &culprits->v[i];

		if (culprit->kind == CULPRIT_CGROUP)
			err = print_cgroup(out, culprit, indent, look);
		if (!is_thread(culprit) || shown == SHOWN_DEEDS ||
		    (before && culprits_percent(culprits, culprit->ns) < SHOWN_PERCENT))
			continue;
		shown++;
		err = print_thread(out, culprits, culprit, before, indent, look);
		before = culprit;
	}
	return err ? err : print_runners(out, culprits, indent, look);
}

int culprits_print(FILE *out, const struct culprits *culprits, const struct look *look)
{
	return print_at(out, culprits, MARGIN, look);
}
