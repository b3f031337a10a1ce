/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile_private.h - what a profile is made of, for the files that make, cut and thin it out. */
#ifndef BLOCKPROF_OUTPUT_PROFILE_PRIVATE_H
#define BLOCKPROF_OUTPUT_PROFILE_PRIVATE_H

#include "model/finals.h"
#include "output/keys.h"
#include "output/names.h"
#include "output/profile.h"
#include "output/profile_view.h"

#define MAX_SAMPLES 100000
/* Of these with a task of its own: a name for each request must not take the room of places. */
#define MAX_TASKED    (MAX_SAMPLES / 4 * 3)
#define MAX_BYTES     (64u * 1024 * 1024)
#define MAX_STRINGS   1000000
#define MAX_FRAMES    4000000
#define MAX_PROCESSES 65536

/* The key of a frame: its strings are numbers. */
struct frame_key {
	uint64_t offset;
	uint32_t build_id;
	uint32_t kind;
	uint32_t fn;
	uint32_t file;
	uint32_t module;
	uint32_t line;
	uint32_t inlined;
	uint32_t unused; /* 0: a key is compared as bytes */
};

/* Where a process belongs to, by its number in struct profile's processes. */
struct profile_home {
	uint32_t unit;
	uint32_t container;
	uint32_t pod;
};

/* A machine; processes of two of them may have one number. */
struct host {
	char *name; /* NULL: not known */
	struct names *names;
};

/* The key of a process. */
struct process_key {
	uint32_t host;
	int32_t pid;
};

struct profile {
	struct sink *sink;
	bool stalls_only;
	bool addresses;
	const struct match *match;
	unsigned int picture_width;
	struct finals *finals;
	struct host *hosts; /* one at least */
	uint32_t nr_hosts;
	uint32_t host; /* that the recording is of which is read now */
	size_t *room; /* of strings, frames and processes: what is left */
	struct keys *strings; /* with their ends; number 0 is the empty one */
	struct keys *frames; /* struct frame_key */
	struct keys *processes; /* struct process_key */
	struct profile_home *homes;
	struct tally *samples;
	size_t bytes; /* that all of it may take */
	char *exe;
	struct profile_lost lost[CAUSE_NR];
	uint64_t time_ns;
	uint64_t
		started_ns; /* CLOCK_REALTIME of the recording in progress; 0: its start was not seen */
	uint64_t latest_ns; /* of its records */
	uint64_t duration_ns; /* of the recordings that have a summary */
	/* What there was at some moments. */
	struct profile_mark {
		struct tally *samples; /* NULL: it is not set */
		struct profile_lost lost[CAUSE_NR];
	} marks[PROFILE_MARKS];
};

/* 0, -ENOSPC: there is no room, or -ENOMEM. */
int profile_add_string(struct profile *profile, const char *string, uint32_t *number);
int profile_add_frame(struct profile *profile, const struct frame *frame, uint32_t *number);
/* Strings, frames, processes and samples, empty. 0 or -ENOMEM. */
int profile_new_tables(struct profile *profile);
void profile_free_tables(struct profile *profile);

#endif
