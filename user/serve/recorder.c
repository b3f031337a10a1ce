// SPDX-License-Identifier: GPL-2.0-or-later
/* recorder.c - when a recording ends, how large it may be, and what happens on a full disk. */
#include "serve/recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "serve/store.h"

/*
 * Parts of what all recordings may take. The JSON of one may take an eighth, its
 * profile takes well below that; when it begins, a quarter is free.
 */
#define JSON_SHARE   8
#define FREE_SHARE   4
#define STACKS_SHARE 16
#define STACKS_BYTES (16u << 20) /* memory for the profile at the most */
/* A profile is in memory until its recording ends: one that takes more than that does so soon. */
#define HELD_BYTES     (4u << 20)
#define HELD_NS	       (30 * NS_PER_SEC)
#define RESUME_BYTES   (1u << 20) /* has to be free to go on after the disk was full */
#define RETRY_EVERY_NS (5 * NS_PER_SEC)

struct recorder {
	struct recorder_options options;
	struct store *store;
	struct store_name name;
	struct outputs outputs; /* by enum store_file; 0 of them: nothing is being recorded */
	struct output *opened[STORE_NR];
	int fds[STORE_NR]; /* of the outputs */
	uint64_t began_ns;
	uint64_t retry_ns; /* when to see whether there is room again */
	size_t stack_bytes;
	int error; /* why nothing is being recorded */
	uint64_t unflushed; /* records that may not have reached the file */
	uint64_t lost;
};

int recorder_open(struct recorder **out, const struct recorder_options *options)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));
	int err;

	*out = NULL;
	if (!recorder)
		return -ENOMEM;
	recorder_set(recorder, options);
	err = store_open(&recorder->store, options->directory);
	if (err) {
		free(recorder);
		return err;
	}
	store_repair(recorder->store);
	*out = recorder;
	return 0;
}

void recorder_set(struct recorder *recorder, const struct recorder_options *options)
{
	uint64_t share = options->keep_bytes / STACKS_SHARE;

	recorder->options = *options;
	recorder->outputs.v = recorder->opened;
	recorder->outputs.match = options->match;
	recorder->outputs.ignore = options->ignore;
	recorder->stack_bytes = share < STACKS_BYTES ? share : STACKS_BYTES;
}

/* 0, or -errno of the first file that could not be completed. */
static int finish_files(struct recorder *recorder)
{
	int first = 0;

	for (size_t file = 0; file < recorder->outputs.nr; file++) {
		int err = output_close(recorder->opened[file]);

		first = first ? first : err;
		/* JSON that was cut can be read up to the cut; a profile that was cut is wrong */
		err = store_finish(recorder->store, &recorder->name, (enum store_file)file,
				   !err || file == STORE_JSON);
		first = first ? first : err;
	}
	recorder->outputs.nr = 0;
	return first;
}

/* From now on nothing is being recorded, because of err. */
static void fail(struct recorder *recorder, int err)
{
	finish_files(recorder);
	recorder->error = err;
	recorder->lost += recorder->unflushed;
	recorder->unflushed = 0;
}

void recorder_close(struct recorder *recorder)
{
	if (!recorder)
		return;
	finish_files(recorder);
	store_close(recorder->store);
	free(recorder);
}

static int open_file(struct recorder *recorder, enum store_file file)
{
	const struct output_options options = {
		.live = true,
		.stalls_only = recorder->options.stalls_only,
		.all_threads = recorder->options.all_threads,
		.match = recorder->options.match,
		.stack_bytes = recorder->stack_bytes,
	};
	char name[STORE_FILE_BYTES];
	const struct output_file opened = {
		.fd = store_create(recorder->store, &recorder->name, file),
		.path = name,
	};
	int err;

	if (opened.fd < 0)
		return opened.fd;
	recorder->fds[file] = opened.fd;
	store_file_name(&recorder->name, file, name);
	err = output_open_file(&recorder->opened[file], output_format_by_path(name), &opened,
			       &options);
	if (err)
		store_finish(recorder->store, &recorder->name, file, false);
	else
		recorder->outputs.nr++;
	return err;
}

