/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blind.h - what of a watched process could not be seen: each is said at once and
 * counted, so that silence about it is no acquittal.
 */
#ifndef BLOCKPROF_MODEL_BLIND_H
#define BLOCKPROF_MODEL_BLIND_H

#include <stdint.h>

/* A new one takes a row in blind.c and a key in scripts/blockprof.schema.json. */
enum blind {
	BLIND_MEMORY_LATE, /* a page of it did not come in time */
	BLIND_FILES_LATE, /* nor a file of it, or one of /proc that waits for its locks */
	BLIND_MEMORY_REFUSED, /* we may not read it */
	BLIND_FILES_REFUSED, /* nor files that it has mapped */
	BLIND_INTERPRETER_UNKNOWN, /* its interpreter is of a kind that cannot be read */
	BLIND_SHARE_USED_UP, /* some of its loops have no slot, for others to have one */
	BLIND_SLOTS_USED_UP, /* some have none, as it has all of them */
	BLIND_RECORDS_LOST, /* some of its records found no room */
	BLIND_NR,
};

/* The key under "blind". */
const char *blind_name(enum blind blind);
/*
 * What is so of the processes, to stand behind "2 processes": "whose memory does not
 * come in time; native frames only". A name that this version does not know stands for itself.
 */
const char *blind_words(const char *name);
/* The same of one, and what to do, to stand behind "python3[77]: ". */
const char *blind_advice(enum blind blind);

#endif
