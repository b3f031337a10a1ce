// SPDX-License-Identifier: GPL-2.0-or-later
/* reason.c - how many slices in one place are summed up in a sentence, and which parties it names. */
#include "text/reason.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/number.h"
#include "base/strings.h"
#include "model/frame_owner.h"
#include "model/place.h"
#include "text/culprit_text.h"
#include "text/fold.h"
#include "text/import_words.h"
#include "text/listing.h"
#include "text/words.h"

#define SHARES_SHOWN   5 /* of tasks; the names of more are given without */
#define WHOLE_PERCENT  90 /* of the turn: how long it was is said already */
#define CHILDREN_SHOWN 3

/* -- names that differ -- */

struct name {
	char *text;
	uint64_t ns;
};

struct names {
	struct name *v;
	size_t nr;
};

static void names_free(struct names *names)
{
	for (size_t i = 0; i < names->nr; i++)
		free(names->v[i].text);
	free(names->v);
}

static int compare_texts(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	return listing_compare(&a->text, &b->text);
}

/* In their order, each once. of(): what a slice is called by, "": nothing. 0 or -ENOMEM. */
static int names_of(struct names *names, const struct group *group,
		    char *(*of)(const struct group *group, const struct slice *slice))
{
	size_t kept = 0;

	*names = (struct names){ .v = calloc(group->nr + 1, sizeof(names->v[0])) };
	if (!names->v)
		return -ENOMEM;
	for (size_t i = 0; i < group->nr; i++) {
		char *text = of(group, group->slices[i]);

		if (!text)
			return -ENOMEM;
		if (*text)
			names->v[names->nr++] = (struct name){ text, group->slices[i]->ns };
		else
			free(text);
	}
	qsort(names->v, names->nr, sizeof(names->v[0]), compare_texts);
	for (size_t i = 0; i < names->nr; i++) {
		if (kept && strcmp(names->v[kept - 1].text, names->v[i].text) == 0) {
			names->v[kept - 1].ns =
				add_saturated(names->v[kept - 1].ns, names->v[i].ns);
			free(names->v[i].text);
		} else {
			names->v[kept++] = names->v[i];
		}
	}
	names->nr = kept;
	return 0;
}

static char *names_listed(const struct names *names)
{
	__freeing const char **texts = calloc(names->nr + 1, sizeof(texts[0]));

	if (!texts)
		return NULL;
	for (size_t i = 0; i < names->nr; i++)
		texts[i] = names->v[i].text;
	return listing(texts, names->nr);
}

static char *task_of(const struct group *group, const struct slice *slice)
{
	(void)group;
	return escape_text(slice->task_name ? slice->task_name : "");
}

static char *call_of(const struct group *group, const struct slice *slice)
{
	(void)group;
	return escape_text(slice->syscall ? slice->syscall : "");
}

/* Without the call, and without whoever has a sentence of its own. */
static struct slice bare(const struct slice *slice)
{
	struct slice copy = *slice;

	copy.syscall = NULL;
	copy.count = 1;
	copy.timed_out = false;
	for (size_t i = 0; i < slice->culprits.nr; i++) {
		const struct culprit *culprit = &slice->culprits.v[i];

		if (culprit->kind == CULPRIT_PEER && culprit->pid == slice->target.peer_pid)
			copy.target.peer_pid = 0;
		if (slice->target.kind == TARGET_CHILD && culprit->pid == slice->target.pid)
			copy.target.pid = 0;
	}
	return copy;
}

/* A child has another name from its exec on: that which it had for longest is its name. */
static const struct slice *same_child(const struct group *group, const struct slice *slice)
{
	for (size_t i = 0; i < group->nr; i++)
		if (group->slices[i]->target.kind == TARGET_CHILD &&
		    group->slices[i]->target.pid == slice->target.pid)
			return group->slices[i];
	return slice;
}

