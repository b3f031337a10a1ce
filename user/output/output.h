/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output.h - an output: a format and where it is written. All are fed the same
 * records, live or from a recording, in the same order: start, anything, summary.
 */
#ifndef BLOCKPROF_OUTPUT_OUTPUT_H
#define BLOCKPROF_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "model/diff.h"
#include "model/dump.h"
#include "model/model.h"

struct file_owner;
struct output;
struct match;
struct siphash_key;
struct sink; /* where bytes go: a file, stdout, or either through gzip; sink.h */

struct output_options {
	bool stalls_only; /* profiles: slices of stalls only */
	bool live; /* text: fed by a running watch, not from a recording */
	bool colour; /* text, on a terminal */
	bool terminal; /* text: standard output is one whose rows can be written again */
	bool unfold; /* text: -v, library and interpreter frames too */
	bool all_threads;
	const struct match *match; /* profiles: slices of such stacks only; NULL: of any */
	unsigned int columns; /* text: width of the terminal, 0: it is none */
	bool queued; /* a reader that takes nothing holds up nobody: sink_queue() */
	const struct siphash_key
		*redact; /* json: what is not to be shown to others is hashed; NULL: nothing is */
	unsigned int picture_width; /* svg: in pixels, 0: a default */
	const struct file_owner *
		owner; /* of files that are made; NULL: this process's user. Used while it is opened */
	size_t stack_bytes; /* profiles: memory for stacks at the most, 0: a default */
};

/* A format: a row of formats.c. Any callback may be NULL: the format does not show that record. */
struct output_format {
	const char *name; /* of -F */
	const char *const *suffixes; /* ended by NULL; each with its dot: ".jsonl" */
	bool binary; /* not for a terminal */
	bool gzip; /* whatever the file is called */
	/* state is what open() made. 0 or -errno; an error is kept and given by output_close(). */
	int (*open)(void **state, struct sink *sink, const struct output_options *options);
	int (*start)(void *state, const struct start_record *record);
	int (*loop)(void *state, const struct loop_record *record);
	int (*stall)(void *state, const struct stall_record *record);
	int (*withdrawn)(void *state, const struct withdrawn_record *record);
	int (*blocked)(void *state, const struct blocked_record *record);
	int (*second)(void *state, const struct second_record *record);
	int (*exit)(void *state, const struct exit_record *record);
	int (*note)(void *state, const struct note_record *record);
	int (*summary)(void *state, const struct summary_record *record);
	int (*dump)(
		void *state,
		const struct dump_record *record); /* of the command dump, which feeds no others */
	size_t (*held)(const void *state); /* memory for what is written only as it is closed */
	/* Of report --diff. One that shows records as well is fed those of before, compare(), and those of after. */
	int (*compare)(void *state);
	int (*diff)(void *state, const struct diff_record *record);
	int (*hide)(void *state); /* takes off the terminal what will be rewritten there */
	int (*close)(void *state); /* writes what is left and frees state */
};

/* By its name, or by the suffix of a file's path. NULL: there is none. */
const struct output_format *output_format_by_name(const char *name);
const struct output_format *output_format_by_path(const char *path);
/* "text, json, folded", all of them or those that a dump can be written as. Returns names. */
#define OUTPUT_NAMES_BYTES 128
const char *output_format_names(bool of_dumps, char names[OUTPUT_NAMES_BYTES]);

/*
 * path "-" or NULL is stdout. -errno: path cannot be written; -EMEDIUMTYPE: it is a terminal,
 * and the format binary; -EAGAIN: not now, as sink_open() has it.
 */
int output_open(struct output **out, const struct output_format *format, const char *path,
		const struct output_options *options);
/* A file that is open; its path ends in .gz if it is to be gzip'd. */
struct output_file {
	int fd;
	const char *path;
};

/* Takes the descriptor, also on failure. */
int output_open_file(struct output **out, const struct output_format *format,
		     const struct output_file *file, const struct output_options *options);
const char *output_path(const struct output *output);
void output_start(struct output *output, const struct start_record *record);
void output_loop(struct output *output, const struct loop_record *record);
void output_stall(struct output *output, const struct stall_record *record);
void output_withdrawn(struct output *output, const struct withdrawn_record *record);
void output_blocked(struct output *output, const struct blocked_record *record);
void output_second(struct output *output, const struct second_record *record);
void output_exit(struct output *output, const struct exit_record *record);
void output_note(struct output *output, const struct note_record *record);
void output_summary(struct output *output, const struct summary_record *record);
/* How much memory it has for what is written only when it is closed. */
size_t output_held_bytes(const struct output *output);
/* How much of it has been written, or waits for its reader. */
uint64_t output_bytes(const struct output *output);
/* Makes what was fed so far readable, whatever comes after. It costs compression: not for each record. */
void output_flush(struct output *output);
/* Writes what readers take now of what is kept for them. Whether something is left. */
bool output_try(struct output *output);
/* For what is left when it is closed no more is waited than until then. */
void output_hurry(struct output *output, uint64_t until_ns);
/* Before something else is written to the terminal. */
void output_hide(struct output *output);
void output_dump(struct output *output, const struct dump_record *record);
/* Whether it is to be fed the records of both sides. */
bool output_compares(const struct output *output);
/* Records of before were all, and those of after come. */
void output_compare(struct output *output);
void output_diff(struct output *output, const struct diff_record *record);
/*
 * The first error in writing, or 0. Who sees one on the way (disk full, closed
 * pipe) prints one message, and goes on or stops, as the command wants.
 */
int output_error(const struct output *output);
int output_close(struct output *output); /* completes, closes, frees; 0 or the first -errno */

#endif
