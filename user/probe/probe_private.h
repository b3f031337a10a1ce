/* SPDX-License-Identifier: GPL-2.0-or-later */
/* probe_private.h - what the files behind probe.h share. Each part is touched by the file that is named. */
#ifndef BLOCKPROF_PROBE_PROBE_PRIVATE_H
#define BLOCKPROF_PROBE_PROBE_PRIVATE_H

#include "blockprof.skel.h"
#include "probe/features.h"
#include "probe/probe.h"

struct slots {
	unsigned int nr; /* valid numbers: 1 to this */
	struct bp_slot *slot; /* mapped, nr + 1 of them */
	struct bp_slice *slice; /* likewise */
	struct bp_cell *cell; /* mapped, BP_CELLS of them */
	size_t slot_bytes;
	size_t slice_bytes;
};

struct probe {
	struct blockprof_bpf *skel;
	/* probe.c */
	struct waits *waits;
	struct sampler *sampler; /* NULL: there is no clock to sample by */
	struct bpf_link *faults; /* attached while samples are on */
	struct records *records;
	struct name_value features[FEATURES_NR];
	bool waits_always; /* the wait programs stay attached */
	/* slots.c */
	struct slots slots;
	/* watch.c */
	uint64_t iterations_failed;
};

/* Maps the arrays of a loaded skeleton and hands all slots but 0 to the kernel side. 0 or -errno. */
int slots_map(struct probe *probe, unsigned int nr);
void slots_unmap(struct probe *probe);

#endif