static char *object_of(const struct group *group, const struct slice *slice)
{
	const struct slice *shown =
		slice->target.kind == TARGET_CHILD ? same_child(group, slice) : slice;
	struct slice copy = bare(shown);
	struct detail detail = { 0 };
	char *text;

	if (slice->target.kind == TARGET_NONE)
		return strdup("");
	if (slice->target.kind == TARGET_DNS)
		return escape_text(slice->target.name ? slice->target.name : "");
	if (slice->target.kind == TARGET_CHILD)
		return copy.target.pid ? words_thread(copy.target.comm, copy.target.pid, 0)
				       : strdup("");
	if (words_detail(&copy, &detail))
		return NULL;
	text = detail_text(&detail);
	detail_free(&detail);
	return text;
}

static bool has_owner(const struct slice *slice)
{
	for (size_t i = 0; i < slice->culprits.nr; i++)
		if (slice->culprits.v[i].kind == CULPRIT_OWNER)
			return true;
	return false;
}

/* That of the longest block that has any: the others' are seldom different. */
static const struct slice *with_parties(const struct group *group)
{
	for (size_t i = 0; i < group->nr; i++)
		if (group->slices[i]->culprits.nr)
			return group->slices[i];
	for (size_t i = 0; i < group->nr; i++) {
		const struct slice *slice = group->slices[i];

		if (slice->holder.pid || slice->waker.pid)
			return slice;
	}
	return group->largest;
}

/* -- what -- */

/* "recvfrom 127.0.0.1:5432 (postgres[812]), 4 times" */
static int print_single(FILE *out, const struct group *group)
{
	struct slice slice = bare(group->largest);
	__freeing char *text = NULL;
	struct detail detail;

	/* those who ran instead have a sentence of their own */
	if (group->largest->culprits.nr && !group->largest->syscall &&
	    group->largest->target.kind == TARGET_NONE)
		return 0;
	if (group->largest->cause == CAUSE_GIL && has_owner(with_parties(group)))
		return 0;
	slice.syscall = group->largest->syscall;
	slice.count = group->count;
	slice.timed_out = group->largest->timed_out;
	if (words_detail(&slice, &detail))
		return -ENOMEM;
	text = detail_text(&detail);
	detail_free(&detail);
	if (!text)
		return -ENOMEM;
	fputs(text, out);
	return 0;
}

/* " for child a[1]", " for children a[1] and b[2]", " for 11 children" */
static void print_children(FILE *out, size_t nr, const char *listed)
{
	if (nr > CHILDREN_SHOWN)
		fprintf(out, " for %zu children", nr);
	else
		fprintf(out, " for %s %s", nr > 1 ? "children" : "child", listed);
}

/* "8 lookups, h0 to h7.blk.test", "openat and read, /a and /b, 12 times" */
static int print_several(FILE *out, const struct group *group, const struct names *calls,
			 const struct names *objects)
{
	__freeing char *called = names_listed(calls), *listed = names_listed(objects);
	const struct target *target = &group->largest->target;
	bool lookups = group->largest->cause == CAUSE_DNS && objects->nr > 1;
	__freeing char *server = escape_text(target->server ? target->server : "");

	if (!called || !listed || !server)
		return -ENOMEM;
	if (lookups)
		fprintf(out, "%zu lookups", objects->nr);
	else
		fputs(called, out);
	if (target->kind == TARGET_CHILD && *listed)
		print_children(out, objects->nr, listed);
	else if (*listed)
		fprintf(out, "%s%s",
			objects->nr > 1 && (lookups || *called) ? ", "
			: *called				? " "
								: "",
			listed);
	if (lookups && *server)
		fprintf(out, " (server %s)", server);
	if (!lookups && group->count > 1)
		fprintf(out, ", %" PRIu64 " times", group->count);
	return 0;
}

