// SPDX-License-Identifier: GPL-2.0-or-later
/* maps_cache.c - a bounded hash of maps by pid. */
#include "symbol/maps_cache.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/passing.h"
#include "proc/process.h"

#define BUCKETS	      256
#define PROCESSES_MAX 512
#define BYTES_MAX     (4 << 20)

/* A library unloaded and another put in its place would not be noticed otherwise. */
#define AGE_MAX_NS (10 * NS_PER_SEC)
/*
 * Walks by frame pointers give garbage, which is in no mapping: each reading
 * that did not help doubles the time until the next.
 */
#define MISS_MIN_NS (100 * NS_PER_MS)
#define MISS_MAX_NS (5 * NS_PER_SEC)
/*
 * Code that is made at run time is given pages as it needs them: an address
 * beside such code is likely to be of a page that is new. V8 keeps all its code
 * in one range of this size (kMaximalCodeRangeSize).
 */
#define CODE_RANGE_BYTES (128ULL << 20)
#define CODE_MISS_NS	 (20 * NS_PER_MS)
/* No user address of any process: below vm.mmap_min_addr's default, beyond 5-level paging. */
#define ADDR_MIN 0x10000ULL
#define ADDR_MAX (1ULL << 56)

struct space {
	struct space *next;
	pid_t pid;
	uint64_t start_time;
	struct maps *maps; /* NULL: could not be read */
	uint64_t reading; /* its number; 0: none yet */
	uint64_t read_ns;
	uint64_t miss_ns; /* this long after read_ns an address that is in none may ask again */
	uint64_t used; /* cache->uses when it was asked last */
	bool marked; /* the caller's */
};

struct maps_cache {
	struct memory_source *source;
	struct space *buckets[BUCKETS];
	size_t nr;
	size_t bytes;
	uint64_t uses;
	uint64_t cut;
	uint64_t last_reading;
};

static struct space **bucket(struct maps_cache *cache, pid_t pid)
{
	return &cache->buckets[(unsigned int)pid % BUCKETS];
}

static size_t space_bytes(const struct space *space)
{
	return sizeof(*space) + (space->maps ? maps_bytes(space->maps) : 0);
}

static void drop(struct maps_cache *cache, struct space **at)
{
	struct space *space = *at;

	*at = space->next;
	cache->nr--;
	cache->bytes -= space_bytes(space);
	maps_free(space->maps);
	free(space);
}

/* Makes room, but not at the cost of the one that is asked for now. */
static void shrink(struct maps_cache *cache, const struct space *keep)
{
	while (cache->nr > 1 && (cache->nr > PROCESSES_MAX || cache->bytes > BYTES_MAX)) {
		struct space **oldest = NULL;

		for (size_t i = 0; i < BUCKETS; i++)
			for (struct space **at = &cache->buckets[i]; *at; at = &(*at)->next)
				if (*at != keep && (!oldest || (*at)->used < (*oldest)->used))
					oldest = at;
		if (!oldest)
			return;
		drop(cache, oldest);
	}
}

/* Maps read anew, unless the process is gone: then the old ones are the best there is. */
static void space_read(struct maps_cache *cache, struct space *space, uint64_t now_ns)
{
	const struct memory target = { cache->source, space->pid };
	uint64_t start_time = 0;
	struct maps *maps = NULL;
	int err = process_start_time(space->pid, &start_time);

	if (!err)
		err = maps_read(&maps, &target);
	/* without a descriptor or memory it is not known what it has: at the next look */
	space->read_ns = error_is_passing(err) ? 0 : now_ns;
	if (err)
		return;
	/* A zombie, or a process between exec and its first mapping, has none. */
	if (space->maps && space->start_time == start_time && maps_count(maps) == 0) {
		maps_free(maps);
		return;
	}
	if (space->maps && space->start_time == start_time && maps_same(maps, space->maps)) {
		maps_free(maps);
		return;
	}
	cache->cut += maps_cut(maps);
	cache->bytes -= space_bytes(space);
	maps_free(space->maps);
	space->maps = maps;
	space->marked = false;
	space->start_time = start_time;
	space->reading = ++cache->last_reading;
	cache->bytes += space_bytes(space);
}

static struct space *space_known(struct maps_cache *cache, pid_t pid)
{
	for (struct space *space = *bucket(cache, pid); space; space = space->next)
		if (space->pid == pid)
			return space;
	return NULL;
}

static struct space *space_get(struct maps_cache *cache, pid_t pid)
{
	struct space *space = space_known(cache, pid);
	struct space **head = bucket(cache, pid);

