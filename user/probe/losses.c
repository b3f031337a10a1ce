// SPDX-License-Identifier: GPL-2.0-or-later
/* losses.c - which counters of the kernel side, and of this folder, are which losses. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "probe/probe.h"
#include "probe/probe_private.h"
#include "probe/records.h"

#define LOSERS_MAX 1024 /* as many as the kernel side keeps */

/* The kernel side's counters stand in the order of the table's first rows. */
#define SAME(bp, row) _Static_assert((int)(bp) == (int)(row), "one order in bpf/abi.h and loss.h")
SAME(BP_LOSS_SLICE_RING, LOSS_SLICES_RING_FULL);
SAME(BP_LOSS_SAMPLE_RING, LOSS_SAMPLES_RING_FULL);
SAME(BP_LOSS_TURN_RING, LOSS_TURNS_RING_FULL);
SAME(BP_LOSS_CANDIDATE_RING, LOSS_CANDIDATES_RING_FULL);
SAME(BP_LOSS_PROCESS_RING, LOSS_PROCESSES_RING_FULL);
SAME(BP_LOSS_THREADS, LOSS_THREADS_NOT_WATCHED);
SAME(BP_LOSS_SLOTS, LOSS_LOOPS_WITHOUT_SLOT);
SAME(BP_LOSS_STACK_SKIPPED, LOSS_STACKS_SKIPPED);
SAME(BP_LOSS_PYTHON_FAULT, LOSS_PYTHON_FRAMES_NOT_IN_MEMORY);
SAME(BP_LOSS_PROCESSES, LOSS_PROCESSES_MAP_FULL);
SAME(BP_LOSS_OBSERVED_SAMPLE_RING, LOSS_SUSPECT_SAMPLES_RING_FULL);
SAME(BP_LOSS_STACK_COPY_RING, LOSS_STACK_COPIES_RING_FULL);
SAME(BP_LOSS_STACK_COPY_ROOM, LOSS_STACK_COPIES_WITHOUT_ROOM);
SAME(BP_LOSS_IMPACT_RING, LOSS_IMPACTS_RING_FULL);
SAME(BP_LOSS_NR, LOSS_KERNEL_NR);

uint64_t probe_loss(const struct probe *probe, enum loss loss)
{
	uint64_t count = 0;

	if (loss < LOSS_KERNEL_NR)
		count = __atomic_load_n(&probe->skel->bss->losses[loss], __ATOMIC_RELAXED);
	count += records_left_out(probe->records, loss);
	/* before the end they are only late */
	if (loss == LOSS_RECORDS_UNREAD && !probe->skel->bss->armed)
		count = records_waiting(probe->records);
	if (loss == LOSS_ITERATIONS_FAILED)
		count = probe->iterations_failed;
	return count;
}

uint64_t probe_switches_unseen(const struct probe *probe)
{
	return __atomic_load_n(&probe->skel->bss->switches_unseen, __ATOMIC_RELAXED);
}

void probe_losers(struct probe *probe, probe_loser_fn *fn, void *context)
{
	int map = bpf_map__fd(probe->skel->maps.losers);
	uint32_t pid, lost;

	/* those that come meanwhile come again: the map bounds them */
	for (int i = 0; i < LOSERS_MAX && !bpf_map_get_next_key(map, NULL, &pid); i++) {
		if (bpf_map_lookup_elem(map, &pid, &lost))
			lost = 0;
		bpf_map_delete_elem(map, &pid);
		fn(context, (pid_t)pid, lost);
	}
}
