/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind_payload.h - what follows a request (protocol.h) to unwind a stack:
 *   REQUEST_MAPPINGS  struct unwind_mapping, by address
 *   REQUEST_UNWIND    struct unwind_input, up to the end of the stack that is used
 */
#ifndef BLOCKPROF_SYMBOL_WIRE_UNWIND_PAYLOAD_H
#define BLOCKPROF_SYMBOL_WIRE_UNWIND_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"

#define UNWIND_MAPPINGS_MAX 16384 /* executable ones of a process */
/* In a packet: what a socket's buffer takes by default is twice this. */
#define UNWIND_MAPPINGS_PACKET 2048

/* An executable mapping. */
struct unwind_mapping {
	uint64_t start;
	uint64_t end;
	uint64_t offset; /* of start, in the file */
	uint32_t has_file;
	uint32_t pad;
};

enum unwind_input_flags {
	/* The first and the second word of the stack lie behind a call in code that no file holds. */
	UNWIND_WORD0_CALL = 1 << 0,
	UNWIND_WORD1_CALL = 1 << 1,
};

struct unwind_input {
	uint32_t machine; /* EM_* of elf.h */
	uint32_t flags; /* enum unwind_input_flags */
	uint32_t bytes; /* of stack */
	uint32_t code_bytes; /* of code */
	unsigned char code[8]; /* at the program counter, where no file holds it */
	struct bp_registers regs;
	unsigned char below[BP_STACK_BELOW_BYTES]; /* up to sp */
	unsigned char stack[BP_STACK_COPY_BYTES]; /* from sp upwards */
};

#define UNWIND_INPUT_HEADER_BYTES offsetof(struct unwind_input, stack)

_Static_assert(offsetof(struct unwind_input, below) + BP_STACK_BELOW_BYTES ==
		       offsetof(struct unwind_input, stack),
	       "read as one piece");

#endif
