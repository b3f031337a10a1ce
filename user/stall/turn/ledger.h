/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ledger.h - a turn's ledger: brought up to now, and made to add up. */
#ifndef BLOCKPROF_STALL_TURN_LEDGER_H
#define BLOCKPROF_STALL_TURN_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"

/* Up to when the turn that a slot is in lasts: now_ns, or when another thread served its source. */
uint64_t ledger_end_ns(const struct bp_slot *slot, uint64_t now_ns);
/* The ledger of the turn that a slot is in (all 0 if in none), its present state counted up to then. */
struct bp_ledger ledger_until(const struct bp_slot *slot, uint64_t now_ns);

/*
 * The model's ledger of a turn of duration_ns. What the parts lack goes to
 * unknown; false when they are more than the duration, and then they are cut.
 */
bool ledger_fit(const struct bp_ledger *from, uint64_t duration_ns, struct ledger *to);

#endif
