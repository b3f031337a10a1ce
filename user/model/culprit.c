// SPDX-License-Identifier: GPL-2.0-or-later
/* culprit.c - the table of kinds of culprits, and how those of a slice are merged and ordered. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/strings.h"
#include "model/model.h"

/* Of one slice, or behind one other culprit. A further one takes the place of the least, if it is larger. */
#define CULPRITS_MAX 12

static const struct {
	const char *name;
	const char *meaning;
} kinds[CULPRIT_KIND_NR] = {
	[CULPRIT_PEER] = { "peer", "the process of this machine at the other end" },
	[CULPRIT_OWNER] = { "owner", "who holds the lock: the GIL, one of glibc's, or of a file" },
	[CULPRIT_WAKER] = { "waker", "who ended the wait for a condition, a future" },
	[CULPRIT_TRACER] = { "tracer", "who traces the thread that was stopped: a debugger" },
	[CULPRIT_CHILD] = { "child", "the child process whose end is waited for" },
	[CULPRIT_SERVER] = { "server",
			     "who answers for the file: FUSE, a scanner, another machine" },
	[CULPRIT_SYNCER] = { "syncer", "a thread that writes out the same file system meanwhile" },
	[CULPRIT_SERVICE] = { "service", "who has the name that is called on a message bus" },
	[CULPRIT_RUNNER] = { "runner", "a process that ran instead, on the same CPU" },
	[CULPRIT_CGROUP] = { "cgroup", "the nearest whose CPU quota or memory.high was used up" },
};

const char *culprit_kind_name(enum culprit_kind kind)
{
	return kinds[(unsigned int)kind < CULPRIT_KIND_NR ? kind : CULPRIT_PEER].name;
}

const char *culprit_kind_meaning(enum culprit_kind kind)
{
	return kinds[(unsigned int)kind < CULPRIT_KIND_NR ? kind : CULPRIT_PEER].meaning;
}

enum culprit_kind culprit_kind_parse(const char *name)
{
	unsigned int kind = 0;

	while (kind < CULPRIT_KIND_NR && strcmp(kinds[kind].name, name) != 0)
		kind++;
	return (enum culprit_kind)kind;
}

static const char *const doubts[CULPRIT_DOUBT_NR] = {
	[CULPRIT_SAME_FILE_SYSTEM] = "same_file_system",
	[CULPRIT_ONE_OF_SEVERAL] = "one_of_several",
};

const char *culprit_doubt_name(enum culprit_doubt doubt)
{
	return (unsigned int)doubt < CULPRIT_DOUBT_NR ? doubts[doubt] : NULL;
}

enum culprit_doubt culprit_doubt_parse(const char *name)
{
	/* a later version may know more of them */
	enum culprit_doubt doubt = CULPRIT_ONE_OF_SEVERAL;

	for (unsigned int i = 1; i < CULPRIT_DOUBT_NR; i++)
		if (!strcmp(doubts[i], name))
			doubt = (enum culprit_doubt)i;
	return doubt;
}

bool culprit_is_cpu(const struct culprit *culprit)
{
	return culprit->cause == CAUSE_CPU || (culprit->cause == CAUSE_GC && !culprit->syscall);
}

void culprit_clear(struct culprit *culprit)
{
	free(culprit->syscall);
	free(culprit->cgroup);
	free(culprit->name);
	target_free(&culprit->target);
	stack_put(culprit->stack);
	culprits_free(&culprit->culprits);
	*culprit = (struct culprit){ 0 };
}

static bool same(const struct culprit *a, const struct culprit *b)
{
	return a->kind == b->kind && a->pid == b->pid && a->tid == b->tid && a->seen == b->seen &&
	       a->doubt == b->doubt && a->idle == b->idle && a->cycle == b->cycle &&
	       a->cause == b->cause && a->quota_ns == b->quota_ns && a->period_ns == b->period_ns &&
	       same_string(a->syscall, b->syscall) && same_string(a->cgroup, b->cgroup) &&
	       same_string(a->name, b->name) && target_equal(&a->target, &b->target) &&
	       stack_equal(a->stack, b->stack);
}

