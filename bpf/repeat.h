/* SPDX-License-Identifier: GPL-2.0 */
/* repeat.h - bounded repetition that the verifier of every kernel accepts, of newer ones quickly. */
#ifndef BLOCKPROF_REPEAT_H
#define BLOCKPROF_REPEAT_H

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/*
 * A step returns 1 to stop. What changes from step to step is best kept in a
 * map or in the state: a variable is one more thing for the verifier to count.
 *
 * Steps are written once and run by bpf_loop() (5.17, e6f2dd0f8067), which the
 * verifier checks once; before that by a bounded loop, which it walks through
 * each time: the probes then take a second to come up.
 */
#define HAVE_LOOP bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)

#define REPEAT(times, step, state)                          \
	do {                                                \
		u32 __i;                                    \
                                                            \
		if (HAVE_LOOP)                              \
			bpf_loop(times, step, state, 0);    \
		else                                        \
			for (__i = 0; __i < (times); __i++) \
				if (step(__i, state))       \
					break;              \
	} while (0)

/* As REPEAT(), but only so many times where there is no bpf_loop(). */
#define REPEAT_OR(times, walked, step, state)                \
	do {                                                 \
		u32 __i;                                     \
                                                             \
		if (HAVE_LOOP)                               \
			bpf_loop(times, step, state, 0);     \
		else                                         \
			for (__i = 0; __i < (walked); __i++) \
				if (step(__i, state))        \
					break;               \
	} while (0)

#endif
