/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recording.h - reads a recording (JSON Lines, plain or gzip) back into records.
 * The file may be of any origin: lines are bounded, types and keys that are not
 * known are passed over, what cannot be read is counted.
 */
#ifndef BLOCKPROF_RECORDING_RECORDING_H
#define BLOCKPROF_RECORDING_RECORDING_H

#include "model/model.h"

/*
 * `schema` of the start record: it grows by one when records get new keys or
 * types. As keys are only ever added, whoever reads one schema can read all
 * later ones, but for what is new in them.
 */
#define RECORDING_SCHEMA 8

struct recording_reader {
	void *context;
	void (*start)(void *context, const struct start_record *record);
	void (*loop)(void *context, const struct loop_record *record);
	void (*stall)(void *context, const struct stall_record *record);
	void (*withdrawn)(void *context, const struct withdrawn_record *record);
	void (*blocked)(void *context, const struct blocked_record *record);
	void (*second)(void *context, const struct second_record *record);
	void (*exit)(void *context, const struct exit_record *record);
	void (*note)(void *context, const struct note_record *record);
	void (*summary)(void *context, const struct summary_record *record);
	/* Called after each line: true if the rest need not be read. May be NULL, as all of them. */
	bool (*enough)(void *context);
};

static inline bool recording_is_enough(const struct recording_reader *reader)
{
	return reader->enough && reader->enough(reader->context);
}

struct recording_result {
	uint64_t lines; /* read and understood */
	uint64_t bad_lines; /* no JSON, or not what a record of its type has to be */
	uint64_t unknown_lines; /* of types that this version does not know */
};

/* path "-" is stdin. 0, or -errno when the file cannot be read. */
int recording_read(const char *path, const struct recording_reader *reader,
		   struct recording_result *result);

/*
 * The latest moment of any record, without making records of its lines. 0, or
 * -errno when the file cannot be read; end_ns is left where it has none that is later.
 */
int recording_end(const char *path, uint64_t *end_ns);

#endif
