/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * borrowers.h - waits that are no loop's, however often they come: a client library
 * polls, or runs a loop of its own, for the answer to one call.
 */
#ifndef BLOCKPROF_RUNTIME_BORROWERS_H
#define BLOCKPROF_RUNTIME_BORROWERS_H

#include <stdbool.h>
#include <stdint.h>

struct moment;
struct program_functions;

/* Adds the functions by which an executable is known to have such a library in it. */
void borrowers_functions(struct program_functions *out);

/*
 * Whose the wait is that a thread sleeps in with this user stack pointer: a constant
 * sentence for recognised.against, which begins with the library's name. NULL: none is
 * known. It may have to look for names on the stack: it is asked last.
 */
const char *native_borrowed_by(const struct moment *moment, uint64_t sp);
/* The same; runs_loop: it runs a loop of its own for that, which is on the stack as others are. */
const char *native_borrows(const struct moment *moment, uint64_t sp, bool *runs_loop);

#endif
