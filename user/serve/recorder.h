/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - recordings in a directory, one after the other, old ones deleted
 * so that all together stay below a bound.
 *
 * Each is a pair of files that stands on its own, named by the UTC time of its
 * start:
 *
 *	blockprof-20260131T235959.123Z.jsonl.gz	what happened, as it happened
 *	blockprof-20260131T235959.123Z.folded	blocked time of all of it
 *
 * While it is being written, ".part" follows the names; the first of the two can
 * be read all the same. A disk that is full ends the recording; records are then
 * counted instead of kept until there is room again.
 *
 * Says nothing to the user: the caller asks recorder_error() and recorder_lost().
 */
#ifndef BLOCKPROF_SERVE_RECORDER_H
#define BLOCKPROF_SERVE_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "output/outputs.h"

#define RECORDER_KEEP_MIN_BYTES (1ull << 20)

struct recorder;

struct recorder_options {
	const char *directory; /* is made, if only its last part is missing */
	uint64_t keep_bytes; /* of all recordings together; at least RECORDER_KEEP_MIN_BYTES */
	uint64_t rotate_ns; /* how long a recording may be */
	bool stalls_only; /* as in struct output_options */
	bool all_threads;
	const struct match *match;
	struct ignore *ignore;
};

/*
 * Opens the directory and puts right what a crash has left: a cut recording is
 * kept under its final name. -errno: the directory cannot be used; -EBUSY:
 * another recorder uses it.
 */
int recorder_open(struct recorder **out, const struct recorder_options *options);
/* Completes what is being recorded, without a summary. */
void recorder_close(struct recorder *recorder);

/* Sets other options, from the next recording on; the directory stays the same. */
void recorder_set(struct recorder *recorder, const struct recorder_options *options);

/*
 * Begins a recording, after making room for it. 0 or -errno, which
 * recorder_error() then gives as well.
 */
int recorder_begin(struct recorder *recorder, const struct start_record *record);
void recorder_loop(struct recorder *recorder, const struct loop_record *record);
/* Whether --match and --ignore let it through. One that they do not is counted for the summary. */
bool recorder_stall(struct recorder *recorder, const struct stall_record *record);
/* The slices that --match lets through. */
void recorder_withdrawn(struct recorder *recorder, const struct withdrawn_record *record);
void recorder_blocked(struct recorder *recorder, const struct blocked_record *record);
void recorder_second(struct recorder *recorder, const struct second_record *record);
void recorder_note(struct recorder *recorder, const struct note_record *record);
/* Completes the recording, if one is begun. record NULL: there is no summary. */
void recorder_end(struct recorder *recorder, const struct summary_record *record);

/*
 * Makes what was recorded readable and looks after errors. Call each second or
 * so. Whether it is time for recorder_end() and recorder_begin(): the recording
 * is old or large enough, or there is room again after an error. now_ns is
 * CLOCK_MONOTONIC.
 */
bool recorder_tick(struct recorder *recorder, uint64_t now_ns);

/* What is being recorded: the name without suffix; NULL: nothing. Valid until the next begin or end. */
const char *recorder_name(const struct recorder *recorder);
/* Why nothing is being recorded: -errno; 0: something is. */
int recorder_error(const struct recorder *recorder);
/* How many records are in no recording, since recorder_open(). */
uint64_t recorder_lost(const struct recorder *recorder);

#endif
