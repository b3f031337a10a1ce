// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * java_gc.c - the counters that HotSpot keeps in a mapped file, hsperfdata_USER/PID: a prologue and
 * entries of a name and a value (src/hotspot/share/runtime/perfMemory.hpp).
 */
#include "runtime/java_gc.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strings.h"
#include "proc/maps.h"

#define COUNTERS_MAX  (256u << 10)
#define ENTRIES_MAX   4096
#define COLLECTORS    8
#define TYPE_LONG     'J'
#define SAMPLED_EVERY (50 * NS_PER_MS) /* so often the JVM notes what time it is */

struct prologue {
	unsigned char magic[4];
	unsigned char little_endian;
	unsigned char major;
	unsigned char minor;
	unsigned char accessible;
	int32_t used;
	int32_t overflow;
	int64_t modified;
	int32_t entries_at;
	int32_t nr_entries;
};

struct entry {
	int32_t length; /* to the next one */
	int32_t name_at;
	int32_t elements; /* 0: a single value */
	unsigned char type;
	unsigned char flags, units, variability;
	int32_t value_at;
};

/* Nanoseconds since it started; 0: not known, or never. */
struct times {
	uint64_t now;
	uint64_t entry[COLLECTORS]; /* each time a collector began and ended last */
	uint64_t exit[COLLECTORS];
};

struct place {
	bool is_jvm;
	uint64_t addr; /* 0: not found */
	uint64_t bytes;
};

static void note_mapping(void *context, const struct mapping *mapping, const char *path)
{
	struct place *place = context;

	place->is_jvm |= !strcmp(base_name(path), "libjvm.so");
	if (!strstr(path, "/hsperfdata_") || mapping->offset || place->addr)
		return;
	place->addr = mapping->start;
	place->bytes = mapping->end - mapping->start;
}

static void note_value(const char *name, uint64_t value, struct times *times)
{
	unsigned int collector;
	int used = 0;

	if (!strcmp(name, "sun.os.hrt.ticks"))
		times->now = value;
	if (sscanf(name, "sun.gc.collector.%1u.%n", &collector, &used) != 1 || !used ||
	    collector >= COLLECTORS)
		return;
	if (!strcmp(name + used, "lastEntryTime"))
		times->entry[collector] = value;
	else if (!strcmp(name + used, "lastExitTime"))
		times->exit[collector] = value;
}

static int parse(const unsigned char *bytes, size_t nr, struct times *times)
{
	static const unsigned char magic[] = { 0xca, 0xfe, 0xc0, 0xc0 };
	struct prologue prologue;
	size_t at;

	memcpy(&prologue, bytes, sizeof(prologue));
	if (memcmp(prologue.magic, magic, sizeof(magic)) != 0 || !prologue.little_endian ||
	    prologue.entries_at < 0)
		return -ENODATA;
	at = (size_t)prologue.entries_at;
	for (int i = 0; i < prologue.nr_entries && i < ENTRIES_MAX; i++) {
		struct entry entry;
		const char *name;
		uint64_t value;

		if (at > nr || nr - at < sizeof(entry))
			break;
		memcpy(&entry, bytes + at, sizeof(entry));
		if (entry.length < (int)sizeof(entry) || (size_t)entry.length > nr - at)
			break;
		name = (const char *)bytes + at + entry.name_at;
		if (entry.type == TYPE_LONG && !entry.elements && entry.name_at > 0 &&
		    entry.value_at > 0 && entry.name_at < entry.length &&
		    entry.value_at <= entry.length - (int)sizeof(value) &&
		    memchr(name, 0, (size_t)(entry.length - entry.name_at))) {
			memcpy(&value, bytes + at + entry.value_at, sizeof(value));
			note_value(name, value, times);
		}
		at += (size_t)entry.length;
	}
	return times->now ? 0 : -ENODATA;
}

static int find(const struct memory *memory, struct place *place)
{
	struct maps *maps;
	int err = maps_read(&maps, memory);

	if (err)
		return err;
	maps_each(maps, note_mapping, place);
	maps_free(maps);
	return place->is_jvm ? 0 : -ENOENT;
}

static int read_times(const struct memory *memory, struct times *times)
{
	__freeing unsigned char *bytes = NULL;
	struct place place = { 0 };
	int err = find(memory, &place);

	if (err)
		return err;
	if (!place.addr || place.bytes < sizeof(struct prologue) || place.bytes > COUNTERS_MAX)
		return -ENODATA;
	bytes = malloc(place.bytes);
	if (!bytes)
		return -ENOMEM;
	if (memory_read(memory, place.addr, bytes, place.bytes) || parse(bytes, place.bytes, times))
		return -ENODATA;
	return 0;
}

int java_collected(const struct memory *memory, uint64_t within_ns)
{
	struct times times = { 0 };
	int err = read_times(memory, &times);

	for (size_t i = 0; i < COLLECTORS && !err; i++)
		if (times.exit[i] && times.exit[i] + within_ns + SAMPLED_EVERY > times.now)
			return 1;
	return err;
}

int java_collects(const struct memory *memory, uint64_t *for_ns)
{
	struct times times = { 0 };
	int err = read_times(memory, &times);

	for (size_t i = 0; i < COLLECTORS && !err; i++) {
		if (times.entry[i] <= times.exit[i])
			continue;
		*for_ns = times.now > times.entry[i] ? times.now - times.entry[i] : 0;
		return 1;
	}
	return err;
}
