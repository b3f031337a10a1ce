// SPDX-License-Identifier: GPL-2.0-or-later
/* Expressions of CFI, steps by hand-made rules, frame pointers, and CFI that means harm. */
#include <dwarf.h>
#include <elf.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "symbol/child/unwind/cfi.h"
#include "symbol/child/unwind/cfi_expression.h"
#include "symbol/child/unwind/unwind_step.h"
#include "symbol/child/unwind/unwinder.h"

#define STACK 0x7ffc00001000ULL
#define RBP   6
#define RSP   7
#define RIP   16

static const struct bp_registers registers = {
	.reg = { [3] = 0x33, [RSP] = STACK, [RIP] = 0x1029 }
};
/* one below sp, then the stack */
static const uint64_t all[9] = { STACK + 48, 0x1111222233334444, STACK + 32, 3, 4, 5, 6, 7, 8 };
static const uint64_t *const words = all + 1;
#define WORDS_BYTES (sizeof(all) - sizeof(all[0]))
static const struct unwind_memory memory = { (const unsigned char *)(all + 1), STACK, WORDS_BYTES,
					     sizeof(all[0]) };

static int evaluate(const Dwarf_Op *ops, size_t nr, uint64_t *result)
{
	return cfi_expression(ops, nr, &registers, &memory, 0xcfa, result);
}

#define NUMBER_OF(...) (sizeof((Dwarf_Op[]){ __VA_ARGS__ }) / sizeof(Dwarf_Op))
#define assert_gives(value, ...)                                                                \
	do {                                                                                    \
		uint64_t result = 0;                                                            \
		assert_int_equal(                                                               \
			evaluate((Dwarf_Op[]){ __VA_ARGS__ }, NUMBER_OF(__VA_ARGS__), &result), \
			0);                                                                     \
		assert_int_equal(result, value);                                                \
	} while (0)
#define assert_fails(error, ...)                                                                \
	do {                                                                                    \
		uint64_t result = 0;                                                            \
		assert_int_equal(                                                               \
			evaluate((Dwarf_Op[]){ __VA_ARGS__ }, NUMBER_OF(__VA_ARGS__), &result), \
			error);                                                                 \
	} while (0)

static void expressions(void **state)
{
	(void)state;
	/* that of a PLT: rsp + 8 + ((rip & 15) >= 11) * 8 */
	assert_gives(STACK + 8, { DW_OP_breg7, 8, 0, 0 }, { DW_OP_breg16, 0, 0, 2 },
		     { DW_OP_lit15, 0, 0, 4 }, { DW_OP_and, 0, 0, 5 }, { DW_OP_lit11, 0, 0, 6 },
		     { DW_OP_ge, 0, 0, 7 }, { DW_OP_lit3, 0, 0, 8 }, { DW_OP_shl, 0, 0, 9 },
		     { DW_OP_plus, 0, 0, 10 });
	assert_gives(STACK + 32, { DW_OP_breg7, 8, 0, 0 }, { DW_OP_deref, 0, 0, 2 });
	/* what hashes of OpenSSL have while they compute: *(rsp - 8) + 8 */
	assert_gives(STACK + 56, { DW_OP_breg7, (Dwarf_Word)-8, 0, 0 }, { DW_OP_deref, 0, 0, 2 },
		     { DW_OP_plus_uconst, 8, 0, 3 });
	assert_gives(0x4444, { DW_OP_bregx, RSP, 0, 0 }, { DW_OP_deref_size, 2, 0, 2 });
	assert_gives(0xcfa - 16, { DW_OP_call_frame_cfa, 0, 0, UINT64_MAX },
		     { DW_OP_const1s, (Dwarf_Word)-16, 0, 0 }, { DW_OP_plus, 0, 0, 2 });
	assert_gives(1, { DW_OP_lit5, 0, 0, 0 }, { DW_OP_lit3, 0, 0, 1 }, { DW_OP_swap, 0, 0, 2 },
		     { DW_OP_lt, 0, 0, 3 });
	assert_gives(UINT64_MAX, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_neg, 0, 0, 1 },
		     { DW_OP_lit31, 0, 0, 2 }, { DW_OP_shra, 0, 0, 3 });
	assert_gives(0, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_constu, 64, 0, 1 },
		     { DW_OP_shl, 0, 0, 3 });
	assert_gives(2, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_lit2, 0, 0, 1 }, { DW_OP_lit3, 0, 0, 2 },
		     { DW_OP_rot, 0, 0, 3 });
	assert_gives(7, { DW_OP_lit7, 0, 0, 0 }, { DW_OP_lit2, 0, 0, 1 }, { DW_OP_pick, 1, 0, 2 });
	/* over what is jumped to nothing */
	assert_gives(9, { DW_OP_lit9, 0, 0, 0 }, { DW_OP_lit1, 0, 0, 1 }, { DW_OP_bra, 1, 0, 2 },
		     { DW_OP_lit8, 0, 0, 5 }, { DW_OP_nop, 0, 0, 6 });
	assert_gives(9, { DW_OP_lit9, 0, 0, 0 }, { DW_OP_stack_value, 0, 0, 1 });
}

