/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unwind_machine.h - registers by their DWARF numbers, of both machines on either. */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_MACHINE_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_UNWIND_MACHINE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

/* As struct bp_registers numbers them. */
struct unwind_machine {
	uint32_t machine; /* EM_* */
	uint8_t registers; /* that CFI can speak of */
	uint8_t fp;
	uint8_t sp;
	uint8_t pc;
	uint8_t lr; /* holds the return address until it is saved; pc: it is on the stack */
	uint64_t code_mask; /* the bits of a code address that are not its signature */
};

/*
 * x86-64 psABI, figure 3.36; AADWARF64, 4.1. Pointer authentication keeps a
 * signature in the bits above an address of 48 bits, which is what Linux gives a
 * process that does not ask for more (Documentation/arch/arm64/memory.rst).
 */
static inline const struct unwind_machine *unwind_machine(uint32_t machine)
{
	static const struct unwind_machine known[] = {
		{ EM_X86_64, 17, 6, 7, 16, 16, UINT64_MAX },
		{ EM_AARCH64, 32, 29, 31, 32, 30, (1ULL << 48) - 1 },
	};

	for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].machine == machine)
			return &known[i];
	return NULL;
}

/* The address of the call's end: on the stack, or where the link register has it. */
static inline uint64_t unwind_code(const struct unwind_machine *machine, uint64_t addr)
{
	return addr & machine->code_mask;
}

#endif
