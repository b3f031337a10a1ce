// SPDX-License-Identifier: GPL-2.0-or-later
/* x86_insn.c - which opcodes of x86-64 have a ModRM byte, and which immediate operands. */
#include "symbol/child/unwind/x86_insn.h"

#include <errno.h>

#define REX_W 8

/* Bytes that are still to be read. */
struct cursor {
	const uint8_t *code;
	size_t nr;
	size_t at;
	bool over;
};

static uint8_t next(struct cursor *cursor)
{
	if (cursor->at >= cursor->nr) {
		cursor->over = true;
		return 0;
	}
	return cursor->code[cursor->at++];
}

static int64_t next_signed(struct cursor *cursor, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)next(cursor) << (8 * i);
	if (bytes && bytes < 8 && value >> (8 * bytes - 1))
		value |= UINT64_MAX << (8 * bytes);
	return (int64_t)value;
}

static bool within(uint8_t opcode, uint8_t first, uint8_t last)
{
	return opcode >= first && opcode <= last;
}

/* Intel SDM volume 2, tables, as a row of 16 bits for each high digit. */
static bool has_modrm(uint8_t map, uint8_t opcode)
{
	static const uint16_t one_byte[16] = {
		0x0f0f, 0x0f0f, 0x0f0f, 0x0f0f, 0,	0,	0x0a08, 0,
		0xffff, 0,	0,	0,	0x00c3, 0xff0f, 0,	0xc0c0,
	};
	static const uint16_t after_0f[16] = {
		0x200f, 0xffff, 0xff0f, 0,	0xffff, 0xffff, 0xffff, 0xff7f,
		0,	0xffff, 0xf838, 0xffff, 0x00ff, 0xffff, 0xffff, 0xffff,
	};

	if (map >= X86_0F38)
		return true;
	return (map == X86_0F ? after_0f : one_byte)[opcode >> 4] >> (opcode & 15) & 1;
}

static unsigned int immediate_0f(uint8_t opcode)
{
	if (within(opcode, 0x80, 0x8f))
		return 4;
	return within(opcode, 0x70, 0x73) || opcode == 0xa4 || opcode == 0xac || opcode == 0xba ||
	       opcode == 0xc2 || within(opcode, 0xc4, 0xc6);
}

/* word: 2 or 4, as the size of the operand is. */
static unsigned int immediate_one_byte(const struct x86_insn *insn, unsigned int word, bool addr32)
{
	uint8_t opcode = insn->opcode;

	if (opcode < 0x40 && (opcode & 7) >= 4)
		return (opcode & 7) == 4 ? 1 : (opcode & 7) == 5 ? word : 0;
	if (within(opcode, 0xb8, 0xbf))
		return insn->rex & REX_W ? 8 : word;
	if (within(opcode, 0xa0, 0xa3))
		return addr32 ? 4 : 8;
	if (opcode == 0xf6 || opcode == 0xf7)
		return insn->reg > 1 ? 0 : opcode == 0xf6 ? 1 : word;
	if (opcode == 0x68 || opcode == 0x69 || opcode == 0x81 || opcode == 0xa9 || opcode == 0xc7)
		return word;
	if (opcode == 0xe8 || opcode == 0xe9)
		return 4;
	if (opcode == 0xc2 || opcode == 0xca)
		return 2;
	if (opcode == 0xc8)
		return 3;
	return opcode == 0x6a || opcode == 0x6b || within(opcode, 0x70, 0x7f) || opcode == 0x80 ||
	       opcode == 0x83 || opcode == 0xa8 || within(opcode, 0xb0, 0xb7) || opcode == 0xc0 ||
	       opcode == 0xc1 || opcode == 0xc6 || opcode == 0xcd || within(opcode, 0xe0, 0xe7) ||
	       opcode == 0xeb;
}

