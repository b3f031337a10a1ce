/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answers.h - what the symbolizer said of places in files: bounded, what was asked
 * least recently goes first.
 */
#ifndef BLOCKPROF_SYMBOL_ANSWERS_H
#define BLOCKPROF_SYMBOL_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol_line;

struct answers;

struct place {
	uint32_t file; /* request.file */
	bool is_return;
	uint64_t offset; /* in the file */
};

/* What is known of a place. */
struct known {
	/* The functions there, innermost first; the last is no inlined one, "" when it is not known. */
	const struct symbol_line *lines;
	size_t nr_lines; /* 0: nothing is known */
	uint64_t vaddr;
	uint64_t symbol_offset;
	bool after_call;
};

int answers_new(struct answers **out);
void answers_free(struct answers *answers);
void answers_clear(struct answers *answers);
size_t answers_bytes(const struct answers *answers); /* of memory */

/* lines stay valid until the next answers_add(). */
bool answers_find(struct answers *answers, const struct place *place, struct known *out);
/* For a place that is not there. Lines are copied, and known points at the copy then. 0 or -ENOMEM. */
int answers_add(struct answers *answers, const struct place *place, struct known *known);

#endif
