/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86_insn.h - where an instruction of x86-64 ends, and what it is made of.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_X86_INSN_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_X86_INSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define X86_INSN_BYTES 15 /* the longest there is */

/* As Intel SDM volume 2, table 2-14, numbers the maps of opcodes. */
enum x86_map { X86_ONE_BYTE, X86_0F, X86_0F38, X86_0F3A };

struct x86_insn {
	uint8_t length;
	uint8_t map; /* enum x86_map */
	uint8_t opcode;
	uint8_t rex; /* its low four bits: W, R, X, B */
	bool vector; /* encoded with VEX or EVEX */
	bool has_modrm;
	uint8_t mod, reg, rm; /* without REX's bits */
	bool has_sib;
	uint8_t sib;
	int32_t disp;
	int64_t imm; /* the last immediate operand, or what a jump is relative by */
};

/* 0, or -ENOEXEC: no instruction that is known, or more of it than the nr bytes. */
int x86_insn_read(struct x86_insn *insn, const uint8_t *code, size_t nr);

#endif
