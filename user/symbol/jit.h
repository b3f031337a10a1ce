/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jit.h - names of code that processes make at run time, from their perf maps.
 *
 * A map is opened and looked at here, and read by the symbolizer's child. It is
 * looked at again some times a second at the most, when it is asked for.
 */
#ifndef BLOCKPROF_SYMBOL_JIT_H
#define BLOCKPROF_SYMBOL_JIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct askers;
struct memory_source;
struct jit;

/* askers outlive it; 0 or -ENOMEM */
int jit_new(struct jit **out, struct askers *askers, struct memory_source *source);
void jit_free(struct jit *jit);

/*
 * The name of the code at an address of a process, as its maker wrote it; NULL:
 * none is known. Valid until the next call. *offset: from where the code starts.
 */
const char *jit_name(struct jit *jit, pid_t pid, uint64_t addr, uint64_t *offset);
/* A question of this kind ended the child, as client_ended() has it. */
void jit_ended(struct jit *jit, uint32_t id, int how);
void jit_forget(struct jit *jit, pid_t pid);

struct jit_counts {
	uint64_t
		maps_refused; /* not the process's own, no regular files, or too much for the child */
	uint64_t lines_cut; /* of maps: malformed, or too many */
	uint64_t failed; /* names not had because of the child */
};

void jit_counts(const struct jit *jit, struct jit_counts *out);

#endif