static void expressions_that_mean_harm(void **state)
{
	Dwarf_Op pushes[100];
	uint64_t result;

	(void)state;
	assert_fails(-ELOOP, { DW_OP_lit0, 0, 0, 0 }, { DW_OP_skip, (Dwarf_Word)-3, 0, 1 });
	assert_fails(-ELOOP, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_bra, (Dwarf_Word)-4, 0, 1 });
	assert_fails(-ENOEXEC, { DW_OP_plus, 0, 0, 0 });
	assert_fails(-ENOEXEC, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_swap, 0, 0, 1 });
	assert_fails(-ENOEXEC, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_drop, 0, 0, 1 });
	assert_fails(-ENOEXEC, { DW_OP_bra, 0, 0, 0 });
	assert_fails(-ENOEXEC, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_skip, 1, 0, 1 },
		     { DW_OP_const2u, 1, 0, 4 }, { DW_OP_nop, 0, 0, 7 });
	assert_fails(-ENOEXEC, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_lit0, 0, 0, 1 },
		     { DW_OP_div, 0, 0, 2 });
	assert_fails(-ENOEXEC, { DW_OP_const8u, 1ULL << 63, 0, 0 },
		     { DW_OP_const1s, (Dwarf_Word)-1, 0, 9 }, { DW_OP_div, 0, 0, 11 });
	assert_fails(-ENOEXEC, { DW_OP_bregx, 1000, 0, 0 });
	assert_fails(-ENOEXEC, { DW_OP_lit1, 0, 0, 0 }, { DW_OP_pick, 1, 0, 1 });
	assert_fails(-ENOEXEC, { DW_OP_form_tls_address, 0, 0, 0 });
	/* only the copy is read */
	assert_fails(-EFAULT, { DW_OP_addr, 0x400000, 0, 0 }, { DW_OP_deref, 0, 0, 9 });
	assert_fails(-EFAULT, { DW_OP_breg7, (Dwarf_Word)-9, 0, 0 }, { DW_OP_deref, 0, 0, 2 });
	assert_fails(-ENODATA, { DW_OP_breg7, WORDS_BYTES - 4, 0, 0 }, { DW_OP_deref, 0, 0, 2 });
	assert_fails(-ENOEXEC, { DW_OP_breg7, 0, 0, 0 }, { DW_OP_deref_size, 9, 0, 2 });
	for (size_t i = 0; i < sizeof(pushes) / sizeof(pushes[0]); i++)
		pushes[i] = (Dwarf_Op){ DW_OP_lit0, 0, 0, i };
	assert_int_equal(evaluate(pushes, sizeof(pushes) / sizeof(pushes[0]), &result), -ENOEXEC);
}

static struct unwind_state state_of(uint32_t machine, bool exact)
{
	return (struct unwind_state){ unwind_machine(machine), memory, registers, exact };
}

