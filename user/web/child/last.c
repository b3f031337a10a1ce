// SPDX-License-Identifier: GPL-2.0-or-later
/* last.c - how long data that was made is as good as new. */
#include "web/child/last.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "web/child/pack.h"
#include "web/wire/wire.h"

/* So many times as long as it took: whoever asks again and again has no more than a twentieth of a CPU. */
#define FRESH_TIMES 20

static size_t place_of(uint64_t seconds)
{
	return seconds <= WEB_MOMENTS_MAX ? 1 : 0;
}

const struct last_made *last_find(const struct last *last, uint64_t seconds)
{
	const struct last_made *made = &last->v[place_of(seconds)];

	return made->text && made->seconds == seconds && clock_now_ns() < made->until_ns ? made
											 : NULL;
}

const struct last_made *last_make(struct last *last, uint64_t seconds, int file, uint64_t bytes)
{
	struct last_made *made = &last->v[place_of(seconds)];
	void *lines = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, file, 0);
	uint64_t began_ns = clock_read_ns(CLOCK_PROCESS_CPUTIME_ID);
	int err;

	if (lines == MAP_FAILED)
		return NULL;
	free(made->text);
	made->text = NULL;
	err = pack(lines, bytes, &made->text, &made->bytes);
	munmap(lines, bytes);
	if (err) {
		free(made->text);
		made->text = NULL;
		return NULL;
	}
	/* it took many times the memory that is kept */
	malloc_trim(0);
	made->seconds = seconds;
	made->until_ns =
		clock_now_ns() + FRESH_TIMES * (clock_read_ns(CLOCK_PROCESS_CPUTIME_ID) - began_ns);
	return made;
}
