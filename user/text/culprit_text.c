// SPDX-License-Identifier: GPL-2.0-or-later
/* culprit_text.c - how a chain of culprits reads: who was waited for, what that did, for whom it waited. */
#include "text/culprit_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/strings.h"
#include "model/place.h"
#include "text/party_words.h"
#include "text/words.h"
#include "text/wrap.h"

#define MARGIN	       4
#define STACK_ROWS     4 /* the innermost */
#define SHOWN_PERCENT  10
#define SHOWN_DEEDS    3
#define RUNNER_PERCENT 5
#define WHOLE_PERCENT  90 /* nearly all of the time: it is not given */

static bool is_thread(const struct culprit *culprit)
{
	return culprit->kind != CULPRIT_RUNNER && culprit->kind != CULPRIT_CGROUP;
}

static bool is_same_thread(const struct culprit *a, const struct culprit *b)
{
	return a && a->pid && b->kind == a->kind && b->pid == a->pid &&
	       (b->tid == a->tid || !a->tid || !b->tid);
}

/* What it waited for. A culprit behind it is named instead. */
static char *object_of(const struct culprit *culprit)
{
	struct slice slice = { .cause = culprit->cause, .target = culprit->target };
	struct detail detail = { 0 };
	char *text;

	if (culprit->target.kind == TARGET_NONE || culprit->target.kind == TARGET_FUTEX ||
	    culprit->culprits.nr)
		return strdup("");
	/* its deed has the words for that */
	if (culprit->target.kind == TARGET_CHILD && culprit->target.pid)
		return words_thread(culprit->target.comm, culprit->target.pid, 0);
	if (words_detail(&slice, &detail))
		return NULL;
	text = detail_text(&detail);
	detail_free(&detail);
	return text;
}

/* "sat in fsync of /var/lib/db/wal/0001 in flush (db/wal.c:12)" */
static int print_deed(FILE *out, const struct culprit *culprit)
{
	const struct cause_words *words = cause_words(culprit->cause);
	/* an address in another program tells nothing */
	bool placed = !culprit->idle && place_is_named(culprit->stack);
	const struct frame *frame = placed ? place_of(culprit->stack) : NULL;
	__freeing char *call = escape_text(
		culprit->syscall && culprit->cause != CAUSE_FAULT ? culprit->syscall : "");
	const char *deed = culprit->idle && words->idle_deed ? words->idle_deed : words->deed;
	__freeing char *object = object_of(culprit);
	__freeing char *place = frame ? fold_place(frame) : strdup("");

	if (!call || !object || !place)
		return -ENOMEM;
	/* "slept in", where it is not known in what */
	fprintf(out, "%.*s", (int)(strlen(deed) - (!*call && ends_with(deed, " in") ? 3 : 0)),
		deed);
	if (words->joint && *call)
		fprintf(out, " %s", call);
	if (words->joint && *object)
		fprintf(out, "%s%s", words->joint, object);
	if (*place)
		fprintf(out, " in %s", place);
	return 0;
}

/* Where a chain of culprits begins in its sentence. */
enum begin {
	BEGIN_FIRST, /* the thread's own */
	BEGIN_BEHIND, /* of the culprit that the sentence is about already */
};

static int print_chain(FILE *out, const struct culprits *culprits, enum begin begin);

/* One child after the other, of the same name, waited for in the same place: told as one. */
static bool is_alike(const struct culprit *a, const struct culprit *b)
{
	const struct culprit *one = a->culprits.v, *other = b->culprits.v;

	if (!a->seen || !b->seen || !is_same_thread(a, b) || a->cause != b->cause ||
	    !same_string(a->syscall, b->syscall) || a->culprits.nr != 1 || b->culprits.nr != 1)
		return false;
	return one->kind == CULPRIT_CHILD && other->kind == CULPRIT_CHILD && !one->cycle &&
	       !other->cycle && !strcmp(one->comm, other->comm) && place_same(a->stack, b->stack);
}

/* What is told at a place of a list. */
struct told {
	size_t nr; /* 0: it was told before */
	uint64_t ns;
	bool same_deed; /* all that were waited for did the same */
};

static struct told told_at(const struct culprits *culprits, size_t at)
{
	const struct culprit *culprit = &culprits->v[at];
	struct told told = { .nr = 1, .ns = culprit->ns };

	for (size_t i = 0; i < culprits->nr; i++) {
		const struct culprit *other = &culprits->v[i];

		if (i == at || !is_alike(culprit, other))
			continue;
		if (i < at)
			return (struct told){ 0 };
		told.same_deed = (told.nr == 1 || told.same_deed) && other->culprits.v->seen &&
				 culprit->culprits.v->seen &&
				 other->culprits.v->cause == culprit->culprits.v->cause;
		told.nr++;
		told.ns += other->ns;
	}
	return told;
}

/* " for several children sleep, which slept in clock_nanosleep": how many were not seen is not known */
static int print_children(FILE *out, const struct told *told, const struct culprit *child)
{
	__freeing char *comm = escape_text(child->comm);

	if (!comm)
		return -ENOMEM;
	fprintf(out, " for several children %s", comm);
	if (!told->same_deed)
		return 0;
	fputs(", which ", out);
	return print_deed(out, child);
}

/* "which sat in fsync of pg_wal/0001 (200 ms), "; nothing where it is not known what it did. */
static int print_did(FILE *out, const struct culprits *all, const struct culprit *culprit,
		     const struct told *told)
{
	char time[DURATION_BYTES];
	int err;

	if (!culprit->seen)
		return 0;
	err = print_deed(out, culprit);
	words_duration(told->ns, time);
	if (culprits_percent(all, told->ns) < WHOLE_PERCENT)
		fprintf(out, " (%s)", time);
	if (err)
		return err;
	return told->nr > 1 ? print_children(out, told, culprit->culprits.v)
			    : print_chain(out, &culprit->culprits, BEGIN_BEHIND);
}