int recorder_begin(struct recorder *recorder, const struct start_record *record)
{
	uint64_t keep = recorder->options.keep_bytes;
	int err = store_limit(recorder->store, keep - keep / FREE_SHARE);

	recorder->retry_ns = record->mono_ns + RETRY_EVERY_NS;
	store_new_name(recorder->store, &recorder->name);
	for (int file = 0; !err && file < STORE_NR; file++)
		err = open_file(recorder, (enum store_file)file);
	if (err) {
		fail(recorder, err);
		return err;
	}
	recorder->began_ns = record->mono_ns;
	recorder->error = 0;
	outputs_start(&recorder->outputs, record);
	return 0;
}

static void count(struct recorder *recorder)
{
	if (recorder->outputs.nr)
		recorder->unflushed++;
	else
		recorder->lost++;
}

void recorder_loop(struct recorder *recorder, const struct loop_record *record)
{
	outputs_loop(&recorder->outputs, record);
	count(recorder);
}

bool recorder_stall(struct recorder *recorder, const struct stall_record *record)
{
	if (!outputs_stall(&recorder->outputs, record))
		return false;
	count(recorder);
	return true;
}

void recorder_withdrawn(struct recorder *recorder, const struct withdrawn_record *record)
{
	outputs_withdrawn(&recorder->outputs, record);
	count(recorder);
}

void recorder_blocked(struct recorder *recorder, const struct blocked_record *record)
{
	if (outputs_blocked(&recorder->outputs, record))
		count(recorder);
}

void recorder_second(struct recorder *recorder, const struct second_record *record)
{
	outputs_second(&recorder->outputs, record);
	count(recorder);
}

void recorder_note(struct recorder *recorder, const struct note_record *record)
{
	outputs_note(&recorder->outputs, record);
	count(recorder);
}

void recorder_end(struct recorder *recorder, const struct summary_record *record)
{
	int err;

	if (record)
		outputs_summary(&recorder->outputs, record);
	if (!recorder->outputs.nr)
		return;
	err = finish_files(recorder);
	if (err)
		fail(recorder, err);
	recorder->unflushed = 0;
}

static int first_error(const struct recorder *recorder)
{
	int err = 0;

	for (size_t file = 0; !err && file < recorder->outputs.nr; file++)
		err = output_error(recorder->opened[file]);
	return err;
}

static bool is_large(const struct recorder *recorder, uint64_t now_ns)
{
	size_t held = output_held_bytes(recorder->opened[STORE_FOLDED]);
	struct stat st;

	if (held > HELD_BYTES && now_ns >= recorder->began_ns + HELD_NS)
		return true;
	return !fstat(recorder->fds[STORE_JSON], &st) &&
	       (uint64_t)st.st_size >= recorder->options.keep_bytes / JSON_SHARE;
}

/* Whether it is worth another try. */
static bool has_room(struct recorder *recorder, uint64_t now_ns)
{
	if (now_ns < recorder->retry_ns)
		return false;
	recorder->retry_ns = now_ns + RETRY_EVERY_NS;
	return store_free_bytes(recorder->store) >= RESUME_BYTES;
}

bool recorder_tick(struct recorder *recorder, uint64_t now_ns)
{
	int err;

	if (!recorder->outputs.nr)
		return has_room(recorder, now_ns);
	output_flush(recorder->opened[STORE_JSON]);
	err = first_error(recorder);
	if (err) {
		fail(recorder, err);
		recorder->retry_ns = now_ns + RETRY_EVERY_NS;
		return false;
	}
	recorder->unflushed = 0;
	return now_ns >= recorder->began_ns + recorder->options.rotate_ns ||
	       is_large(recorder, now_ns);
}

const char *recorder_name(const struct recorder *recorder)
{
	return recorder->outputs.nr ? recorder->name.text : NULL;
}

int recorder_error(const struct recorder *recorder)
{
	return recorder->error;
}

uint64_t recorder_lost(const struct recorder *recorder)
{
	return recorder->lost;
}
