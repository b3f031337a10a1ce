/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally.h - time added up by a key: a stack, a place of the summary. Bounded: a
 * new key that does not fit is refused, and the caller has to count it elsewhere.
 * Keys that are there go on to be counted.
 */
#ifndef BLOCKPROF_OUTPUT_TALLY_H
#define BLOCKPROF_OUTPUT_TALLY_H

#include <stddef.h>
#include <stdint.h>

struct tally;

struct tally_entry {
	const void *key; /* aligned for any type */
	size_t size; /* of the key; of a string with its end */
	uint64_t ns;
	uint64_t count;
};

/* At most so many keys, of so many bytes in all. 0 or -ENOMEM. */
int tally_new(struct tally **out, size_t max_keys, size_t max_bytes);
void tally_free(struct tally *tally);
/* 0, -ENOSPC: a bound is reached, -ENOMEM. */
int tally_add(struct tally *tally, const char *key, uint64_t ns, uint64_t count);
/* Of any bytes. */
int tally_add_bytes(struct tally *tally, const void *key, size_t size, uint64_t ns, uint64_t count);
/* NULL: there is none such. */
const struct tally_entry *tally_find(struct tally *tally, const void *key, size_t size);
size_t tally_size(const struct tally *tally);
/* In the order in which they came; valid until the next tally_add(). */
const struct tally_entry *tally_at(const struct tally *tally, size_t i);
size_t tally_bytes(const struct tally *tally); /* of its keys */
/*
 * The entries, in an order that depends on the contents only. The array is the
 * tally's, and valid until the next tally_add() or tally_by_...().
 */
const struct tally_entry *const *tally_by_key(struct tally *tally);
const struct tally_entry *const *tally_by_ns(struct tally *tally); /* largest first */

#endif
