// SPDX-License-Identifier: GPL-2.0-or-later
/* ledger.c - the parts that a ledger adds up. */
#include "model/model.h"

uint64_t ledger_sum(const struct ledger *ledger)
{
	return ledger->cpu_ns + ledger->runqueue_ns + ledger->throttled_ns + ledger->blocked_ns +
	       ledger->unknown_ns;
}