static int print_what(FILE *out, const struct group *group)
{
	struct names calls = { 0 }, objects = { 0 };
	int err = 0;

	if (!slice_is_cpu(group->largest) && group->largest->cause != CAUSE_GIL) {
		err = names_of(&calls, group, call_of);
		if (!err)
			err = names_of(&objects, group, object_of);
	}
	if (!err && calls.nr <= 1 && objects.nr <= 1)
		err = print_single(out, group);
	else if (!err)
		err = print_several(out, group, &calls, &objects);
	names_free(&calls);
	names_free(&objects);
	return err;
}

static char *import_of(const struct group *group, const struct slice *slice)
{
	(void)group;
	return import_words(slice->stack);
}

/* ", import of sqlalchemy.dialects and sqlalchemy.orm" */
static int print_imports(FILE *out, const struct group *group)
{
	struct names modules = { 0 };
	__freeing char *listed = NULL;
	int err = names_of(&modules, group, import_of);

	if (!err && modules.nr) {
		listed = names_listed(&modules);
		err = listed ? 0 : -ENOMEM;
	}
	if (listed)
		fprintf(out, ", import of %s", listed);
	else if (!err && import_runs(group->largest->stack))
		fputs(", import", out);
	names_free(&modules);
	return err;
}

/* -- who -- */

static int print_party(FILE *out, const char *what, const struct party *party)
{
	__freeing char *thread = words_thread(party->comm, party->pid, party->tid);

	if (!thread)
		return -ENOMEM;
	fprintf(out, ", %s %s", what, thread);
	return 0;
}

static int print_place(FILE *out, const struct party *party)
{
	const struct frame *frame = place_of(party->stack);
	__freeing char *place = frame ? fold_place(frame) : strdup("");

	if (!place)
		return -ENOMEM;
	if (*place)
		fprintf(out, " in %s", place);
	return 0;
}

/* Has it been named with what it did? */
static bool is_culprit(const struct slice *slice, const struct party *party)
{
	for (size_t i = 0; i < slice->culprits.nr; i++)
		if (slice->culprits.v[i].pid == party->pid &&
		    (!slice->culprits.v[i].tid || slice->culprits.v[i].tid == party->tid))
			return true;
	return false;
}

static bool is_same_party(const struct party *a, const struct party *b)
{
	return a->pid == b->pid && a->tid == b->tid;
}

static bool is_unix(const struct target *target)
{
	return target->proto && !strcmp(target->proto, "unix");
}

/* Of this machine only, and not connected: whoever connects or sends does so in the call that wakes. */
static bool is_local_listener(const struct target *target)
{
	return target->kind == TARGET_SOCKET && !target->peer && target->local &&
	       (!strncmp(target->local, "127.", 4) || !strncmp(target->local, "[::1]:", 6));
}

static bool is_open(const char *syscall)
{
	return syscall && (!strcmp(syscall, "open") || !strcmp(syscall, "openat") ||
			   !strcmp(syscall, "openat2"));
}

/*
 * Who ended the wait is who was waited for. Of a descriptor that another has the end of, and
 * of a device, it may be who just ran then, a thread of the kernel's for one.
 */
static bool says_waker(const struct slice *slice)
{
	const struct party *waker = &slice->waker;

	/* a child that ended is named as what was waited for */
	if (!waker->pid || is_same_party(waker, &slice->holder) ||
	    waker->pid == slice->target.pid || is_culprit(slice, waker))
		return false;
	switch (slice->cause) {
	case CAUSE_GIL:
	case CAUSE_LOCK:
	case CAUSE_CHILD:
	case CAUSE_IPC: /* nothing but a program sends and posts */
		return true;
	case CAUSE_FILE: /* open() of a FIFO or a leased file waits for another program */
		return is_open(slice->syscall) && waker->stack && waker->stack->nr;
	case CAUSE_OTHER:
	case CAUSE_POLL:
	case CAUSE_TTY:
		return waker->stack && waker->stack->nr;
	case CAUSE_PIPE:
	case CAUSE_SOCKET:
		if (!waker->stack || !waker->stack->nr)
			return false;
		/* the other end is this process's own: which of its threads it was */
		if (slice->target.peer_pid)
			return slice->target.peer_pid == waker->pid && waker->tid != waker->pid;
		return slice->cause == CAUSE_PIPE || is_unix(&slice->target) ||
		       is_local_listener(&slice->target);
	default:
		return false;
	}
}

