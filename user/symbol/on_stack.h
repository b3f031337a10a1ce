/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * on_stack.h - which functions a thread is in, for code without frame pointers:
 * whatever on its stack can be a return address is taken for one. A left-over of
 * a call that is over can be among them, so it is asked only for what is never
 * called but to stay (a scheduler's own loop, a wait).
 */
#ifndef BLOCKPROF_SYMBOL_ON_STACK_H
#define BLOCKPROF_SYMBOL_ON_STACK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct symbols;

/*
 * Which of nr parts of names is in that of the innermost function on the
 * thread's stack, from sp outwards, that has any of them in its name: its index,
 * or -ENOENT when there is none; else -errno.
 */
int symbols_on_stack(struct symbols *symbols, pid_t pid, uint64_t sp, const char *const *parts,
		     size_t nr);

#endif
