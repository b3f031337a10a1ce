/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger.h - a turn's ledger: brought up to now, and made to add up. */
#ifndef BLOCKPROF_STALL_TURN_LEDGER_H
#define BLOCKPROF_STALL_TURN_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"

/* The ledger of the turn that a slot is in (all 0 if in none), its present state counted up to now_ns. */
struct bp_ledger ledger_until(const struct bp_slot *slot, uint64_t now_ns);

/*
 * The model's ledger of a turn of duration_ns. What the parts lack goes to
 * unknown; false when they are more than the duration, and then they are cut.
 */
bool ledger_fit(const struct bp_ledger *from, uint64_t duration_ns, struct ledger *to);

#endif
