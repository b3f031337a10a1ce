/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ignore.h - --ignore: rules for stalls that are known and accepted. A rule is a
 * regular expression (patterns.h), tried on the place that names the verdict: its
 * function, its file or module, what was waited for, and the cause. A prefix, fn:
 * file: target: or cause:, narrows it to one of them.
 */
#ifndef BLOCKPROF_OUTPUT_IGNORE_H
#define BLOCKPROF_OUTPUT_IGNORE_H

#include "base/patterns.h"
#include "model/model.h"

#define IGNORE_FILE_BYTES_MAX (16u * 1024 * 1024)
#define IGNORE_RULES_MAX      50000

struct ignore;

int ignore_new(struct ignore **out); /* 0 or -ENOMEM */
void ignore_free(struct ignore *ignore); /* NULL: nothing */

/* A rule that is there already is not added again. 0; -EINVAL: text is none, and reason says why; -ENOMEM. */
int ignore_add(struct ignore *ignore, const char *text, char reason[PATTERN_REASON_BYTES]);

/* Where a file of rules is wrong. */
struct ignore_error {
	size_t line; /* 0: the file as a whole */
	char text[120]; /* the rule in that line, as far as it fits */
	char reason[PATTERN_REASON_BYTES];
};

/*
 * A rule a line; # at the start of a line or behind a blank begins a comment. 0;
 * -EINVAL: error says where and why; -errno: path cannot be read.
 */
int ignore_add_file(struct ignore *ignore, const char *path, struct ignore_error *error);

/*
 * Whether a rule says so of the stall; it is counted then for its first rule, if
 * the stall has ended. ignore NULL: no.
 */
bool ignore_stall(struct ignore *ignore, const struct stall_record *stall);

/*
 * Whether a rule fits a slice: its cause, what it waited for, or any of the
 * functions to show of its stack (place.h). Nothing is counted.
 */
bool ignore_slice(struct ignore *ignore, const struct slice *slice);

/*
 * Rules and how many stalls each has counted since the call before, only those
 * above 0: into out, which the caller frees; the names are ignore's. 0 or -ENOMEM.
 */
int ignore_take_counts(struct ignore *ignore, struct name_count **out, size_t *nr);

/* The rule number nth, from 0, of those that have matched nothing at all; NULL: there are not so many. */
const char *ignore_unused(const struct ignore *ignore, size_t nth);

#endif
