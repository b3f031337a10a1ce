/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind_step.h - from one frame to its caller, by what is said of it or stands in it.
 *
 * Each returns 0: state is that of the caller; UNWIND_END: there is none; else
 * -errno, and state is as it was: -ENODATA: what is needed is behind the copy of
 * the stack; others: it leads nowhere.
 * cfa: that of the frame which was left; as it was when it is not known.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_STEP_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "symbol/child/unwind/cfi.h"
#include "symbol/child/unwind/unwind_machine.h"
#include "symbol/child/unwind/unwind_memory.h"

#define UNWIND_END	  1
#define SIGRETURN_BYTES	  9
#define UNWIND_CODE_BYTES 8

struct unwind_state {
	const struct unwind_machine *machine;
	struct unwind_memory memory;
	struct bp_registers regs;
	bool exact; /* the program counter is no return address: it was interrupted there */
};

/* By what CFI says of the program counter. */
int unwind_by_row(struct unwind_state *state, const struct cfi_row *row, uint64_t *cfa);

/*
 * Code of a signal's return, which mostly has no CFI, or (arm64) one that does not
 * lead to where the signal came: nr bytes at the program counter.
 */
bool unwind_is_sigreturn(const struct unwind_machine *machine, const unsigned char *code,
			 size_t nr);
int unwind_by_sigframe(struct unwind_state *state, uint64_t *cfa);

/* What can be found out about a place in code. */
struct unwind_code_reader {
	/* Does a call end at addr, in executable memory? sure: not only as far as is known. */
	bool (*after_call)(void *context, uint64_t addr, bool sure);
	/* Up to nr bytes of a file's code at addr; 0: they are not at hand. */
	size_t (*text)(void *context, uint64_t addr, unsigned char *code, size_t nr);
	unsigned int *steps; /* of a way out that are left for the whole stack */
	void *context;
	/* at the program counter of the innermost frame; nr 0: not known */
	unsigned char code[UNWIND_CODE_BYTES];
	size_t nr;
	bool generated; /* it is in code that was made at run time */
};

/*
 * By the frame pointer. innermost: it may not have been set up yet, or never will.
 * chained: the frame itself was found by one.
 */
int unwind_by_frame_pointer(struct unwind_state *state, const struct unwind_code_reader *reader,
			    bool innermost, bool chained, uint64_t *cfa);

#endif
