// SPDX-License-Identifier: GPL-2.0-or-later
/* A perf map that grows, and is another one in its middle. */
#include "symbol/child/perf_map.h"
#include "tests/fuzz/fuzz.h"

static void read_all(struct perf_map *map, int fd)
{
	bool more = true;

	lseek(fd, 0, SEEK_SET);
	for (int i = 0; more && i < 64; i++)
		if (perf_map_read(map, fd, &more))
			return;
}

static void ask(const struct perf_map *map)
{
	static const uint64_t places[] = { 0, 0x1000, 0x7f0000000000, UINT64_MAX };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		for (uint64_t near = 0; near < 64; near += 16) {
			uint64_t start = 0;
			const char *name = perf_map_find(map, places[i] + near, &start);

			if (!name)
				continue;
			fuzz_check(strlen(name) < PERF_MAP_NAME_BYTES);
			fuzz_check(start <= places[i] + near);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = size / 2;
	int fd = fuzz_file(data, first);
	struct perf_map *map;

	if (perf_map_new(&map))
		abort();
	read_all(map, fd);
	ask(map);
	if (pwrite(fd, data + first, size - first, (off_t)first) < 0)
		abort();
	read_all(map, fd);
	ask(map);
	if (pwrite(fd, data + first, size - first, 0) < 0 || ftruncate(fd, (off_t)first))
		abort();
	read_all(map, fd);
	ask(map);
	perf_map_bytes(map);
	perf_map_cut(map);
	perf_map_free(map);
	close(fd);
	return 0;
}
