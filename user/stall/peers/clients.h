/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clients.h - who waited at the descriptors that had become ready while a turn ran. */
#ifndef BLOCKPROF_STALL_PEERS_CLIENTS_H
#define BLOCKPROF_STALL_PEERS_CLIENTS_H

#include "bpf/abi.h"

struct engine;
struct loop;

/* What the kernel side saw at the turn's end is kept for its report. */
void clients_note(struct engine *engine, struct loop *loop, const struct bp_impact *record);

#endif
