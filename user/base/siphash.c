// SPDX-License-Identifier: GPL-2.0-or-later
/* siphash.c - the rounds of SipHash-2-4, as its authors have published them. */
#include "base/siphash.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

struct state {
	uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static void mix(struct state *state, unsigned int rounds)
{
	while (rounds--) {
		state->a += state->b;
		state->b = rotate(state->b, 13) ^ state->a;
		state->a = rotate(state->a, 32);
		state->c += state->d;
		state->d = rotate(state->d, 16) ^ state->c;
		state->a += state->d;
		state->d = rotate(state->d, 21) ^ state->a;
		state->c += state->b;
		state->b = rotate(state->b, 17) ^ state->c;
		state->c = rotate(state->c, 32);
	}
}

static void take(struct state *state, uint64_t word)
{
	state->d ^= word;
	mix(state, 2);
	state->a ^= word;
}

/* Up to eight bytes as a number. */
static uint64_t word_of(const unsigned char *bytes, size_t nr)
{
	uint64_t word = 0;

	memcpy(&word, bytes, nr);
	return le64toh(word);
}

uint64_t siphash(const struct siphash_key *key, const void *data, size_t size)
{
	const unsigned char *bytes = data;
	struct state state = {
		key->v[0] ^ 0x736f6d6570736575u,
		key->v[1] ^ 0x646f72616e646f6du,
		key->v[0] ^ 0x6c7967656e657261u,
		key->v[1] ^ 0x7465646279746573u,
	};
	size_t at = 0;

	for (; at + 8 <= size; at += 8)
		take(&state, word_of(bytes + at, 8));
	take(&state, (uint64_t)size << 56 | word_of(bytes + at, size - at));
	state.c ^= 0xff;
	mix(&state, 4);
	return state.a ^ state.b ^ state.c ^ state.d;
}

int siphash_new_key(struct siphash_key *key)
{
	ssize_t got = getrandom(key, sizeof(*key), 0);

	if (got < 0)
		return -errno;
	return got == sizeof(*key) ? 0 : -EIO;
}
