// SPDX-License-Identifier: GPL-2.0-or-later
/* perf_map.c - lines into ranges, names one behind the other in one block. */
#include "symbol/child/perf_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/read.h"
#include "symbol/child/ranges.h"

/* A reading takes some 10 ms at the most, and somebody waits for it. */
#define READ_BYTES   (2u << 20)
#define BUFFER_BYTES (64u << 10)
/* Of a whole file, then of the names that are kept. */
#define FILE_BYTES_MAX (128u << 20)
#define NAMES_MAX      (12u << 20)
/* No function is as long. */
#define SIZE_MAX_BYTES (256u << 20)
/* By as many bytes before the place that was read to, a file is known to be the same. */
#define TAIL_BYTES 64

struct perf_map {
	struct ranges *ranges; /* values are places in names */
	char *names;
	size_t names_bytes;
	size_t names_capacity;
	uint64_t read_to; /* in the file */
	bool skipping; /* the rest of a line that was too long */
	bool full; /* more of the file is not read */
	char tail[TAIL_BYTES]; /* of what was read */
	size_t tail_bytes;
	uint64_t cut; /* but for those that ranges forgot */
	uint64_t forgotten; /* by ranges that are gone */
};

/* Afresh; counts stay. */
static int reset(struct perf_map *map)
{
	struct ranges *ranges;
	int err = ranges_new(&ranges);

	if (err)
		return err;
	if (map->ranges)
		map->forgotten += ranges_cut(map->ranges);
	ranges_free(map->ranges);
	map->ranges = ranges;
	map->names_bytes = 0;
	map->read_to = 0;
	map->tail_bytes = 0;
	map->skipping = map->full = false;
	return 0;
}

static int names_reserve(struct perf_map *map, size_t bytes)
{
	size_t capacity = map->names_capacity;
	char *names;

	if (map->names_bytes + bytes <= capacity)
		return 0;
	capacity += capacity / 2 + bytes + 4096;
	names = realloc(map->names, capacity);
	if (!names)
		return -ENOMEM;
	map->names = names;
	map->names_capacity = capacity;
	return 0;
}

/* Lets go of the names whose ranges are no more to be seen. */
static int names_shrink(struct perf_map *map)
{
	struct range *v;
	char *kept;
	size_t nr, bytes = 0;
	int err = ranges_all(map->ranges, &v, &nr);

	if (err)
		return err;
	/* Each part of a range has a name of its own then. */
	for (size_t i = 0; i < nr; i++)
		bytes += strlen(map->names + v[i].value) + 1;
	if (bytes > NAMES_MAX / 4 * 3)
		return -ENOSPC;
	kept = malloc(bytes + 1);
	if (!kept)
		return -ENOMEM;
	bytes = 0;
	for (size_t i = 0; i < nr; i++) {
		size_t length = strlen(map->names + v[i].value) + 1;

		memcpy(kept + bytes, map->names + v[i].value, length);
		v[i].value = (uint32_t)bytes;
		bytes += length;
	}
	free(map->names);
	map->names = kept;
	map->names_bytes = bytes;
	map->names_capacity = bytes + 1;
	return 0;
}

static int add(struct perf_map *map, uint64_t start, uint64_t size, const char *name, size_t length)
{
	int err = 0;

	if (length >= PERF_MAP_NAME_BYTES)
		length = PERF_MAP_NAME_BYTES - 1;
	if (map->names_bytes + length + 1 > NAMES_MAX)
		err = names_shrink(map);
	if (!err)
		err = names_reserve(map, length + 1);
	if (!err)
		err = ranges_add(map->ranges, start, start + size, (uint32_t)map->names_bytes);
	if (err)
		return err;
	memcpy(map->names + map->names_bytes, name, length);
	map->names[map->names_bytes + length] = '\0';
	map->names_bytes += length + 1;
	return 0;
}

/* "1f00 " or "0x1f00 "; *at is left behind the space. */
static bool number(const char **at, const char *end, uint64_t *out)
{
	const char *c = *at;
	unsigned int digits = 0;

	if (end - c > 2 && c[0] == '0' && (c[1] | 0x20) == 'x')
		c += 2;
	*out = 0;
	for (; c < end && *c != ' '; c++, digits++) {
		unsigned char letter = (unsigned char)(*c | 0x20);

		if (*c >= '0' && *c <= '9')
			*out = *out << 4 | (uint64_t)(*c - '0');
		else if (letter >= 'a' && letter <= 'f')
			*out = *out << 4 | (uint64_t)(letter - 'a' + 10);
		else
			return false;
	}
	*at = c + 1;
	return c < end && digits > 0 && digits <= 16;
}