static void merge(struct culprit *into, struct culprit *from)
{
	into->ns = add_saturated(into->ns, from->ns);
	for (size_t i = 0; i < from->culprits.nr; i++)
		culprits_add(&into->culprits, &from->culprits.v[i]);
	culprit_clear(from);
}

int culprits_add(struct culprits *culprits, struct culprit *from)
{
	struct culprit *least = culprits->v, *v;

	for (size_t i = 0; i < culprits->nr; i++) {
		if (same(&culprits->v[i], from)) {
			merge(&culprits->v[i], from);
			return 0;
		}
		if (culprits->v[i].ns < least->ns)
			least = &culprits->v[i];
	}
	if (culprits->nr == CULPRITS_MAX) {
		if (least->ns < from->ns) {
			culprit_clear(least);
			*least = *from;
			*from = (struct culprit){ 0 };
		} else {
			culprit_clear(from);
		}
		return 0;
	}
	v = realloc(culprits->v, (culprits->nr + 1) * sizeof(*v));
	if (!v) {
		culprit_clear(from);
		return -ENOMEM;
	}
	culprits->v = v;
	v[culprits->nr++] = *from;
	*from = (struct culprit){ 0 };
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct culprit *a = left, *b = right;
	int order = compare_numbers(b->ns, a->ns);

	if (!order)
		order = compare_numbers((uint64_t)a->pid, (uint64_t)b->pid);
	if (!order)
		order = compare_numbers((uint64_t)a->tid, (uint64_t)b->tid);
	if (!order)
		order = compare_numbers(a->cause, b->cause);
	if (!order)
		order = compare_numbers(a->stack ? a->stack->hash : 0,
					b->stack ? b->stack->hash : 0);
	return order;
}

void culprits_sort(struct culprits *culprits)
{
	for (size_t i = 0; i < culprits->nr; i++)
		culprits_sort(&culprits->v[i].culprits);
	if (culprits->nr)
		qsort(culprits->v, culprits->nr, sizeof(culprits->v[0]), compare);
}

void culprits_free(struct culprits *culprits)
{
	for (size_t i = 0; i < culprits->nr; i++)
		culprit_clear(&culprits->v[i]);
	free(culprits->v);
	*culprits = (struct culprits){ 0 };
}

size_t culprits_bytes(const struct culprits *culprits)
{
	size_t bytes = culprits->nr * sizeof(culprits->v[0]);

	for (size_t i = 0; i < culprits->nr; i++) {
		const struct culprit *culprit = &culprits->v[i];

		bytes += (culprit->stack ? culprit->stack->bytes : 0) +
			 culprits_bytes(&culprit->culprits);
	}
	return bytes;
}

static int copy(struct culprit *to, const struct culprit *from)
{
	int err;

	*to = *from;
	to->stack = stack_get(from->stack);
	err = copy_string(&to->syscall, from->syscall);
	err |= copy_string(&to->cgroup, from->cgroup);
	err |= copy_string(&to->name, from->name);
	err |= target_copy(&to->target, &from->target);
	err |= culprits_copy(&to->culprits, &from->culprits);
	if (err)
		culprit_clear(to);
	return err ? -ENOMEM : 0;
}

int culprits_copy(struct culprits *to, const struct culprits *from)
{
	*to = (struct culprits){ 0 };
	if (!from->nr)
		return 0;
	to->v = calloc(from->nr, sizeof(to->v[0]));
	if (!to->v)
		return -ENOMEM;
	for (; to->nr < from->nr; to->nr++) {
		int err = copy(&to->v[to->nr], &from->v[to->nr]);

		if (err) {
			culprits_free(to);
			return err;
		}
	}
	return 0;
}

unsigned int culprits_percent(const struct culprits *culprits, uint64_t ns)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < culprits->nr; i++)
		sum = add_saturated(sum, culprits->v[i].ns);
	return sum ? (unsigned int)((double)ns * 100 / (double)sum + 0.5) : 0;
}
