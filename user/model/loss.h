/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loss.h - what could not be kept. Everything that is lost is counted by kind and
 * shown: under "lost" in JSON, as a line in text.
 */
#ifndef BLOCKPROF_MODEL_LOSS_H
#define BLOCKPROF_MODEL_LOSS_H

#include <stdbool.h>
#include <stdint.h>

/* A new kind takes a row in loss.c and a key in scripts/blockprof.schema.json. */
enum loss {
	/* Counted by the kernel side: as enum bp_loss in bpf/abi.h, in its order. */
	LOSS_SLICES_RING_FULL,
	LOSS_SAMPLES_RING_FULL,
	LOSS_TURNS_RING_FULL,
	LOSS_CANDIDATES_RING_FULL,
	LOSS_PROCESSES_RING_FULL,
	LOSS_THREADS_NOT_WATCHED,
	LOSS_LOOPS_WITHOUT_SLOT,
	LOSS_STACKS_SKIPPED,
	LOSS_PYTHON_FRAMES_NOT_IN_MEMORY,
	LOSS_PROCESSES_MAP_FULL,
	LOSS_SUSPECT_SAMPLES_RING_FULL,
	LOSS_STACK_COPIES_RING_FULL, /* and by probe/records.c */
	LOSS_STACK_COPIES_WITHOUT_ROOM,
	LOSS_IMPACTS_RING_FULL,
	LOSS_KERNEL_NR,
	/* Counted by probe/. */
	LOSS_ITERATIONS_FAILED = LOSS_KERNEL_NR,
	LOSS_RECORDS_UNREAD,
	LOSS_PROBE_NR, /* those above are what probe_loss() gives */
	/* Counted by stall/. */
	LOSS_SLICES_WITHOUT_PLACE = LOSS_PROBE_NR,
	LOSS_STACKS_CUT,
	LOSS_STACKS_TOO_EARLY,
	LOSS_TURNS_DOUBTFUL,
	LOSS_BUSY_MS_UNWATCHED,
	LOSS_PROCESSES_UNWATCHED,
	LOSS_LEDGERS_CUT,
	LOSS_SOURCES_UNSHARED,
	LOSS_LOOKS_REFUSED,
	LOSS_PEERS_NOT_LOOKED_FOR, /* by proc/peer/peer.c */
	/* Counted by symbol/. */
	LOSS_SYMBOL_LOOKUPS_FAILED,
	LOSS_SYMBOL_FILES_REFUSED,
	LOSS_SYMBOL_LINES_LEFT_OUT,
	LOSS_SYMBOLIZER_RESTARTS,
	LOSS_READER_RESTARTS, /* by reader/ */
	LOSS_PYTHON_NAMES_UNREAD, /* by capture/ */
	LOSS_JAVASCRIPT_NAMES_UNREAD, /* likewise */
	LOSS_MAPS_CUT,
	LOSS_PERF_MAPS_REFUSED,
	LOSS_PERF_MAP_LINES_CUT,
	/* Counted by run/. */
	LOSS_HANDLERS_DROPPED,
	/* Of a dump, counted by dump/. */
	LOSS_THREADS_LEFT_OUT,
	LOSS_TASKS_UNSTEADY,
	LOSS_TASKS_UNREADABLE,
	LOSS_TASKS_LEFT_OUT,
	LOSS_NR,
};

/* The key under "lost". */
const char *loss_name(enum loss loss);
/*
 * What was lost, and why, to stand behind the number: "slices (ring buffer full)".
 * A name that this version does not know stands for itself.
 */
const char *loss_words(const char *name);
/* Whether stalls may have gone unseen by it, not only parts of what is said of them. */
bool loss_hides_stalls(const char *name);

#endif
