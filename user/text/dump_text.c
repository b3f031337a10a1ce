// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dump_text.c - a dump as text: threads, busy ones first, then tasks. Those that
 * are at the same place for the same reason are shown as one.
 */
#include "text/dump_text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "base/strings.h"
#include "text/words.h"
#include "text/wrap.h"

#define NAMES_SHOWN  3
#define TIDS_BYTES   96
#define STATE_BYTES  (2 * DURATION_BYTES + 32)
#define MORE_INDENT  6
#define STACK_MARGIN 4
#define COLUMNS	     80 /* of a file: so wide a row is, if it does not have to be wider */

static const char *plural(size_t nr)
{
	return nr == 1 ? "" : "s";
}

static void print_line(FILE *out, const char *line, const struct look *look)
{
	wrap_plain(out, line, MORE_INDENT, look);
}

/* Both in one line if they fit, else the second below the first. */
static int print_more(FILE *out, const char *line, const char *more, const struct look *look)
{
	size_t columns = look->columns ? look->columns : COLUMNS;

	if (*more && text_width(line) + 2 + text_width(more) <= columns) {
		fprintf(out, "%s  %s\n", line, more);
		return 0;
	}
	print_line(out, line, look);
	return *more ? wrap_printf(out, MORE_INDENT + 2, look, "%*s%s", MORE_INDENT, "", more) : 0;
}

/* "14:03:22.118  python3[4242], CPython 3.11.7: 3 threads, 812 tasks" */
static int print_process(FILE *out, const struct dump_record *dump, const struct look *look)
{
	__freeing char *process = words_thread(dump->comm, dump->pid, 0);
	__freeing char *interpreter = escape_text(dump->interpreter ? dump->interpreter : "");
	__freeing char *tasks = NULL, *line = NULL;
	char time[TIME_BYTES];

	if (!process || !interpreter)
		return -ENOMEM;
	if (asprintf(&tasks, ", %zu task%s", dump->nr_tasks, plural(dump->nr_tasks)) < 0) {
		tasks = NULL;
		return -ENOMEM;
	}
	words_time(&look->zone, dump->time_ns, time);
	if (asprintf(&line, "%s  %s%s%s: %zu thread%s%s", time, process, *interpreter ? ", " : "",
		     interpreter, dump->nr_threads, plural(dump->nr_threads),
		     dump->interpreter && !dump->unread ? tasks : "") < 0) {
		line = NULL;
		return -ENOMEM;
	}
	look_as(look, out, LOOK_BOLD);
	print_line(out, line, look);
	look_as(look, out, LOOK_PLAIN);
	return 0;
}

/* -- threads -- */

/* "blocked for 5.0 s  socket" */
static void state_words(const struct dump_thread *thread, char words[STATE_BYTES])
{
	static const char *const states[THREAD_STATE_NR] = {
		[THREAD_RUNNING] = "running", [THREAD_READY] = "ready, waits for a CPU",
		[THREAD_BLOCKED] = "blocked", [THREAD_IDLE] = "idle in its loop",
		[THREAD_STOPPED] = "stopped",
	};
	bool named = thread->state == THREAD_BLOCKED || thread->slice.cause == CAUSE_GC;
	char duration[DURATION_BYTES] = "";

	if (thread->since_known)
		words_duration(thread->slice.ns, duration);
	snprintf(words, STATE_BYTES, "%s%s%s%s%s", states[thread->state], *duration ? " for " : "",
		 duration, named ? "  " : "", named ? cause_name(thread->slice.cause) : "");
}

/* "recvfrom 127.0.0.1:5432 (postgres[812])"; "" where it waits for nothing. */
static char *wait_words(const struct dump_thread *thread)
{
	struct detail detail = { 0 };
	char *words;

	if ((thread->state == THREAD_BLOCKED || thread->state == THREAD_IDLE) &&
	    words_detail(&thread->slice, &detail))
		return NULL;
	words = detail_text(&detail);
	detail_free(&detail);
	return words;
}

