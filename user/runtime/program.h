/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * program.h - what a process runs, as far as it tells runtimes apart: its
 * executable, what that defines, what else is mapped, whose code made a call.
 *
 * ELF files are looked into by the symbolizer's child only.
 */
#ifndef BLOCKPROF_RUNTIME_PROGRAM_H
#define BLOCKPROF_RUNTIME_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memory;
struct program;
struct symbols;

#define PROGRAM_FUNCTIONS_MAX 64

/* The names that an executable may be asked for. They outlive the program. */
struct program_functions {
	const char *names[PROGRAM_FUNCTIONS_MAX];
	size_t nr;
};

/* Of pid as it is now: made anew after exec. symbols outlives it, functions are copied. 0 or -errno. */
int program_new(struct program **out, const struct memory *memory, struct symbols *symbols,
		const struct program_functions *functions);
void program_free(struct program *program);

/* All but program_free() take NULL for a program of which nothing is known. */

/* The executable is called one of these (a list ended by NULL), a version may follow: php, php8.2. */
bool program_is(const struct program *program, const char *const *names);
/* The executable has a function of this name, one of those that it may be asked for. */
bool program_defines(struct program *program, const char *function);
/* Path of the first mapped file whose name begins so; NULL: none. Valid as long as the program. */
const char *program_library(const struct program *program, const char *prefix);

/*
 * The file whose code made the system call in which a thread sleeps with this
 * user stack pointer: the innermost that is not the C library. "" for the
 * executable; NULL: not known. Valid until the next call.
 */
const char *program_caller(struct program *program, uint64_t sp);
/*
 * From true to false its threads' stacks are taken to stay as they are: who asks again
 * for the caller of one gets what was found.
 */
void program_hold(struct program *program, bool held);

/* Functions as a program may call them; each list ends with NULL. */
struct program_functions_in {
	const char *const *functions; /* names, in C++ with their scopes and without arguments */
	bool executable; /* in the executable */
	const char *const *libraries; /* in files whose names begin so; NULL: in none */
};

/*
 * Which calls of these functions are on the stack of a thread, from sp outwards, innermost
 * first, as indices; at most max. By whatever can be a return address, so that one of a call
 * that is over may be among them: it is asked only for what is called to stay. How many; 0 as
 * well where it was asked of too many stacks of this program.
 */
size_t program_calls(struct program *program, uint64_t sp, const struct program_functions_in *in,
		     int *calls, size_t max);

/* The word behind a text in the executable that begins with a digit: a version. 0 or -errno. */
int program_word(struct program *program, const char *text, char *word, size_t size);

#endif
