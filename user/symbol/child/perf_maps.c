// SPDX-License-Identifier: GPL-2.0-or-later
/* perf_maps.c - how much memory perf maps may take, and which goes first. */
#include "symbol/child/perf_maps.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "symbol/child/perf_map.h"

#define BYTES_MAX (20u << 20) /* of all but the one that is asked for */

static struct perf_map *find(struct perf_maps *maps, uint32_t id)
{
	for (size_t i = 0; i < maps->nr; i++)
		if (maps->held[i].id == id) {
			maps->held[i].used = ++maps->uses;
			return maps->held[i].map;
		}
	return NULL;
}

static size_t oldest(const struct perf_maps *maps)
{
	size_t found = 0;

	for (size_t i = 1; i < maps->nr; i++)
		if (maps->held[i].used < maps->held[found].used)
			found = i;
	return found;
}

static void drop(struct perf_maps *maps, size_t at)
{
	perf_map_free(maps->held[at].map);
	maps->held[at] = maps->held[--maps->nr];
}

/* The one that was used last stays. */
static void shrink(struct perf_maps *maps)
{
	size_t bytes = 0;

	for (size_t i = 0; i < maps->nr; i++)
		bytes += perf_map_bytes(maps->held[i].map);
	while (maps->nr > 1 && bytes > BYTES_MAX) {
		size_t at = oldest(maps);

		bytes -= perf_map_bytes(maps->held[at].map);
		drop(maps, at);
	}
}

static struct perf_map *make(struct perf_maps *maps, uint32_t id)
{
	struct perf_map *map;

	if (perf_map_new(&map))
		return NULL;
	if (maps->nr == PERF_MAPS_MAX)
		drop(maps, oldest(maps));
	maps->held[maps->nr].id = id;
	maps->held[maps->nr].used = ++maps->uses;
	maps->held[maps->nr++].map = map;
	return map;
}

static int read_part(struct perf_maps *maps, const struct request *request, int fd,
		     struct answer *answer)
{
	struct perf_map *map = find(maps, request->file);
	bool more;
	int err;

	if (fd < 0)
		return -ESTALE;
	if (!map)
		map = make(maps, request->file);
	if (!map)
		return -ENOMEM;
	err = perf_map_read(map, fd, &more);
	answer->map_read.cut = perf_map_cut(map);
	answer->map_read.more = more;
	shrink(maps);
	return err;
}

static int name(struct perf_maps *maps, const struct request *request, struct answer_map_name *out)
{
	struct perf_map *map = find(maps, request->file);
	uint64_t addr = request->map_name.addr, start;
	const char *found;

	if (!map)
		return -ESTALE;
	found = perf_map_find(map, addr, &start);
	if (found) {
		out->offset = addr - start;
		snprintf(out->name, sizeof(out->name), "%s", found);
	}
	return 0;
}

int perf_maps_answer(struct perf_maps *maps, const struct request *request, int fd,
		     struct answer *answer)
{
	int given __closing = fd;

	return request->kind == REQUEST_MAP_READ ? read_part(maps, request, given, answer)
						 : name(maps, request, &answer->map_name);
}

void perf_maps_expire(struct perf_maps *maps)
{
	for (size_t i = maps->nr; i-- > 0;)
		if (maps->held[i].used <= maps->expired)
			drop(maps, i);
	maps->expired = maps->uses;
}

void perf_maps_drop(struct perf_maps *maps)
{
	while (maps->nr)
		drop(maps, 0);
}