/* Threads of a pool, say, that differ in their numbers and in how long only. A loop is alone in its crew. */
struct crew {
	const struct dump_thread *longest;
	size_t nr;
	pid_t tids[NAMES_SHOWN];
};

static bool reads_same(const struct dump_thread *a, const struct dump_thread *b)
{
	return a->state == b->state && a->since_known == b->since_known && a->moved == b->moved &&
	       !strcmp(a->id.comm, b->id.comm) && same_string(a->against, b->against) &&
	       !a->id.runtime && !b->id.runtime && !a->slice.holder.pid && !b->slice.holder.pid &&
	       slice_same(&a->slice, &b->slice);
}

/* *crews is the caller's. 0 or -ENOMEM. */
static int group_threads(const struct dump_record *dump, bool apart, struct crew **crews,
			 size_t *nr)
{
	*nr = 0;
	*crews = calloc(dump->nr_threads, sizeof(**crews));
	if (!*crews)
		return -ENOMEM;
	for (size_t i = 0; i < dump->nr_threads; i++) {
		const struct dump_thread *thread = &dump->threads[i];
		size_t at = apart ? *nr : 0;
		struct crew *crew;

		while (at < *nr && !reads_same((*crews)[at].longest, thread))
			at++;
		crew = &(*crews)[at];
		if (at == *nr)
			++*nr;
		if (!crew->longest || thread->slice.ns > crew->longest->slice.ns)
			crew->longest = thread;
		if (crew->nr < NAMES_SHOWN)
			crew->tids[crew->nr] = thread->id.tid;
		crew->nr++;
	}
	return 0;
}

/* "(4250, 4251, 4252 and 809 more)"; "" for a single one */
static void crew_tids(const struct crew *crew, char text[TIDS_BYTES])
{
	char more[32] = "";

	text[0] = '\0';
	if (crew->nr > 3)
		snprintf(more, sizeof(more), " and %zu more", crew->nr - 3);
	if (crew->nr > 2)
		snprintf(text, TIDS_BYTES, "(%d, %d, %d%s)", crew->tids[0], crew->tids[1],
			 crew->tids[2], more);
	else if (crew->nr > 1)
		snprintf(text, TIDS_BYTES, "(%d, %d)", crew->tids[0], crew->tids[1]);
}

/* "    a loop: the program says so itself"; nothing of a thread that nothing speaks of as one. */
static int print_account(FILE *out, const struct dump_thread *thread, const struct look *look)
{
	int err = 0;

	if (thread->id.runtime && thread->way)
		err = wrap_printf(out, MORE_INDENT, look, "    a loop: %s",
				  way_meaning(thread->way));
	if (!err && thread->doubt)
		err = wrap_printf(out, MORE_INDENT, look, "    perhaps none: %s",
				  doubt_meaning(thread->doubt));
	if (!err && !thread->id.runtime && thread->against)
		err = wrap_printf(out, MORE_INDENT, look, "    no loop: %s", thread->against);
	if (!err && thread->moved && thread->slice.stack)
		err = wrap_printf(out, MORE_INDENT, look,
				  "    (it ran while it was read: parts of its stack may be of "
				  "different moments)");
	return err;
}

