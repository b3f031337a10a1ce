/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * doubt.h - why a stall is not certain. It is reported with the word all the same,
 * and --fail does not count it.
 */
#ifndef BLOCKPROF_MODEL_DOUBT_H
#define BLOCKPROF_MODEL_DOUBT_H

/* A new one takes a row in doubt.c and a line in scripts/blockprof.schema.json. */
enum doubt {
	DOUBT_NONE,
	DOUBT_GUEST, /* the program says that a loop runs, and no frame of it shows: another framework's pump may serve it */
	DOUBT_HABIT, /* known by nothing but its polls, of few descriptors */
	DOUBT_SHARED, /* others, who cannot be seen, may serve the source */
	DOUBT_UNVOUCHED, /* waits that do not sleep are not shown for every thread that may serve */
	DOUBT_OTHER, /* of a recording: a word of a later version */
	DOUBT_NR,
};

/* The word in JSON; NULL for DOUBT_NONE. */
const char *doubt_name(enum doubt doubt);
/* What it means, for people: the rest of a sentence that begins with "perhaps none: ". */
const char *doubt_meaning(enum doubt doubt);
enum doubt doubt_parse(const char *name); /* DOUBT_NR: none of them */

#endif
