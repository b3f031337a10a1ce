// SPDX-License-Identifier: GPL-2.0-or-later
/* ledger.c - which state of a thread counts as which part of a ledger. */
#include "stall/turn/ledger.h"

uint64_t ledger_end_ns(const struct bp_slot *slot, uint64_t now_ns)
{
	uint64_t cut_ns = slot->cut_ns;

	return cut_ns && cut_ns < now_ns ? cut_ns : now_ns;
}

struct bp_ledger ledger_until(const struct bp_slot *slot, uint64_t at_ns)
{
	uint64_t now_ns = ledger_end_ns(slot, at_ns);
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

static uint64_t keep(uint64_t part, uint64_t *left)
{
	uint64_t kept = part < *left ? part : *left;

	*left -= kept;
	return kept;
}

bool ledger_fit(const struct bp_ledger *from, uint64_t duration_ns, struct ledger *to)
{
	uint64_t left = duration_ns;
	bool whole;

	/* the surest first: what does not fit is cut from the others */
	to->blocked_ns = keep(from->blocked_ns, &left);
	to->cpu_ns = keep(from->cpu_ns, &left);
	to->throttled_ns = keep(from->throttled_ns, &left);
	to->runqueue_ns = keep(from->runqueue_ns, &left);
	to->unknown_ns = left;
	whole = to->blocked_ns == from->blocked_ns && to->cpu_ns == from->cpu_ns &&
		to->throttled_ns == from->throttled_ns && to->runqueue_ns == from->runqueue_ns;
	return whole && from->unknown_ns <= left;
}
