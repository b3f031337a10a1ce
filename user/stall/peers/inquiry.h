/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inquiry.h - what whoever a loop waits for does meanwhile. Made while a block
 * on a socket, pipe or lock lasts, in a turn that is slow already; it goes on
 * from peer to peer, but not far, and not in circles.
 */
#ifndef BLOCKPROF_STALL_PEERS_INQUIRY_H
#define BLOCKPROF_STALL_PEERS_INQUIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "model/model.h"

struct engine;
struct inquiry;
struct loop;

void inquiry_free(struct inquiry *inquiry);

/* A look at those that the loop's block is for, if it lasts and it is time to. */
void inquire(struct engine *engine, struct loop *loop, uint64_t now_ns);
/* A CPU tick hit a process that a loop waits for. */
void inquire_sample(struct engine *engine, const struct bp_suspect_sample *sample);
/* What was found of the block that began at since_ns, up to until_ns, into its slice. ended: it has. */
void inquiry_tell(struct loop *loop, uint64_t since_ns, uint64_t until_ns, bool ended,
		  struct slice *slice);

#endif
