// SPDX-License-Identifier: GPL-2.0-or-later
#include "stall/ledger.h"

struct bp_ledger ledger_until(const struct bp_slot *slot, uint64_t now_ns)
{
	struct bp_ledger ledger = slot->turn;
	uint64_t ns = now_ns > slot->since_ns ? now_ns - slot->since_ns : 0;

	if (!slot->in_turn)
		return (struct bp_ledger){ 0 };
	switch (slot->state) {
	case BP_RUNNING:
		ledger.cpu_ns += ns;
		break;
	case BP_RUNNABLE:
		ledger.runqueue_ns += ns;
		break;
	case BP_BLOCKED:
		ledger.blocked_ns += ns;
		break;
	default:
		ledger.unknown_ns += ns;
	}
	return ledger;
}

static bool take(uint64_t *part, uint64_t *over)
{
	uint64_t cut = *part < *over ? *part : *over;

	*part -= cut;
	*over -= cut;
	return *over;
}

bool ledger_fit(const struct bp_ledger *from, uint64_t duration_ns, struct ledger *to)
{
	uint64_t sum, over;

	to->cpu_ns = from->cpu_ns;
	to->runqueue_ns = from->runqueue_ns;
	to->throttled_ns = from->throttled_ns;
	to->blocked_ns = from->blocked_ns;
	to->unknown_ns = from->unknown_ns;
	sum = ledger_sum(to);
	if (sum <= duration_ns) {
		to->unknown_ns += duration_ns - sum;
		return true;
	}
	over = sum - duration_ns;
	(void)(take(&to->unknown_ns, &over) && take(&to->runqueue_ns, &over) &&
	       take(&to->throttled_ns, &over) && take(&to->cpu_ns, &over) &&
	       take(&to->blocked_ns, &over));
	return false;
}
