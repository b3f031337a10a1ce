/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording.h - reads a recording (JSON Lines, plain or gzip) back into records.
 * The file is foreign: lines are bounded, unknown types and keys are passed
 * over, what cannot be read is counted.
 */
#ifndef BLOCKPROF_RECORDING_RECORDING_H
#define BLOCKPROF_RECORDING_RECORDING_H

#include "model/model.h"

/*
 * `schema` of the start record: one more each time that records get keys or
 * types. Keys are only ever added, so that a reader of N reads what is later,
 * less what is new in it.
 */
#define RECORDING_SCHEMA 1

struct recording_reader {
	void *context;
	void (*start)(void *context, const struct start_record *record);
	void (*loop)(void *context, const struct loop_record *record);
	void (*stall)(void *context, const struct stall_record *record);
	void (*blocked)(void *context, const struct blocked_record *record);
	void (*exit)(void *context, const struct exit_record *record);
	void (*note)(void *context, const struct note_record *record);
	void (*summary)(void *context, const struct summary_record *record);
	/* Asked after each line: whether the rest need not be read. May be NULL, as any of them. */
	bool (*enough)(void *context);
};

struct recording_result {
	uint64_t lines; /* read and understood */
	uint64_t bad_lines; /* not JSON, or a known type without what it must have */
	uint64_t unknown_lines; /* of a type this version does not know */
};

/* path "-" is stdin. 0, or -errno when the file cannot be read. */
int recording_read(const char *path, const struct recording_reader *reader,
		   struct recording_result *result);

#endif
