// SPDX-License-Identifier: GPL-2.0-or-later
/* minute.c - how many lines each process and unit had in this minute, and what it did not get. */
#include "serve/minute.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/number.h"
#include "text/words.h"

#define MINUTE_NS     (60 * NS_PER_SEC)
#define UNITS_MAX     128 /* further ones are one together, likewise processes */
#define PROCESSES_MAX 256
#define UNITS_SAID    4
#define LONGER_TIMES  2
#define UNIT_COLUMNS  60

/* What one process, or one unit, had. */
struct share {
	unsigned int lines;
	uint64_t longest_ns; /* of what was told */
};

struct unit {
	char name[MINUTE_UNIT_BYTES];
	struct share share;
	uint64_t left_out;
	uint64_t longest_ns; /* of those */
	struct thread_id longest; /* its strings are not kept */
};

struct process {
	pid_t pid;
	struct unit *unit;
	struct share share;
};

struct minute {
	minute_unit_fn *unit_of;
	uint64_t began_ns; /* 0: with the next line */
	unsigned int lines;
	unsigned int longest; /* lines beyond */
	uint64_t left_out;
	struct unit units[UNITS_MAX];
	size_t nr_units;
	struct process processes[PROCESSES_MAX];
	size_t nr_processes;
};

int minute_new(struct minute **out, minute_unit_fn *unit)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->unit_of = unit;
	return 0;
}

void minute_free(struct minute *minute)
{
	free(minute);
}

static struct unit *unit_of(struct minute *minute, pid_t pid)
{
	char name[MINUTE_UNIT_BYTES] = "";
	struct unit *unit;

	minute->unit_of(pid, name);
	for (size_t i = 0; i < minute->nr_units; i++)
		if (!strcmp(minute->units[i].name, name))
			return &minute->units[i];
	if (minute->nr_units == UNITS_MAX)
		return &minute->units[UNITS_MAX - 1];
	unit = &minute->units[minute->nr_units++];
	*unit = (struct unit){ 0 };
	memcpy(unit->name, name, sizeof(unit->name));
	return unit;
}

static struct process *process_of(struct minute *minute, pid_t pid)
{
	struct process *process;

	for (size_t i = 0; i < minute->nr_processes; i++)
		if (minute->processes[i].pid == pid)
			return &minute->processes[i];
	if (minute->nr_processes == PROCESSES_MAX)
		return &minute->processes[PROCESSES_MAX - 1];
	process = &minute->processes[minute->nr_processes++];
	*process = (struct process){ .pid = pid, .unit = unit_of(minute, pid) };
	return process;
}

/* Another minute, in which nothing was told yet. */
static void begin(struct minute *minute, uint64_t now_ns)
{
	minute->began_ns = now_ns;
	minute->lines = minute->longest = 0;
	minute->left_out = 0;
	minute->nr_units = minute->nr_processes = 0;
}

static bool is_over(const struct minute *minute, uint64_t now_ns)
{
	return now_ns >= minute->began_ns + MINUTE_NS;
}

/* At least as many are left for others as it has. */
static bool has_room(const struct minute *minute, const struct process *process)
{
	const struct share *unit = &process->unit->share;

	return minute->lines + unit->lines < MINUTE_LINES &&
	       unit->lines + process->share.lines < MINUTE_LINES / 2;
}

static bool is_longest(const struct share *share, uint64_t lasted_ns)
{
	return lasted_ns / LONGER_TIMES >= share->longest_ns;
}

static void told(struct share *share, uint64_t lasted_ns)
{
	share->lines++;
	if (lasted_ns > share->longest_ns)
		share->longest_ns = lasted_ns;
}

static void leave_out(struct minute *minute, struct unit *unit, const struct minute_item *item)
{
	minute->left_out++;
	unit->left_out++;
	if (unit->left_out > 1 && item->lasted_ns <= unit->longest_ns)
		return;
	unit->longest_ns = item->lasted_ns;
	unit->longest = *item->id;
	unit->longest.runtime = NULL;
}

bool minute_take(struct minute *minute, const struct minute_item *item, uint64_t now_ns)
{
	struct process *process;
	struct unit *unit;

	/* what was left out in the one before has to be said first */
	if (!minute->began_ns || (is_over(minute, now_ns) && !minute->left_out))
		begin(minute, now_ns);
	process = process_of(minute, item->id->pid);
	unit = process->unit;
	if (has_room(minute, process)) {
		minute->lines++;
	} else if (minute->longest < MINUTE_LONGEST &&
		   is_longest(&process->share, item->lasted_ns) &&
		   is_longest(&unit->share, item->lasted_ns)) {
		minute->longest++;
	} else {
		if (!item->ongoing)
			leave_out(minute, unit, item);
		return false;
	}
	told(&process->share, item->lasted_ns);
	told(&unit->share, item->lasted_ns);
	return true;
}

/* -- what was left out -- */

static int compare_units(const void *left, const void *right)
{
	const struct unit *a = left, *b = right;
	int order = compare_numbers(b->longest_ns, a->longest_ns);

	return order ? order : compare_numbers(b->left_out, a->left_out);
}

static int print_unit(FILE *out, const struct unit *unit)
{
	__freeing char *name = escape_text(unit->name);
	__freeing char *thread =
		words_thread(unit->longest.comm, unit->longest.pid, unit->longest.tid);
	char longest[DURATION_BYTES];

	if (!name || !thread)
		return -ENOMEM;
	text_cut_left(name, UNIT_COLUMNS);
	words_duration(unit->longest_ns, longest);
	fprintf(out, "%" PRIu64 "%s%s, the longest %s in %s", unit->left_out, *name ? " of " : "",
		name, longest, thread);
	return 0;
}

/* Those with the longest first. */
static int print_units(FILE *out, struct minute *minute)
{
	uint64_t rest = minute->left_out;
	size_t said = 0;
	int err = 0;

	qsort(minute->units, minute->nr_units, sizeof(minute->units[0]), compare_units);
	for (size_t i = 0; i < minute->nr_units && said < UNITS_SAID && !err; i++) {
		if (!minute->units[i].left_out)
			continue;
		fputs(said++ ? "; " : ": ", out);
		err = print_unit(out, &minute->units[i]);
		rest -= minute->units[i].left_out;
	}
	if (rest)
		fprintf(out, "; %" PRIu64 " of others", rest);
	return err;
}

char *minute_left_out(struct minute *minute, uint64_t now_ns)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int err;

	if (!minute->left_out || !is_over(minute, now_ns))
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	fprintf(out, "%" PRIu64 " more stalls and notes in the last minute", minute->left_out);
	err = print_units(out, minute);
	/* in another order now, and over */
	begin(minute, now_ns);
	if (fclose(out) || err) {
		free(text);
		return NULL;
	}
	return text;
}
