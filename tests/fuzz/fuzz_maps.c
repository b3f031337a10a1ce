// SPDX-License-Identifier: GPL-2.0-or-later
/* /proc/PID/maps: sorted, without overlap, each name a string. */
#include "proc/maps.h"
#include "tests/fuzz/fuzz.h"

struct walk {
	struct maps *maps;
	uint64_t end;
	size_t nr;
};

static void on_mapping(void *context, const struct mapping *mapping, const char *path)
{
	struct walk *walk = context;

	fuzz_check(mapping->start >= walk->end && mapping->end > mapping->start);
	fuzz_check(maps_find(walk->maps, mapping->start) == mapping);
	fuzz_check(maps_find(walk->maps, mapping->end - 1) == mapping);
	fuzz_check(strlen(path) < 4096);
	walk->end = mapping->end;
	walk->nr++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = fuzz_file(data, size);
	struct walk walk = { .maps = NULL };

	if (maps_parse(&walk.maps, fd, size % 2 ? "/" : "/srv") == 0) {
		maps_each(walk.maps, on_mapping, &walk);
		fuzz_check(walk.nr == maps_count(walk.maps));
		maps_free(walk.maps);
	}
	close(fd);
	return 0;
}
