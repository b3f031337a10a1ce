/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf_map.h - names of code that was made at run time, from the text file that
 * its maker writes for perf: lines "START SIZE name", numbers in hex (the
 * kernel's tools/perf/Documentation/jit-interface.txt).
 *
 * The file is hostile: what is kept is bounded, what is left out is counted.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_PERF_MAP_H
#define BLOCKPROF_SYMBOL_CHILD_PERF_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERF_MAP_NAME_BYTES 512 /* longer names are cut */

struct perf_map;

int perf_map_new(struct perf_map **out);
void perf_map_free(struct perf_map *map);

/*
 * Reads on where the last reading ended, or from the start if what was read has
 * changed; only a part of what is there when that is long: *more then. A last
 * line without its newline is left for later. 0 or -errno.
 */
int perf_map_read(struct perf_map *map, int fd, bool *more);
/* The name of the code at addr; NULL: none. Valid until the next reading. */
const char *perf_map_find(const struct perf_map *map, uint64_t addr, uint64_t *start);
/* Lines left out so far: malformed ones, and those for which there is no room. */
uint64_t perf_map_cut(const struct perf_map *map);
size_t perf_map_bytes(const struct perf_map *map);

#endif
