// SPDX-License-Identifier: GPL-2.0-or-later
/* cpu_parties.c - which parties a turn's CPU time, or the lack of it, has; and which limit held it back. */
#include "capture/cpu_parties.h"

#include <string.h>

#include "proc/quota.h"

/* That of the ledger's time, which no call has. */
static struct slice *slice_of(struct slices *slices, enum cause cause)
{
	for (size_t i = 0; i < slices->nr; i++)
		if (slices->v[i].cause == cause && !slices->v[i].stack)
			return &slices->v[i];
	return NULL;
}

void cpu_add_runners(struct slices *slices, const struct bp_runner runners[BP_RUNNERS])
{
	struct slice *slice = slice_of(slices, CAUSE_RUNQUEUE);

	for (size_t i = 0; slice && i < BP_RUNNERS && runners[i].tgid; i++) {
		struct culprit culprit = { .kind = CULPRIT_RUNNER,
					   .pid = (pid_t)runners[i].tgid,
					   .ns = runners[i].ns };

		memcpy(culprit.comm, runners[i].comm, sizeof(culprit.comm) - 1);
		culprits_add(&slice->culprits, &culprit);
	}
	if (slice)
		culprits_sort(&slice->culprits);
}

void cpu_add_quota(struct slices *slices, pid_t pid)
{
	struct slice *slice = slice_of(slices, CAUSE_THROTTLED);
	struct culprit culprit = { .kind = CULPRIT_CGROUP };
	struct quota quota;

	if (!slice || quota_find(pid, &quota))
		return;
	culprit.cgroup = quota.path;
	culprit.quota_ns = quota.quota_ns;
	culprit.period_ns = quota.period_ns;
	culprits_add(&slice->culprits, &culprit);
}

void memory_add_limit(struct slice *slice, pid_t pid)
{
	struct culprit culprit = { .kind = CULPRIT_CGROUP };
	struct quota limit;

	if (memory_high_find(pid, &limit))
		return;
	culprit.cgroup = limit.path;
	culprits_add(&slice->culprits, &culprit);
}
