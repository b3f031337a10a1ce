/* SPDX-License-Identifier: GPL-2.0-or-later */
/* answers.h - what the symbolizer said of places in files: bounded, emptied when full. */
#ifndef BLOCKPROF_ANSWERS_H
#define BLOCKPROF_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

struct answers;

struct place {
	uint32_t file; /* request.file */
	bool is_return;
	uint64_t offset; /* in the file */
};

/* What is known of a place. */
struct known {
	const char *name; /* NULL: no function; else valid until the next answers_add() */
	uint64_t vaddr;
	uint64_t symbol_offset;
	bool after_call;
};

int answers_new(struct answers **out);
void answers_free(struct answers *answers);
void answers_clear(struct answers *answers);

bool answers_find(const struct answers *answers, const struct place *place, struct known *out);
/* known->name is copied, and points at the copy then. 0 or -ENOMEM. */
int answers_add(struct answers *answers, const struct place *place, struct known *known);

#endif
