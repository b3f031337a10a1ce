/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * discard.h - why a turn over the threshold is not reported as a stall, or is withdrawn.
 * Each that is not reported is counted by its reason: none vanishes.
 */
#ifndef BLOCKPROF_MODEL_DISCARD_H
#define BLOCKPROF_MODEL_DISCARD_H

#include <stdint.h>

/* A new one takes a row in discard.c and a key in scripts/blockprof.schema.json. */
enum discard {
	DISCARD_PROVISIONAL, /* before its loop was recognised */
	DISCARD_UNVOUCHED, /* waits that do not sleep were not seen: it may have been several */
	DISCARD_HANDED_OVER, /* another thread serves the loop, or its source is closed */
	DISCARD_LEFT, /* no loop runs on the thread any more */
	DISCARD_OWN_WAIT, /* it waited for its own events all the time, at another place */
	DISCARD_PARKS, /* futexes in it may have been a pool's worker at rest */
	DISCARD_PROXY, /* it waited for another loop of its process, which has that stall */
	DISCARD_REQUEST, /* a worker served one connection to its end, and had no other */
	DISCARD_HANDED_ON, /* a pool's worker gave its work to another, so as to block */
	DISCARD_GONE, /* thread or program ended in it: what is left was not the loop's */
	DISCARD_LOST, /* the record of its end did not come */
	DISCARD_ENGINE_NR, /* those above are counted as discarded */
	DISCARD_IGNORED = DISCARD_ENGINE_NR, /* a rule of --ignore fits what it has become */
	DISCARD_NR,
};

/* The word in JSON. */
const char *discard_name(enum discard reason);
/* Why, for people: "the thread had left its loop". A name that this version does not know stands for itself. */
const char *discard_words(const char *name);
enum discard discard_parse(const char *name); /* DISCARD_NR: none of them */

/* How many, by a name: a recording may be of another version. */
struct discard_count {
	const char *name;
	uint64_t count;
	uint64_t longest_ns;
};

#endif