static int print_crew(FILE *out, const struct crew *crew, const struct look *look)
{
	const struct dump_thread *thread = crew->longest;
	const struct slice *slice = &thread->slice;
	__freeing char *name =
		words_thread(thread->id.comm, thread->id.pid, crew->nr > 1 ? 0 : thread->id.tid);
	__freeing char *runtime = escape_text(thread->id.runtime ? thread->id.runtime : "");
	__freeing char *task = escape_text(slice->task_name ? slice->task_name : "");
	__freeing char *wait = wait_words(thread);
	__freeing char *line = NULL, *more = NULL;
	const struct fold fold = {
		.call = thread->state == THREAD_BLOCKED ? slice->syscall : NULL,
		.margin = STACK_MARGIN,
	};
	bool shown = slice->stack && (thread->state != THREAD_IDLE || look->unfold);
	char count[32] = "", tids[TIDS_BYTES], state[STATE_BYTES];

	if (crew->nr > 1)
		snprintf(count, sizeof(count), "%zu threads ", crew->nr);
	crew_tids(crew, tids);
	state_words(thread, state);
	if (!name || !runtime || !task || !wait)
		return -ENOMEM;
	if (asprintf(&line, "  %s%s%s%s%s%s  %s", count, name, *runtime ? " " : "", runtime,
		     *task ? ", task " : "", task, state) < 0)
		line = NULL;
	if (asprintf(&more, "%s%s%s", wait, *wait && *tids ? "  " : "", tids) < 0)
		more = NULL;
	if (!line || !more)
		return -ENOMEM;
	if (print_more(out, line, more, look) || print_account(out, thread, look))
		return -ENOMEM;
	return shown ? fold_print(out, slice->stack, &fold, look) : 0;
}

static int print_threads(FILE *out, const struct dump_record *dump, const struct look *look)
{
	struct crew *crews __freeing = NULL;
	size_t nr = 0;
	int err = dump->nr_threads ? group_threads(dump, look->unfold, &crews, &nr) : 0;

	for (size_t i = 0; i < nr && !err; i++)
		err = print_crew(out, &crews[i], look);
	return err;
}

/* -- tasks -- */

/* Tasks that differ in their names only. */
struct group {
	const struct dump_task *first;
	size_t nr;
	const struct dump_task *named[NAMES_SHOWN];
};

static bool same_place(const struct dump_task *a, const struct dump_task *b)
{
	return a->state == b->state && stack_equal(a->chain, b->chain) &&
	       same_string(a->awaits, b->awaits) && same_string(a->awaits_name, b->awaits_name) &&
	       same_string(a->awaits_type, b->awaits_type) && a->sleep_ns == b->sleep_ns;
}

static int compare_groups(const void *left, const void *right)
{
	const struct group *a = left, *b = right;

	if (a->first->state != b->first->state)
		return (int)a->first->state - (int)b->first->state;
	if (a->nr != b->nr)
		return a->nr < b->nr ? 1 : -1;
	return a->first < b->first ? -1 : a->first > b->first;
}

static uint64_t hash_of(const struct dump_task *task)
{
	uint64_t hash = task->chain ? task->chain->hash : 0;

	if (task->awaits_name)
		hash = hash_bytes(hash, task->awaits_name, strlen(task->awaits_name));
	return hash ^ task->sleep_ns ^ (uint64_t)task->state;
}

/* Groups tasks by a hash of where they are. *groups is the caller's. 0 or -ENOMEM. */
static int group_tasks(const struct dump_record *dump, struct group **groups, size_t *nr)
{
	size_t slots = 64, *table;

	while (slots < 2 * dump->nr_tasks)
		slots *= 2;
	*nr = 0;
	*groups = calloc(dump->nr_tasks, sizeof(**groups));
	table = calloc(slots, sizeof(*table)); /* a group's number plus 1; 0: free */
	if (!*groups || !table) {
		free(table);
		return -ENOMEM;
	}
	for (size_t i = 0; i < dump->nr_tasks; i++) {
		const struct dump_task *task = &dump->tasks[i];
		size_t at = hash_of(task) % slots;
		struct group *group;

		while (table[at] && !same_place((*groups)[table[at] - 1].first, task))
			at = (at + 1) % slots;
		if (!table[at]) {
			table[at] = ++*nr;
			(*groups)[*nr - 1].first = task;
		}
		group = &(*groups)[table[at] - 1];
		if (group->nr < NAMES_SHOWN)
			group->named[group->nr] = task;
		group->nr++;
	}
	free(table);
	qsort(*groups, *nr, sizeof(**groups), compare_groups);
	return 0;
}

