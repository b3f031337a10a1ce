/* SPDX-License-Identifier: GPL-2.0-or-later */
/* way.h - how a thread is known to run a loop. */
#ifndef BLOCKPROF_MODEL_WAY_H
#define BLOCKPROF_MODEL_WAY_H

/* In the order of trust. A new one takes a row in way.c and a word in scripts/blockprof.schema.json. */
enum way {
	WAY_NONE,
	WAY_USER, /* --loop says so */
	WAY_WORD, /* the program says so itself */
	WAY_SOURCE, /* another thread serves the same source, and is known */
	WAY_STACK, /* the loop's function is on the stack */
	WAY_HABIT, /* it has come back to the same source three times */
	WAY_NR,
};

/* The word in JSON; NULL for WAY_NONE. */
const char *way_name(enum way way);
/* For people: the rest of a sentence that begins with "a loop: ". */
const char *way_meaning(enum way way);

#endif