/* The stack must grow, but for a leaf whose return address is in a register. */
static void stacks_grow(void **unused)
{
	struct cfi_row row = { .ra = 16, .nr = 1 };
	struct unwind_state state = state_of(EM_X86_64, true);
	uint64_t cfa = 0;

	(void)unused;
	row.cfa = (struct cfi_rule){ .how = CFI_REGISTER, .from = RSP, .offset = 0 };
	row.rules[0] = (struct cfi_rule){ .reg = 16, .how = CFI_SAVED, .offset = 16 };
	assert_int_equal(unwind_by_row(&state, &row, &cfa), -ELOOP);
	row.cfa.offset = -8;
	assert_int_equal(unwind_by_row(&state, &row, &cfa), -ELOOP);
	assert_int_equal(state.regs.reg[RIP], registers.reg[RIP]);
	row.cfa.offset = 8;
	assert_int_equal(unwind_by_row(&state, &row, &cfa), 0);
	assert_int_equal(cfa, STACK + 8);
	assert_int_equal(state.regs.reg[RSP], STACK + 8);
	assert_int_equal(state.regs.reg[RIP], words[3]);
	/* where a signal came it may be anywhere: on another stack */
	row.signal = true;
	row.cfa.offset = -8;
	assert_int_equal(unwind_by_row(&state, &row, &cfa), 0);
	assert_true(state.exact);

	/* vfork() of glibc keeps it in another register, as the child that shares the stack returns */
	row = (struct cfi_row){ .ra = 16, .nr = 1 };
	row.cfa = (struct cfi_rule){ .how = CFI_REGISTER, .from = RSP, .offset = 0 };
	row.rules[0] = (struct cfi_rule){ .reg = 16, .how = CFI_REGISTER, .from = 5 };
	state = state_of(EM_X86_64, true);
	state.regs.reg[5] = 0x401000;
	assert_int_equal(unwind_by_row(&state, &row, &cfa), 0);
	assert_int_equal(state.regs.reg[RIP], 0x401000);
	assert_int_equal(unwind_by_row(&state, &row, &cfa), -ELOOP);

	row = (struct cfi_row){ .ra = 30 };
	row.cfa = (struct cfi_rule){ .how = CFI_REGISTER, .from = 31, .offset = 0 };
	state = state_of(EM_AARCH64, true);
	state.regs.reg[30] = 0x0045000000401000ULL;
	assert_int_equal(unwind_by_row(&state, &row, &cfa), 0);
	assert_int_equal(state.regs.reg[32], 0x401000);
	assert_int_equal(unwind_by_row(&state, &row, &cfa), -ELOOP);
}

static void ends_and_cuts(void **unused)
{
	struct cfi_row row = { .ra = 16, .outermost = true };
	struct unwind_state state = state_of(EM_X86_64, false);
	uint64_t cfa = 0;

	(void)unused;
	row.cfa = (struct cfi_rule){ .how = CFI_REGISTER, .from = RSP, .offset = 8 };
	assert_int_equal(unwind_by_row(&state, &row, &cfa), UNWIND_END);
	assert_int_equal(cfa, STACK + 8);
	row = (struct cfi_row){ .ra = 16, .nr = 2 };
	row.cfa = (struct cfi_rule){ .how = CFI_REGISTER, .from = RSP, .offset = WORDS_BYTES + 8 };
	row.rules[0] = (struct cfi_rule){ .reg = 3, .how = CFI_SAVED, .offset = 1 << 20 };
	row.rules[1] = (struct cfi_rule){ .reg = 16, .how = CFI_SAVED, .offset = -8 };
	assert_int_equal(unwind_by_row(&state, &row, &cfa), -ENODATA);
	/* a register whose place is not there is not what the caller is found by */
	row.cfa.offset = 16;
	assert_int_equal(unwind_by_row(&state, &row, &cfa), 0);
	assert_int_equal(state.regs.reg[3], registers.reg[3]);
}

/* Calls end at words 3 to 8. */
static bool is_call(void *context, uint64_t addr, bool sure)
{
	(void)context;
	(void)sure;
	return addr >= 3 && addr <= 8;
}

static void frame_pointers(void **unused)
{
	struct unwind_code_reader reader = { .after_call = is_call };
	struct unwind_state state = state_of(EM_X86_64, false);
	uint64_t cfa = 0;

	(void)unused;
	state.regs.reg[RBP] = STACK + 8;
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, false, false, &cfa), 0);
	assert_int_equal(cfa, STACK + 24);
	assert_int_equal(state.regs.reg[RIP], 3);
	assert_int_equal(state.regs.reg[RBP], STACK + 32);
	assert_int_equal(state.regs.reg[RSP], STACK + 24);
	/* the next is no frame pointer: 5 is below the stack */
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, false, true, &cfa), 0);
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, false, true, &cfa), -ENOENT);
	state.regs.reg[RBP] = 0;
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, false, true, &cfa), UNWIND_END);
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, false, false, &cfa), -ENOENT);
	state.regs.reg[RBP] = STACK + WORDS_BYTES - 8;
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, false, true, &cfa), -ENODATA);
	/* what no call left behind is no return address; one that is not aligned no frame pointer */
	state = state_of(EM_X86_64, false);
	state.regs.reg[RBP] = STACK;
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, false, true, &cfa), -ENOENT);
	state.regs.reg[RBP] = STACK + 9;
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, false, true, &cfa), -ENOENT);
}

