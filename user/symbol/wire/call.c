// SPDX-License-Identifier: GPL-2.0-or-later
/* call.c - call instructions of x86 and arm64. */
#include "symbol/wire/call.h"

#include <elf.h>
#include <string.h>

/*
 * FF /2 with this ModRM (and SIB) byte: how long it is. Prefixes (REX, 3E) come
 * before the FF and make no difference to where it ends. Intel SDM volume 2,
 * tables 2-2 and 2-3.
 */
static size_t indirect_length(uint8_t modrm, uint8_t sib)
{
	unsigned int mod = modrm >> 6, rm = modrm & 7;
	size_t length = 2 + (mod != 3 && rm == 4);

	if (((modrm >> 3) & 7) != 2)
		return 0;
	if (mod == 1)
		return length + 1;
	if (mod == 2 || (mod == 0 && (rm == 5 || (rm == 4 && (sib & 7) == 5))))
		return length + 4;
	return length;
}

/*
 * V8 lets frames of optimised code that it gave up go on where one of its builtins
 * starts (src/deoptimizer): behind the padding between two of them, which is INT3.
 */
static bool padding_precedes(const uint8_t *code, size_t nr)
{
	static const uint8_t padding[] = { 0xcc, 0xcc, 0xcc, 0xcc };

	return nr >= sizeof(padding) &&
	       !memcmp(code + nr - sizeof(padding), padding, sizeof(padding));
}

static bool call_precedes_x86(const uint8_t *code, size_t nr)
{
	if ((nr >= 5 && code[nr - 5] == 0xe8) || padding_precedes(code, nr))
		return true;
	for (size_t length = 2; length <= 7 && length <= nr; length++) {
		const uint8_t *at = code + nr - length;

		if (at[0] == 0xff && indirect_length(at[1], length > 2 ? at[2] : 0) == length)
			return true;
	}
	return false;
}

/* BL, BLR, and BLRAA and its kin (Arm ARM, C4.1 "Branches"). */
static bool call_precedes_arm64(const uint8_t *code, size_t nr)
{
	const uint8_t *at = code + nr - 4;
	uint32_t insn;

	if (nr < 4)
		return false;
	insn = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
	return (insn & 0xfc000000) == 0x94000000 || (insn & 0xfffffc1f) == 0xd63f0000 ||
	       (insn & 0xfefff800) == 0xd63f0800;
}

bool call_precedes(const uint8_t *code, size_t nr, unsigned int machine)
{
	switch (machine) {
	case EM_X86_64:
	case EM_386:
		return call_precedes_x86(code, nr);
	case EM_AARCH64:
		return call_precedes_arm64(code, nr);
	default:
		return true;
	}
}

unsigned int call_own_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__aarch64__)
	return EM_AARCH64;
#else
	return EM_NONE;
#endif
}