	if (space)
		return space;
	space = calloc(1, sizeof(*space));
	if (!space)
		return NULL;
	space->pid = pid;
	space->miss_ns = MISS_MIN_NS;
	space->next = *head;
	*head = space;
	cache->nr++;
	cache->bytes += space_bytes(space);
	space_read(cache, space, clock_coarse_ns());
	shrink(cache, space);
	return space;
}

static struct mapping *space_find(struct space *space, uint64_t addr)
{
	return space->maps ? maps_find(space->maps, addr) : NULL;
}

struct beside_code {
	uint64_t addr;
	bool found;
};

static void look_beside(void *context, const struct mapping *mapping, const char *path)
{
	struct beside_code *beside = context;

	(void)path;
	if (mapping->executable && !mapping->ino &&
	    beside->addr - mapping->start + CODE_RANGE_BYTES < 2 * CODE_RANGE_BYTES)
		beside->found = true;
}

static bool is_beside_code(const struct space *space, uint64_t addr)
{
	struct beside_code beside = { .addr = addr };

	if (space->maps)
		maps_each(space->maps, look_beside, &beside);
	return beside.found;
}

/* How old maps may be that do not have this address. */
static uint64_t miss_age_ns(const struct space *space, uint64_t addr, uint64_t age_ns)
{
	return age_ns >= CODE_MISS_NS && age_ns < space->miss_ns && is_beside_code(space, addr)
		       ? CODE_MISS_NS
		       : space->miss_ns;
}

/* The process with maps that are new enough for an address; NULL: no memory. */
static struct space *space_at(struct maps_cache *cache, pid_t pid, uint64_t addr,
			      struct mapping **out)
{
	struct space *space = space_get(cache, pid);
	struct mapping *mapping;
	uint64_t age_ns;

	if (!space)
		return NULL;
	space->used = ++cache->uses;
	age_ns = clock_coarse_ns() - space->read_ns;
	mapping = space_find(space, addr);
	if (age_ns >= (mapping ? AGE_MAX_NS : miss_age_ns(space, addr, age_ns))) {
		bool missed = !mapping;

		space_read(cache, space, clock_coarse_ns());
		shrink(cache, space);
		mapping = space_find(space, addr);
		if (mapping)
			space->miss_ns = MISS_MIN_NS;
		else if (missed && space->miss_ns < MISS_MAX_NS)
			space->miss_ns *= 2;
	}
	*out = mapping;
	return space;
}

bool maps_cache_may_have(uint64_t addr)
{
	return addr >= ADDR_MIN && addr < ADDR_MAX;
}

struct mapping *maps_cache_find(struct maps_cache *cache, pid_t pid, uint64_t addr,
				struct maps **maps)
{
	struct mapping *mapping = NULL;
	struct space *space;

	if (!maps_cache_may_have(addr))
		return NULL;
	space = space_at(cache, pid, addr, &mapping);
	if (space)
		*maps = space->maps;
	return mapping;
}

uint64_t maps_cache_reading(struct maps_cache *cache, pid_t pid, uint64_t addr, struct maps **maps)
{
	struct mapping *mapping;
	struct space *space = space_at(cache, pid, addr, &mapping);

	if (!space || !space->maps)
		return 0;
	*maps = space->maps;
	return space->reading;
}

void maps_cache_mark(struct maps_cache *cache, pid_t pid)
{
	struct space *space = space_known(cache, pid);

	if (space)
		space->marked = true;
}

bool maps_cache_is_marked(struct maps_cache *cache, pid_t pid)
{
	const struct space *space = space_known(cache, pid);

	return space && space->marked;
}

void maps_cache_forget(struct maps_cache *cache, pid_t pid)
{
	for (struct space **at = bucket(cache, pid); *at; at = &(*at)->next)
		if ((*at)->pid == pid) {
			drop(cache, at);
			return;
		}
}

void maps_cache_clear(struct maps_cache *cache)
{
	for (size_t i = 0; i < BUCKETS; i++)
		while (cache->buckets[i])
			drop(cache, &cache->buckets[i]);
}

uint64_t maps_cache_cut(const struct maps_cache *cache)
{
	return cache->cut;
}

int maps_cache_new(struct maps_cache **out, struct memory_source *source)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->source = source;
	return 0;
}

void maps_cache_free(struct maps_cache *cache)
{
	if (!cache)
		return;
	maps_cache_clear(cache);
	free(cache);
}
