/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * why.h - what cannot be seen of a process, and with -vv why threads are loops or not,
 * and why turns are no stalls, as lines on standard error.
 */
#ifndef BLOCKPROF_CLI_WHY_H
#define BLOCKPROF_CLI_WHY_H

#include "stall/engine.h"

/* For the engine's sink; context is not used. */
void why_thread(void *context, const struct thread_account *account);
void why_discarded(void *context, const struct thread_id *id, enum discard reason, uint64_t ns);
void why_blind(void *context, const struct thread_id *id, enum blind blind);

#endif
