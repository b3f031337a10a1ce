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
	[CULPRIT_OWNER] = { "owner", "the thread that holds the lock (glibc's mutexes)" },
	[CULPRIT_RUNNER] = { "runner", "a process that ran instead, on the same CPU" },
	[CULPRIT_CGROUP] = { "cgroup", "the nearest one whose CPU quota was used up" },
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

void culprit_clear(struct culprit *culprit)
{
	free(culprit->syscall);
	free(culprit->cgroup);
	target_free(&culprit->target);
	stack_put(culprit->stack);
	culprits_free(&culprit->culprits);
	*culprit = (struct culprit){ 0 };
}

static bool same(const struct culprit *a, const struct culprit *b)
{
	return a->kind == b->kind && a->pid == b->pid && a->tid == b->tid && a->seen == b->seen &&
	       a->idle == b->idle && a->cycle == b->cycle && a->cause == b->cause &&
	       a->quota_ns == b->quota_ns && a->period_ns == b->period_ns &&
	       same_string(a->syscall, b->syscall) && same_string(a->cgroup, b->cgroup) &&
	       target_equal(&a->target, &b->target) && stack_equal(a->stack, b->stack);
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

static int copy(struct culprit *to, const struct culprit *from)
{
	int err;

	*to = *from;
	to->stack = stack_get(from->stack);
	err = copy_string(&to->syscall, from->syscall);
	err |= copy_string(&to->cgroup, from->cgroup);
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
