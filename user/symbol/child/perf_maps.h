/* SPDX-License-Identifier: GPL-2.0-or-later */
/* perf_maps.h - the symbolizer's perf maps: those asked for last, within bounds. */
#ifndef BLOCKPROF_SYMBOL_CHILD_PERF_MAPS_H
#define BLOCKPROF_SYMBOL_CHILD_PERF_MAPS_H

#include <stddef.h>
#include <stdint.h>

#include "symbol/wire/protocol.h"

#define PERF_MAPS_MAX 64

struct perf_map;

/* Begins zeroed. */
struct perf_maps {
	struct {
		uint32_t id; /* request.file */
		struct perf_map *map;
		uint64_t used; /* uses when it was asked last */
	} held[PERF_MAPS_MAX];
	size_t nr;
	uint64_t uses;
	uint64_t expired; /* uses, as perf_maps_expire() was called last */
};

/* REQUEST_MAP_READ and REQUEST_MAP_NAME. Takes fd (-1: none came). 0, or the answer's error. */
int perf_maps_answer(struct perf_maps *maps, const struct request *request, int fd,
		     struct answer *answer);
void perf_maps_expire(struct perf_maps *maps); /* drops those not used since the last call */
void perf_maps_drop(struct perf_maps *maps); /* all */

#endif
