/* SPDX-License-Identifier: GPL-2.0-or-later */
/* name.h - symbol names as compilers and linkers write them. */
#ifndef BLOCKPROF_SYMBOL_WIRE_NAME_H
#define BLOCKPROF_SYMBOL_WIRE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Length of the name without what the compiler or linker put behind it: a
 * partial clone (.isra.0, .constprop.0, .part.0, .cold, .llvm.123) or a version
 * (@@GLIBC_2.34). The number changes from build to build, so the same function
 * would make different stacks, and it is not what stands in the source.
 */
size_t name_plain_length(const char *name);

/*
 * Of two names for one address: is a the better one? Libraries give a function
 * several; people know write, not __write or __libc_write.
 */
bool name_better(const char *a, const char *b);

#endif