/* "Task-1, Task-2, Task-3 and 809 more", escaped */
static char *group_names(const struct group *group)
{
	char *names = strdup("");

	for (size_t i = 0; i < group->nr && i < NAMES_SHOWN && names; i++) {
		__freeing char *before = names;
		__freeing char *name = escape_text(group->named[i]->name);

		if (!name || asprintf(&names, "%s%s%s", before, *before ? ", " : "", name) < 0)
			names = NULL;
	}
	if (names && group->nr > NAMES_SHOWN) {
		__freeing char *before = names;

		if (asprintf(&names, "%s and %zu more", before, group->nr - NAMES_SHOWN) < 0)
			names = NULL;
	}
	return names;
}

/* What a task awaits: "sleep 30 s", "task rates-3", "lock"; "" where it is not known. */
static char *awaits_words(const struct dump_task *task)
{
	__freeing char *name = escape_text(task->awaits_name ? task->awaits_name : "");
	char duration[DURATION_BYTES] = "", *words;

	if (task->sleep_ns)
		words_duration(task->sleep_ns, duration);
	if (!name || asprintf(&words, "%s%s%s%s%s", task->awaits ? task->awaits : "",
			      *name ? " " : "", name, *duration ? " " : "", duration) < 0)
		return NULL;
	return words;
}

/* "task rates-3  pending, awaits sleep 30 s", or "812 tasks  pending, await lock  (Task-1, ...)" */
static int print_group(FILE *out, const struct group *group, const struct look *look)
{
	const struct dump_task *task = group->first;
	__freeing char *names = group_names(group), *awaits = awaits_words(task);
	__freeing char *line = NULL, *more = NULL;
	const struct fold fold = { .margin = STACK_MARGIN };
	const char *state = task_state_name(task->state);
	bool many = group->nr > 1;

	if (!names || !awaits)
		return -ENOMEM;
	if ((many ? asprintf(&line, "  %zu tasks  %s%s%s", group->nr, state,
			     *awaits ? ", await " : "", awaits)
		  : asprintf(&line, "  task %s  %s%s%s", names, state, *awaits ? ", awaits " : "",
			     awaits)) < 0)
		line = NULL;
	if ((many ? asprintf(&more, "(%s)", names) : asprintf(&more, "%s", "")) < 0)
		more = NULL;
	if (!line || !more)
		return -ENOMEM;
	if (print_more(out, line, more, look))
		return -ENOMEM;
	return task->chain ? fold_print(out, task->chain, &fold, look) : 0;
}

static int print_tasks(FILE *out, const struct dump_record *dump, const struct look *look)
{
	struct group *groups __freeing = NULL;
	size_t nr = 0;
	int err = 0;

	for (size_t i = 0; look->unfold && i < dump->nr_tasks && !err; i++) {
		const struct group alone = { &dump->tasks[i], 1, { &dump->tasks[i] } };

		err = print_group(out, &alone, look);
	}
	if (!look->unfold && dump->nr_tasks)
		err = group_tasks(dump, &groups, &nr);
	for (size_t i = 0; i < nr && !err; i++)
		err = print_group(out, &groups[i], look);
	return err;
}

static int print_losses(FILE *out, const struct dump_record *dump, const struct look *look)
{
	int err = 0;

	if (dump->unread)
		err = wrap_printf(out, MORE_INDENT, look, "  its tasks cannot be read: %s",
				  dump->unread);
	for (size_t i = 0; i < dump->nr_lost && !err; i++)
		err = wrap_printf(out, MORE_INDENT, look, "  %" PRIu64 " %s", dump->lost[i].count,
				  loss_words(dump->lost[i].name));
	for (int blind = 0; blind < BLIND_NR && !err; blind++)
		if (dump->blind[blind])
			err = wrap_printf(out, MORE_INDENT, look, "  blind: %s",
					  blind_advice((enum blind)blind));
	return err;
}

int dump_print(FILE *out, const struct dump_record *dump, const struct look *look)
{
	int err = print_process(out, dump, look);

	if (!err)
		err = print_threads(out, dump, look);
	if (!err)
		err = print_tasks(out, dump, look);
	return err ? err : print_losses(out, dump, look);
}