/* The innermost function may not have set up its frame: generated code shows that it has not. */
static void before_a_prologue(void **unused)
{
	struct unwind_code_reader reader = { .after_call = is_call, .generated = true };
	struct unwind_state state = state_of(EM_X86_64, true);
	uint64_t cfa = 0;

	(void)unused;
	state.memory.bytes += 16;
	state.memory.nr -= 16;
	state.regs.reg[RBP] = STACK + 24;
	/* in the middle: by the frame pointer, whatever is on top of the stack */
	reader.nr = 1;
	reader.code[0] = 0x90;
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, true, false, &cfa), 0);
	assert_int_equal(state.regs.reg[RIP], 7);
	state = state_of(EM_X86_64, true);
	state.memory.bytes += 16;
	state.memory.nr -= 16;
	state.regs.reg[RBP] = STACK + 24;
	reader.code[0] = 0x55; /* push %rbp */
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, true, false, &cfa), 0);
	assert_int_equal(state.regs.reg[RIP], 3);
	assert_int_equal(state.regs.reg[RBP], STACK + 24);
	assert_int_equal(cfa, STACK + 8);
	/* after the push, before the mov */
	state = state_of(EM_X86_64, true);
	state.memory.bytes += 8;
	state.memory.nr -= 8;
	state.regs.reg[RBP] = STACK + 32;
	reader.code[0] = 0x48;
	assert_int_equal(unwind_by_frame_pointer(&state, &reader, true, false, &cfa), 0);
	assert_int_equal(state.regs.reg[RIP], 3);
	assert_int_equal(state.regs.reg[RBP], STACK + 32);
	assert_int_equal(cfa, STACK + 16);
}

/* A file of this length with one section .eh_frame that claims to be so large. */
static int hostile_file(off_t length, uint64_t offset, uint64_t bytes)
{
	static const char names[] = "\0.shstrtab\0.eh_frame";
	Elf64_Shdr sections[3] = { 0 };
	Elf64_Ehdr header = { .e_type = ET_DYN,
			      .e_machine = EM_X86_64,
			      .e_phentsize = sizeof(Elf64_Phdr),
			      .e_shoff = sizeof(header),
			      .e_shentsize = sizeof(sections[0]),
			      .e_shnum = 3,
			      .e_shstrndx = 1 };
	int fd = memfd_create("hostile", MFD_CLOEXEC);

	memcpy(header.e_ident, ELFMAG "\2\1\1", SELFMAG + 3);
	sections[1] = (Elf64_Shdr){
		.sh_name = 1, .sh_type = SHT_STRTAB, .sh_offset = 1024, .sh_size = sizeof(names)
	};
	sections[2] = (Elf64_Shdr){
		.sh_name = 11, .sh_type = SHT_PROGBITS, .sh_offset = offset, .sh_size = bytes
	};
	assert_int_equal(pwrite(fd, &header, sizeof(header), 0), sizeof(header));
	assert_int_equal(pwrite(fd, sections, sizeof(sections), sizeof(header)), sizeof(sections));
	assert_int_equal(pwrite(fd, names, sizeof(names), 1024), sizeof(names));
	assert_int_equal(ftruncate(fd, length), 0);
	return fd;
}

static void hostile_files(void **state)
{
	struct cfi_row row;
	struct cfi *cfi;
	int empty = memfd_create("empty", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(cfi_open(&cfi, empty), -ENOEXEC);
	/* 4 GB that take no room on the disk */
	assert_int_equal(
		cfi_open(&cfi, hostile_file((off_t)4 << 30, 4096, ((uint64_t)4 << 30) - 4096)),
		-EFBIG);
	assert_int_equal(cfi_open(&cfi, hostile_file(8192, 4096, 8192)), -ENOEXEC);
	assert_int_equal(cfi_open(&cfi, hostile_file(8192, UINT64_MAX - 8, 16)), -ENOEXEC);
	/* an entry that is as long as no file, and one that refers to itself */
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t entry[8] = { i ? 24 : 0xfffffff0, i ? 4 : 0 };
		int fd = hostile_file(8192, 4096, sizeof(entry));

		assert_int_equal(pwrite(fd, entry, sizeof(entry), 4096), sizeof(entry));
		assert_int_equal(cfi_open(&cfi, fd), 0);
		assert_int_equal(cfi_row(cfi, 0x1000, &row), -ENOENT);
		cfi_close(cfi);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions),	  cmocka_unit_test(expressions_that_mean_harm),
		cmocka_unit_test(stacks_grow),	  cmocka_unit_test(ends_and_cuts),
		cmocka_unit_test(frame_pointers), cmocka_unit_test(before_a_prologue),
		cmocka_unit_test(hostile_files),
	};

	return cmocka_run_group_tests_name("unwind_rules", tests, NULL, NULL);
}
