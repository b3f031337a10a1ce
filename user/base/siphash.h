/* SPDX-License-Identifier: GPL-2.0-or-later */
/* siphash.h - SipHash-2-4: a hash that nobody can compute, or look up, who has not the key. */
#ifndef BLOCKPROF_BASE_SIPHASH_H
#define BLOCKPROF_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
	uint64_t v[2];
};

/* Another one each time. 0 or -errno. */
int siphash_new_key(struct siphash_key *key);
uint64_t siphash(const struct siphash_key *key, const void *data, size_t size);

#endif
