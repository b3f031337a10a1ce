/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unwind_packet.h - what goes over the socket to unwind a stack.
 *
 * Four kinds of request (protocol.h), each with a payload behind struct request:
 *   REQUEST_MAPPINGS  payload: struct unwind_mapping, by address, in several
 *                     packets where there are many; offset: how many came before
 *   REQUEST_CFI       no payload; the file of the mapping that starts at offset, with its
 *                     descriptor; file 0: it has none that can be read
 *   REQUEST_CFI_DEBUG no payload; file has got its debug file now, if there is one
 *   REQUEST_UNWIND    payload: struct unwind_input, and as much of its stack as is used
 * All are about one reading of one process's maps, which has a number of its own.
 */
#ifndef BLOCKPROF_SYMBOL_WIRE_UNWIND_PACKET_H
#define BLOCKPROF_SYMBOL_WIRE_UNWIND_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "symbol/wire/native_frame.h"

#define UNWIND_FRAMES_MAX   256
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
	unsigned char stack[BP_STACK_COPY_BYTES]; /* from sp upwards */
};

#define UNWIND_INPUT_HEADER_BYTES offsetof(struct unwind_input, stack)

/* Sent up to the last frame. */
struct unwind_answer {
	uint64_t sequence; /* of the request */
	/*
	 * 0; -ENOENT: no such reading of maps is known; -ESTALE: the file of the mapping
	 * at addr is needed; -ENOKEY: its debug file is wanted; -EINPROGRESS: not the answer yet, file is looked into now:
	 * should it be the end of the symbolizer, it is to blame.
	 */
	int32_t error;
	uint32_t flags; /* enum unwind_flags of native_frame.h */
	uint32_t file;
	uint32_t nr;
	uint64_t addr;
	uint64_t lost_addr; /* with UNWIND_LOST: that is in no mapping, 0: none such */
	struct native_frame frames[UNWIND_FRAMES_MAX];
};

#define UNWIND_ANSWER_HEADER_BYTES offsetof(struct unwind_answer, frames)

#endif
