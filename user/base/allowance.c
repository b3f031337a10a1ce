// SPDX-License-Identifier: GPL-2.0-or-later
/* allowance.c - how much of what was spent still counts, and what each leaves of the rest to others. */
#include "base/allowance.h"

#include <stddef.h>

/* Each leaves a part free for so many that it has: a third one finds some after any two. */
#define OWN_PART 3

/* In which a part of what was spent is forgotten: in the long run, what all have may be spent again. */
#define TICK_NS (50 * NS_PER_MS)

static double left_after(uint64_t ticks, uint64_t time_ns)
{
	double left = 1, of_these = 1 - (double)TICK_NS / (double)time_ns;

	for (; ticks; ticks >>= 1, of_these *= of_these)
		if (ticks & 1)
			left *= of_these;
	return left;
}

static const struct allowance_rate *rate_of(const struct allowance *allowance)
{
	static const struct allowance_rate looks = { 40 * NS_PER_MS, 8 * NS_PER_SEC,
						     5 * NS_PER_MS };

	return allowance->rate ? allowance->rate : &looks;
}

/* As it stands now. */
static double *debt_at(const struct allowance *allowance, struct allowance_debt *debt,
		       uint64_t now_ns)
{
	uint64_t tick = now_ns / TICK_NS;

	if (debt->ns > 0 && tick > debt->tick)
		debt->ns *= left_after(tick - debt->tick, rate_of(allowance)->time_ns);
	debt->tick = tick;
	return &debt->ns;
}

/* Those of the process, its user and its cgroup; NULL: of nobody who is counted. */
static void debts_of(struct allowance *allowance, pid_t pid,
		     struct allowance_debt *debts[ALLOWANCE_KINDS])
{
	struct allowance_owner owner = { 0 };

	if (allowance->owner_of)
		owner = allowance->owner_of(allowance->context, pid);

	const uint32_t numbers[ALLOWANCE_KINDS] = { (uint32_t)pid, owner.user, owner.cgroup };

	for (int kind = 0; kind < ALLOWANCE_KINDS; kind++) {
		size_t place = numbers[kind] % ALLOWANCE_PLACES;

		debts[kind] = numbers[kind] ? &allowance->own[kind][place] : NULL;
	}
}

static bool is_within(struct allowance *allowance, pid_t pid, uint64_t now_ns, double credit_ns)
{
	struct allowance_debt *debts[ALLOWANCE_KINDS];
	double all_ns = *debt_at(allowance, &allowance->all, now_ns);

	if (all_ns > credit_ns)
		return false;
	debts_of(allowance, pid, debts);
	for (int kind = 0; kind < ALLOWANCE_KINDS; kind++)
		if (debts[kind] &&
		    all_ns + *debt_at(allowance, debts[kind], now_ns) / OWN_PART > credit_ns)
			return false;
	return true;
}

bool allowance_is_left(struct allowance *allowance, pid_t pid, uint64_t now_ns)
{
	return is_within(allowance, pid, now_ns, (double)rate_of(allowance)->credit_ns);
}

bool allowance_is_ample(struct allowance *allowance, pid_t pid, uint64_t now_ns)
{
	return is_within(allowance, pid, now_ns, (double)rate_of(allowance)->credit_ns / 2);
}

void allowance_pay(struct allowance *allowance, pid_t pid, uint64_t now_ns, uint64_t spent_ns)
{
	uint64_t most_ns = rate_of(allowance)->most_ns;
	double ns = (double)(spent_ns < most_ns ? spent_ns : most_ns);
	struct allowance_debt *debts[ALLOWANCE_KINDS];

	debts_of(allowance, pid, debts);
	*debt_at(allowance, &allowance->all, now_ns) += ns;
	for (int kind = 0; kind < ALLOWANCE_KINDS; kind++)
		if (debts[kind])
			*debt_at(allowance, debts[kind], now_ns) += ns;
	allowance->spent_ns += spent_ns;
}