/* What 64-bit code does not have (table A-2's "i64"): such bytes are no code. */
static bool is_invalid(uint8_t opcode)
{
	if (opcode < 0x40 && (opcode & 7) >= 6)
		return true;
	return within(opcode, 0x60, 0x62) || opcode == 0x82 || opcode == 0x9a || opcode == 0xc4 ||
	       opcode == 0xc5 || opcode == 0xce || within(opcode, 0xd4, 0xd6) || opcode == 0xea;
}

static void read_modrm(struct x86_insn *insn, struct cursor *cursor)
{
	uint8_t modrm = next(cursor);
	unsigned int bytes = 0;

	insn->mod = modrm >> 6;
	insn->reg = (modrm >> 3) & 7;
	insn->rm = modrm & 7;
	insn->has_sib = insn->mod != 3 && insn->rm == 4;
	if (insn->has_sib)
		insn->sib = next(cursor);
	if (insn->mod == 1)
		bytes = 1;
	else if (insn->mod == 2 ||
		 (insn->mod == 0 && (insn->rm == 5 || (insn->has_sib && (insn->sib & 7) == 5))))
		bytes = 4;
	insn->disp = (int32_t)next_signed(cursor, bytes);
}

/* The prefixes VEX (C4, C5) and EVEX (62), of which the first byte has been read. */
static void read_vector(struct x86_insn *insn, struct cursor *cursor, uint8_t prefix)
{
	uint8_t first = next(cursor);

	insn->vector = true;
	insn->map = prefix == 0xc5 ? X86_0F : first & (prefix == 0x62 ? 7 : 31);
	if (prefix != 0xc5)
		next(cursor);
	if (prefix == 0x62)
		next(cursor);
	insn->opcode = next(cursor);
}

static void read_opcode(struct x86_insn *insn, struct cursor *cursor, uint8_t byte)
{
	if (byte == 0xc4 || byte == 0xc5 || byte == 0x62) {
		read_vector(insn, cursor, byte);
		return;
	}
	insn->opcode = byte;
	if (byte != 0x0f)
		return;
	insn->map = X86_0F;
	insn->opcode = next(cursor);
	if (insn->opcode != 0x38 && insn->opcode != 0x3a)
		return;
	insn->map = insn->opcode == 0x38 ? X86_0F38 : X86_0F3A;
	insn->opcode = next(cursor);
}

static bool is_prefix(uint8_t byte)
{
	return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 ||
	       byte == 0x64 || byte == 0x65 || (byte < 0x40 && (byte & 0xe7) == 0x26);
}

int x86_insn_read(struct x86_insn *insn, const uint8_t *code, size_t nr)
{
	struct cursor cursor = { code, nr < X86_INSN_BYTES ? nr : X86_INSN_BYTES, 0, false };
	unsigned int word = 4, bytes = 0;
	bool addr32 = false;
	uint8_t byte = next(&cursor);

	*insn = (struct x86_insn){ 0 };
	for (; is_prefix(byte); byte = next(&cursor)) {
		word = byte == 0x66 ? 2 : word;
		addr32 |= byte == 0x67;
	}
	if ((byte & 0xf0) == 0x40) {
		insn->rex = byte & 15;
		byte = next(&cursor);
	}
	read_opcode(insn, &cursor, byte);
	if (insn->map > X86_0F3A || (insn->vector && insn->map == X86_ONE_BYTE) ||
	    (insn->map == X86_ONE_BYTE && is_invalid(insn->opcode)))
		return -ENOEXEC;
	insn->has_modrm = has_modrm(insn->map, insn->opcode);
	if (insn->has_modrm)
		read_modrm(insn, &cursor);
	if (insn->map == X86_ONE_BYTE)
		bytes = immediate_one_byte(insn, insn->rex & REX_W ? 4 : word, addr32);
	else if (insn->map == X86_0F)
		bytes = immediate_0f(insn->opcode);
	else
		bytes = insn->map == X86_0F3A;
	insn->imm = next_signed(&cursor, bytes);
	insn->length = (uint8_t)cursor.at;
	return cursor.over ? -ENOEXEC : 0;
}