static int print_waker(FILE *out, const struct party *waker)
{
	const struct frame *frame = place_of(waker->stack);
	int err = print_party(out, "woken by", waker);

	/* how a library wakes is no news */
	if (err || (frame && frame->kind == FRAME_NATIVE && frame_owner(frame) != FRAME_OF_USER))
		return err;
	return print_place(out, waker);
}

static int print_parties(FILE *out, const struct slice *slice)
{
	const struct party *holder = &slice->holder;
	enum cause cause = slice->cause;
	int err = 0;

	/* words_detail() has named that of the GIL */
	if (holder->pid && cause != CAUSE_GIL && !has_owner(slice))
		err = print_party(out, "held by", holder);
	if (!err && holder->pid && !has_owner(slice))
		err = print_place(out, holder);
	if (!err && says_waker(slice))
		err = print_waker(out, &slice->waker);
	return err;
}

static int print_reason(FILE *out, const struct group *group, uint64_t whole_ns)
{
	const struct slice *slice = with_parties(group);
	bool calls = !slice_is_cpu(slice) && slice->cause != CAUSE_GIL;
	char sum[DURATION_BYTES];
	int err = print_what(out, group);

	words_duration(group->ns, sum);
	if (calls && whole_ns &&
	    (group->count > 1 || group->nr > 1 || group->ns / WHOLE_PERCENT < whole_ns / 100))
		fprintf(out, ", %s", sum);
	if (!err)
		err = print_imports(out, group);
	if (!err)
		err = print_parties(out, slice);
	return err ? err : culprits_words(out, &slice->culprits);
}

/* What a memory stream holds, without the separator that nothing stands before. */
static char *without_comma(char *text)
{
	if (starts_with(text, ", "))
		memmove(text, text + 2, strlen(text + 2) + 1);
	return text;
}

char *reason_words(const struct group *group, uint64_t whole_ns)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int err;

	if (!out)
		return NULL;
	err = print_reason(out, group, whole_ns);
	if (fclose(out) || err) {
		free(text);
		return NULL;
	}
	return without_comma(text);
}

/* -- for which tasks -- */

static int print_shares(FILE *out, const struct names *tasks)
{
	for (size_t i = 0; i < tasks->nr; i++) {
		char share[DURATION_BYTES];

		words_duration(tasks->v[i].ns, share);
		fprintf(out, "%s%s %s",
			!i		     ? ""
			: i + 1 == tasks->nr ? " and "
					     : ", ",
			tasks->v[i].text, share);
	}
	return 0;
}

static int print_tasks(FILE *out, const struct names *tasks)
{
	__freeing char *listed = NULL;

	if (!tasks->nr)
		return 0;
	if (tasks->nr == 1) {
		fprintf(out, "task %s", tasks->v[0].text);
		return 0;
	}
	fprintf(out, "%zu tasks: ", tasks->nr);
	if (tasks->nr <= SHARES_SHOWN)
		return print_shares(out, tasks);
	listed = names_listed(tasks);
	if (!listed)
		return -ENOMEM;
	fputs(listed, out);
	return 0;
}

char *reason_tasks(const struct group *group)
{
	struct names tasks;
	char *text = NULL;
	size_t size = 0;
	FILE *out;
	int err = names_of(&tasks, group, task_of);

	out = err ? NULL : open_memstream(&text, &size);
	if (out)
		err = print_tasks(out, &tasks);
	names_free(&tasks);
	if (!out || fclose(out) || err) {
		free(text);
		return NULL;
	}
	return text;
}
