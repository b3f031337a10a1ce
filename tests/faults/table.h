// SPDX-License-Identifier: GPL-2.0-or-later
/* table.h - what a run of blockprof and the test of it share: the places, and which of them is to fail. */
#ifndef BLOCKPROF_TESTS_FAULTS_TABLE_H
#define BLOCKPROF_TESTS_FAULTS_TABLE_H

#include <stdint.h>

#define PLACES_MAX   8192
#define FRAMES_MAX   12
#define CALL_BYTES   24
#define DETAIL_BYTES 32

/* A call, and from where in blockprof it is made. tests/faults/places.py reads this, too. */
struct place {
	uint64_t key; /* 0: free */
	uint32_t count; /* so often the call was made, by all processes */
	uint32_t nr_frames;
	char call[CALL_BYTES];
	char detail[DETAIL_BYTES];
	uint64_t frames[FRAMES_MAX]; /* return addresses in blockprof, as in its file */
};

struct table {
	uint64_t armed; /* key of the place that is to fail; 0: none */
	uint32_t armed_nth; /* when it is reached for the so manieth time */
	uint32_t failed; /* so often it did */
	uint32_t descriptors; /* open at the end of the main process */
	uint32_t left_out; /* calls whose place found no room */
	uint32_t with_memory; /* allocations are places, too */
	struct place places[PLACES_MAX];
};

#endif