static int print_thread(FILE *out, const struct culprits *all, const struct culprit *culprit,
			const struct told *told, bool behind)
{
	__freeing char *who = party_words(culprit);

	if (!who)
		return -ENOMEM;
	fprintf(out, "%s %s", party_relation(culprit, behind), who);
	if (culprit->cycle) {
		fputs(" in turn: they wait for each other", out);
		return 0;
	}
	if (culprit->seen)
		fputs(", which ", out);
	return print_did(out, all, culprit, told);
}

/* ", meanwhile ran stress[4242] 71%, kworker/1:1[31] 12% and 3 more" */
static int print_runners(FILE *out, const struct culprits *culprits)
{
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < culprits->nr; i++) {
		const struct culprit *culprit = &culprits->v[i];
		unsigned int percent = culprits_percent(culprits, culprit->ns);
		__freeing char *who = NULL;

		if (culprit->kind != CULPRIT_RUNNER)
			continue;
		if (shown && percent < RUNNER_PERCENT) {
			left++;
			continue;
		}
		who = words_thread(culprit->comm, culprit->pid, 0);
		if (!who)
			return -ENOMEM;
		fprintf(out, "%s%s %u%%", shown ? ", " : ", meanwhile ran ", who, percent);
		shown++;
	}
	if (left)
		fprintf(out, " and %zu more", left);
	return 0;
}

static int print_cgroup(FILE *out, const struct culprit *culprit)
{
	__freeing char *path = escape_text(culprit->cgroup ? culprit->cgroup : "");
	char quota[DURATION_BYTES], period[DURATION_BYTES];

	if (!path)
		return -ENOMEM;
	if (!culprit->period_ns) {
		fprintf(out, ", cgroup %s: more than its memory.high", path);
		return 0;
	}
	words_duration(culprit->quota_ns, quota);
	words_duration(culprit->period_ns, period);
	fprintf(out, ", cgroup %s: %s of each %s", path, quota, period);
	return 0;
}

/* Another one of the list says what the same process did. */
static bool is_better_known(const struct culprits *culprits, const struct culprit *culprit)
{
	for (size_t i = 0; i < culprits->nr && !culprit->seen && !culprit->cycle; i++)
		if (culprits->v[i].seen && culprits->v[i].pid == culprit->pid &&
		    culprits->v[i].kind == culprit->kind)
			return true;
	return false;
}

/* Is it one of those that are named? before: the last one that was. */
static bool is_shown(const struct culprits *culprits, const struct culprit *culprit,
		     const struct told *told, const struct culprit *before, int shown)
{
	return is_thread(culprit) && told->nr && shown < SHOWN_DEEDS &&
	       !is_better_known(culprits, culprit) &&
	       !(before && culprits_percent(culprits, told->ns) < SHOWN_PERCENT);
}

static int print_chain(FILE *out, const struct culprits *culprits, enum begin begin)
{
	const struct culprit *before = NULL;
	int err = 0, shown = 0;

	for (size_t i = 0; i < culprits->nr && !err; i++) {
		const struct culprit *culprit = &culprits->v[i];
		const struct told told = told_at(culprits, i);

		if (culprit->kind == CULPRIT_CGROUP)
			err = print_cgroup(out, culprit);
		if (!is_shown(culprits, culprit, &told, before, shown))
			continue;
		if (culprit->cycle && begin == BEGIN_FIRST) {
			fputs(party_itself(culprit), out);
		} else if (is_same_thread(before, culprit)) {
			fputs(culprit->seen ? " and " : "", out);
			err = print_did(out, culprits, culprit, &told);
		} else {
			err = print_thread(out, culprits, culprit, &told,
					   begin == BEGIN_BEHIND && !shown);
		}
		before = culprit;
		shown++;
	}
	return err ? err : print_runners(out, culprits);
}

int culprits_words(FILE *out, const struct culprits *culprits)
{
	return print_chain(out, culprits, BEGIN_FIRST);
}

/* -- their stacks -- */

static int print_stack(FILE *out, const struct culprit *culprit, const struct look *look)
{
	__freeing char *who = words_thread(culprit->comm, culprit->pid, culprit->tid);
	const struct fold fold = {
		.call = culprit_is_cpu(culprit) ? NULL : culprit->syscall,
		.margin = MARGIN + 2,
		.innermost = STACK_ROWS,
	};

	if (!who || wrap_printf(out, MARGIN + 2, look, "%*s%s:", MARGIN, "", who))
		return -ENOMEM;
	return fold_print(out, culprit->stack, &fold, look);
}

int culprits_stacks(FILE *out, const struct culprits *culprits, const struct look *look)
{
	const struct culprit *before = NULL;
	int err = 0, shown = 0;

	for (size_t i = 0; i < culprits->nr && !err; i++) {
		const struct culprit *culprit = &culprits->v[i];
		const struct told told = told_at(culprits, i);

		if (!is_shown(culprits, culprit, &told, before, shown))
			continue;
		if (culprit->seen && !culprit->idle &&
		    (look->unfold || place_is_named(culprit->stack)) &&
		    fold_says_more(culprit->stack, look) &&
		    !(is_same_thread(before, culprit) && place_same(before->stack, culprit->stack)))
			err = print_stack(out, culprit, look);
		if (!err)
			err = culprits_stacks(out, &culprit->culprits, look);
		before = culprit;
		shown++;
	}
	return err;
}
