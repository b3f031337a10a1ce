// SPDX-License-Identifier: GPL-2.0-or-later
/* loss.c - the table of what can be lost: its key in JSON, and its words. */
#include "model/loss.h"

#include <string.h>

static const struct {
	const char *name;
	const char *words;
} losses[LOSS_NR] = {
	[LOSS_SLICES_RING_FULL] = { "slices_ring_full", "slices (ring buffer full)" },
	[LOSS_SAMPLES_RING_FULL] = { "samples_ring_full", "CPU samples (ring buffer full)" },
	[LOSS_TURNS_RING_FULL] = { "turns_ring_full", "stalls (ring buffer full)" },
	[LOSS_CANDIDATES_RING_FULL] = { "candidates_ring_full",
					"candidates for loops (ring buffer full)" },
	[LOSS_PROCESSES_RING_FULL] = { "processes_ring_full",
				       "events of processes (ring buffer full)" },
	[LOSS_THREADS_NOT_WATCHED] = { "threads_not_watched", "threads (no storage for them)" },
	[LOSS_LOOPS_WITHOUT_SLOT] = { "loops_without_slot", "loops (more than there are slots)" },
	[LOSS_STACKS_SKIPPED] = { "stacks_skipped", "stacks (too many in too short a time)" },
	[LOSS_PYTHON_FRAMES_NOT_IN_MEMORY] = { "python_frames_not_in_memory",
					       "outer ends of Python stacks (not in memory)" },
	[LOSS_PROCESSES_MAP_FULL] = { "processes_map_full", "processes (more than fit)" },
	[LOSS_SUSPECT_SAMPLES_RING_FULL] = { "suspect_samples_ring_full",
					     "CPU samples of processes that a loop waited for "
					     "(ring "
					     "buffer full)" },
	[LOSS_STACK_COPIES_RING_FULL] = { "stack_copies_ring_full",
					  "copies of stacks (ring buffer half full)" },
	[LOSS_STACK_COPIES_WITHOUT_ROOM] = { "stack_copies_without_room",
					     "copies of stacks (too many at a time)" },
	[LOSS_IMPACTS_RING_FULL] = { "impacts_ring_full",
				     "lists of who waited for a stall (ring buffer full)" },
	[LOSS_ITERATIONS_FAILED] = { "thread_iterations_failed",
				     "iterations over the threads (refused by the kernel)" },
	[LOSS_RECORDS_UNREAD] = { "records_unread", "records (not read when the watch ended)" },
	[LOSS_SLICES_WITHOUT_PLACE] = { "slices_without_place",
					"places of slices (too many at a time)" },
	[LOSS_STACKS_CUT] = { "stacks_cut", "outer ends of stacks (too deep)" },
	[LOSS_STACKS_TOO_EARLY] = { "stacks_too_early",
				    "stacks (blocked before the thread was watched)" },
	[LOSS_TURNS_DOUBTFUL] = { "turns_doubtful", "turns (each may have been several)" },
	[LOSS_BUSY_MS_UNWATCHED] = { "busy_ms_unwatched",
				     "ms of loops too busy to be watched all the time" },
	[LOSS_PROCESSES_UNWATCHED] = { "processes_unwatched",
				       "processes that were wanted (more than fit)" },
	[LOSS_LEDGERS_CUT] = { "ledgers_cut", "ledgers (did not add up)" },
	[LOSS_SOURCES_UNSHARED] = { "sources_unshared",
				    "loops whose threads are judged one by one (too many such)" },
	[LOSS_LOOKS_REFUSED] = { "looks_refused",
				 "looks at a process's own threads and descriptors (would have "
				 "cost too much)" },
	[LOSS_PEERS_NOT_LOOKED_FOR] = { "peers_not_looked_for",
					"questions who is at the other end (looking would have "
					"cost too much)" },
	[LOSS_SYMBOL_LOOKUPS_FAILED] = { "symbol_lookups_failed",
					 "names of frames (symbolizer failed)" },
	[LOSS_SYMBOL_FILES_REFUSED] = { "symbol_files_refused",
					"files without names (too large or malformed)" },
	[LOSS_SYMBOL_LINES_LEFT_OUT] = { "symbol_lines_left_out",
					 "places without lines (debug information too large, "
					 "damaged or split)" },
	[LOSS_SYMBOLIZER_RESTARTS] = { "symbolizer_restarts", "symbolizers (restarted)" },
	[LOSS_READER_RESTARTS] = { "reader_restarts", "readers of memory and files (restarted)" },
	[LOSS_PYTHON_NAMES_UNREAD] = { "python_names_unread",
				       "names of Python frames (not read in time)" },
	[LOSS_JAVASCRIPT_NAMES_UNREAD] = { "javascript_names_unread",
					   "names of JavaScript frames (not read in time)" },
	[LOSS_MAPS_CUT] = { "maps_cut", "mappings (too many in a process)" },
	[LOSS_PERF_MAPS_REFUSED] = { "perf_maps_refused",
				     "perf maps (not the process's own, or no files)" },
	[LOSS_PERF_MAP_LINES_CUT] = { "perf_map_lines_cut",
				      "lines of perf maps (malformed, or too many)" },
	[LOSS_HANDLERS_DROPPED] = { "handlers_dropped",
				    "runs of --on-stall's command (too many at once)" },
	[LOSS_THREADS_LEFT_OUT] = { "threads_left_out", "more threads than are listed" },
	[LOSS_TASKS_UNSTEADY] = { "tasks_unsteady", "tasks changed each time they were read" },
	[LOSS_TASKS_UNREADABLE] = { "tasks_unreadable",
				    "tasks are not of asyncio's C module, and cannot be read" },
	[LOSS_TASKS_LEFT_OUT] = { "tasks_left_out", "more tasks than are listed" },
};

/* Stalls may have gone unseen by it. */
static const bool hides_stalls[LOSS_NR] = {
	[LOSS_TURNS_RING_FULL] = true,	   [LOSS_CANDIDATES_RING_FULL] = true,
	[LOSS_PROCESSES_RING_FULL] = true, [LOSS_THREADS_NOT_WATCHED] = true,
	[LOSS_LOOPS_WITHOUT_SLOT] = true,  [LOSS_PROCESSES_MAP_FULL] = true,
	[LOSS_ITERATIONS_FAILED] = true,   [LOSS_RECORDS_UNREAD] = true,
	[LOSS_BUSY_MS_UNWATCHED] = true,   [LOSS_PROCESSES_UNWATCHED] = true,
};

const char *loss_name(enum loss loss)
{
	return losses[loss].name;
}

/* By its name; -1: this version does not know it. */
static int find(const char *name)
{
	for (int loss = 0; loss < LOSS_NR; loss++)
		if (!strcmp(losses[loss].name, name))
			return loss;
	return -1;
}

const char *loss_words(const char *name)
{
	int loss = find(name);

	return loss < 0 ? name : losses[loss].words;
}

bool loss_hides_stalls(const char *name)
{
	int loss = find(name);

	return loss >= 0 && hides_stalls[loss];
}
