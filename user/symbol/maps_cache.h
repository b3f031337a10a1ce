/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * maps_cache.h - the maps of the processes whose addresses were asked for.
 *
 * Kept by (pid, start time), the least recently asked dropped first, and kept
 * when the process is gone, until maps_cache_forget().
 */
#ifndef BLOCKPROF_SYMBOL_MAPS_CACHE_H
#define BLOCKPROF_SYMBOL_MAPS_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/maps.h"

struct maps_cache;
struct memory_source;

/* source: of the processes; outlives it. */
int maps_cache_new(struct maps_cache **out, struct memory_source *source);
void maps_cache_free(struct maps_cache *cache);

/* An address that a process can have something at. */
bool maps_cache_may_have(uint64_t addr);
/*
 * The mapping of process pid at addr; NULL: none, or the process cannot be
 * read. *maps and the mapping live until the next call; mapping->tag is the
 * caller's until the maps are read again, then 0.
 */
struct mapping *maps_cache_find(struct maps_cache *cache, pid_t pid, uint64_t addr,
				struct maps **maps);
/*
 * The same, and the number of the reading that the maps are of, which is never
 * used again and stays as long as nothing changed; 0: they cannot be read.
 */
uint64_t maps_cache_reading(struct maps_cache *cache, pid_t pid, uint64_t addr, struct maps **maps);
/* A mark of the caller's on these maps of the process, until they are read again. */
void maps_cache_mark(struct maps_cache *cache, pid_t pid);
bool maps_cache_is_marked(struct maps_cache *cache, pid_t pid);
void maps_cache_forget(struct maps_cache *cache, pid_t pid);
/* All processes: no tag is left after it. */
void maps_cache_clear(struct maps_cache *cache);
/* Lines of maps that a limit cut, in all that were read. */
uint64_t maps_cache_cut(const struct maps_cache *cache);

#endif
