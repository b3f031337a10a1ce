/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * profile.h - what all profiles are made of: lost time, added up by whose it is,
 * where and why. A format of one has PROFILE_CALLBACKS, and its own close(), which
 * says how to write it. Strings and frames are kept once; both are numbered.
 */
#ifndef BLOCKPROF_OUTPUT_PROFILE_H
#define BLOCKPROF_OUTPUT_PROFILE_H

#include "output/output.h"
#include "output/tally.h"

/* The key of a tally's entry. Its strings are numbers, 0: none. */
struct profile_sample {
	uint64_t loop; /* 0: not known */
	int32_t pid;
	int32_t tid;
	uint32_t host; /* profile_host() */
	uint32_t comm; /* of the thread */
	uint32_t runtime;
	uint32_t task;
	uint32_t unit;
	uint32_t container; /* home_container() */
	uint32_t pod;
	uint16_t cause;
	uint16_t cut; /* outer frames are missing */
	uint32_t nr;
	uint32_t frames
		[]; /* innermost first; without an interpreter's own way from one to the next */
};

struct profile;

int profile_open(void **state, struct sink *sink, const struct output_options *options);
/* Stacks that are the same but for frames' addresses are told apart. */
int profile_open_with_addresses(void **state, struct sink *sink,
				const struct output_options *options);
int profile_start(void *state, const struct start_record *start);
int profile_loop(void *state, const struct loop_record *loop);
int profile_stall(void *state, const struct stall_record *stall);
int profile_withdrawn(void *state, const struct withdrawn_record *withdrawn);
int profile_blocked(void *state, const struct blocked_record *blocked);
int profile_summary(void *state, const struct summary_record *summary);
size_t profile_held(const void *state);
/* Has it written, and frees it. 0 or -errno. */
typedef int profile_write(struct profile *profile, struct sink *sink);
int profile_close(void *state, profile_write *write);

#define PROFILE_RECORDS                                                                         \
	.start = profile_start, .loop = profile_loop, .stall = profile_stall,                   \
	.withdrawn = profile_withdrawn, .blocked = profile_blocked, .summary = profile_summary, \
	.held = profile_held
#define PROFILE_CALLBACKS .open = profile_open, PROFILE_RECORDS

/* Each of whose keys is a struct profile_sample. */
struct tally *profile_samples(const struct profile *profile);
static inline const struct profile_sample *profile_sample_of(const struct tally_entry *entry)
{
	return entry->key;
}

/* Time of samples that there was no room for. */
struct profile_lost {
	uint64_t ns;
	uint64_t count;
};
const struct profile_lost *profile_lost(const struct profile *profile, enum cause cause);

/* Foreign bytes, to be escaped; NULL: none. */
const char *profile_string(const struct profile *profile, uint32_t number);
size_t profile_nr_strings(const struct profile *profile);
size_t profile_nr_frames(const struct profile *profile);
struct frame profile_frame(const struct profile *profile, uint32_t number);
bool profile_frame_is_inlined(const struct profile *profile, uint32_t number);
/* The best name of its process that was learnt; "": none. To be escaped. */
const char *profile_process(const struct profile *profile, const struct profile_sample *sample);
/* The machine that it is of, "" where that is not known; NULL: there is only one. To be escaped. */
const char *profile_host(const struct profile *profile, const struct profile_sample *sample);
/* For what a format writes itself. */
struct sink *profile_sink(const struct profile *profile);
/* The program of the loop that was seen first; NULL: there was none. */
const char *profile_exe(const struct profile *profile);

/* In pixels. */
unsigned int profile_picture_width(const struct profile *profile);

/* When the first recording began (CLOCK_REALTIME), and how long all of them are. 0: not known. */
uint64_t profile_time_ns(const struct profile *profile);
uint64_t profile_duration_ns(const struct profile *profile);

#endif