/* One line, without its newline. 0, or -ENOSPC: no more of them. */
static int line(struct perf_map *map, const char *at, const char *end)
{
	uint64_t start, size;
	int err;

	if (!number(&at, end, &start) || !number(&at, end, &size) || at == end || !size ||
	    size > SIZE_MAX_BYTES || start + size < start || memchr(at, '\0', (size_t)(end - at))) {
		map->cut++;
		return 0;
	}
	err = add(map, start, size, at, (size_t)(end - at));
	if (err)
		map->cut++;
	return err;
}

static void remember_tail(struct perf_map *map, const char *bytes, size_t nr)
{
	size_t old = nr < TAIL_BYTES ? TAIL_BYTES - nr : 0;

	if (old > map->tail_bytes)
		old = map->tail_bytes;
	memmove(map->tail, map->tail + map->tail_bytes - old, old);
	if (nr > TAIL_BYTES) {
		bytes += nr - TAIL_BYTES;
		nr = TAIL_BYTES;
	}
	memcpy(map->tail + old, bytes, nr);
	map->tail_bytes = old + nr;
}

/* Whole lines of a piece of the file; how many bytes of it are done with. */
static size_t piece(struct perf_map *map, const char *bytes, size_t nr)
{
	const char *at = bytes, *end = bytes + nr;

	while (at < end && !map->full) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (!newline) {
			/* So long a line is taken as it is, and its rest passed over. */
			if (nr < BUFFER_BYTES || at != bytes)
				break;
			if (!map->skipping)
				map->full = line(map, at, end) < 0;
			map->skipping = true;
			return nr;
		}
		if (!map->skipping)
			map->full = line(map, at, newline) < 0;
		map->skipping = false;
		at = newline + 1;
	}
	return (size_t)(at - bytes);
}

/* Is what was read still there? A map that is written anew, in its place, has other lines there. */
static bool is_same(const struct perf_map *map, int fd)
{
	char tail[TAIL_BYTES];

	return !read_at(fd, map->read_to - map->tail_bytes, tail, map->tail_bytes) &&
	       !memcmp(tail, map->tail, map->tail_bytes);
}

static int read_pieces(struct perf_map *map, int fd, char *buffer, bool *more)
{
	uint64_t until = map->read_to + READ_BYTES;

	*more = true;
	while (!map->full && map->read_to < until) {
		ssize_t got = read_up_to(fd, map->read_to, buffer, BUFFER_BYTES);
		size_t done;

		if (got < 0)
			return (int)got;
		done = piece(map, buffer, (size_t)got);
		remember_tail(map, buffer, done);
		map->read_to += done;
		if (map->read_to >= FILE_BYTES_MAX && !map->full) {
			map->full = true;
			map->cut++;
		}
		if (!done || got < (ssize_t)BUFFER_BYTES) {
			*more = false;
			break;
		}
	}
	*more = *more && !map->full;
	return 0;
}

int perf_map_read(struct perf_map *map, int fd, bool *more)
{
	char *buffer;
	int err = 0;

	*more = false;
	if (!is_same(map, fd))
		err = reset(map);
	if (err || map->full)
		return err;
	buffer = malloc(BUFFER_BYTES);
	if (!buffer)
		return -ENOMEM;
	err = read_pieces(map, fd, buffer, more);
	free(buffer);
	return err ? err : ranges_settle(map->ranges);
}

const char *perf_map_find(const struct perf_map *map, uint64_t addr, uint64_t *start)
{
	struct range range;

	if (!ranges_find(map->ranges, addr, &range))
		return NULL;
	*start = range.start;
	return map->names + range.value;
}

uint64_t perf_map_cut(const struct perf_map *map)
{
	return map->cut + map->forgotten + ranges_cut(map->ranges);
}

size_t perf_map_bytes(const struct perf_map *map)
{
	return sizeof(*map) + map->names_capacity + ranges_bytes(map->ranges);
}

int perf_map_new(struct perf_map **out)
{
	struct perf_map *map = calloc(1, sizeof(*map));
	int err = map ? reset(map) : -ENOMEM;

	if (err) {
		free(map);
		return err;
	}
	*out = map;
	return 0;
}

void perf_map_free(struct perf_map *map)
{
	if (!map)
		return;
	ranges_free(map->ranges);
	free(map->names);
	free(map);
}
