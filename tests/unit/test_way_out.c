// SPDX-License-Identifier: GPL-2.0-or-later
/* The caller of functions that say nothing of their frames, by code as musl's is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/child/unwind/way_out.h"
#include "symbol/child/unwind/x86_insn.h"

#define CODE  0x1000
#define STACK 0x8000
#define WORDS 8

enum { RDX = 1, RBX = 3, RBP = 6, RSP = 7, R12 = 12, RIP = 16 };

struct code {
	const void *bytes;
	size_t nr;
};

#define CODE_OF(text)                  \
	(struct code)                  \
	{                              \
		text, sizeof(text) - 1 \
	}

static size_t text_of(void *context, uint64_t addr, unsigned char *to, size_t nr)
{
	const struct code *code = context;

	if (addr < CODE || addr - CODE >= code->nr)
		return 0;
	if (nr > code->nr - (addr - CODE))
		nr = code->nr - (addr - CODE);
	memcpy(to, (const unsigned char *)code->bytes + (addr - CODE), nr);
	return nr;
}

/* Calls end at 100 times what the test's words are. */
static bool is_call(void *context, uint64_t addr, bool sure)
{
	(void)context;
	(void)sure;
	return addr >= 100 && addr % 100 == 0;
}

/* The stack's words are 1, 2, 3, ..., but that at index call, to which a call returned: 100 times. */
static int way_out_of(struct code code, size_t at, size_t call, struct unwind_state *state,
		      uint64_t *cfa)
{
	static uint64_t words[WORDS];
	unsigned int steps = WAY_OUT_STEPS;
	struct unwind_code_reader reader = {
		.steps = &steps, .after_call = is_call, .text = text_of, .context = &code
	};

	for (size_t i = 0; i < WORDS; i++)
		words[i] = i == call ? (i + 1) * 100 : i + 1;
	*state = (struct unwind_state){
		.machine = unwind_machine(EM_X86_64),
		.memory = { (const unsigned char *)words, STACK, sizeof(words), 0 },
		.exact = true,
	};
	state->regs.reg[RSP] = STACK;
	state->regs.reg[RIP] = CODE + at;
	state->regs.reg[RDX] = 7700;
	state->regs.reg[RBX] = 33;
	state->regs.reg[RBP] = STACK + 16;
	return unwind_by_way_out(state, &reader, cfa);
}

/* at: where in the code; call: index of the word that is the return address. */
static struct unwind_state expect_caller(struct code code, size_t at, size_t call)
{
	struct unwind_state state;
	uint64_t cfa = 0;

	assert_int_equal(way_out_of(code, at, call, &state, &cfa), 0);
	assert_int_equal(state.regs.reg[RIP], (call + 1) * 100);
	assert_int_equal(cfa, STACK + (call + 1) * 8);
	assert_int_equal(state.regs.reg[RSP], cfa);
	assert_false(state.exact);
	return state;
}

static void straight_on(void **unused)
{
	/* mov %rax,%rdi; call __syscall_ret; add $0x18,%rsp; ret: musl's poll() */
	static const char poll[] = "\x48\x89\xc7\xe8\x39\x96\xff\xff\x48\x83\xc4\x18\xc3";
	/* pop %rcx; pop %rsi; cmp $-38,%eax; jne +5; test %rbx,%rbx; je +14; call; pop %rbx; %rbp; %r12; ret */
	static const char pops[] = "\x59\x5e\x83\xf8\xda\x75\x05\x48\x85\xdb\x74\x0e"
				   "\xe8\x66\xfa\xff\xff\x5b\x5d\x41\x5c\xc3";
	/* leave; ret, and what older compilers restore registers by: mov 8(%rsp),%rbx; add $16,%rsp; ret */
	static const char leave[] = "\xc9\xc3\x48\x8b\x5c\x24\x08\x48\x83\xc4\x10\xc3";
	/* lea -8(%rbp),%rsp; pop %rbx; pop %rbp; ret $8 */
	static const char lea[] = "\x48\x8d\x65\xf8\x5b\x5d\xc2\x08\x00";
	struct unwind_state state;

	(void)unused;
	expect_caller(CODE_OF(poll), 0, 3);
	state = expect_caller(CODE_OF(pops), 0, 5);
	assert_int_equal(state.regs.reg[RBX], 3);
	assert_int_equal(state.regs.reg[RBP], 4);
	assert_int_equal(state.regs.reg[R12], 5);
	state = expect_caller(CODE_OF(leave), 0, 3);
	assert_int_equal(state.regs.reg[RBP], 3);
	state = expect_caller(CODE_OF(leave), 2, 2);
	assert_int_equal(state.regs.reg[RBX], 2);
	assert_int_equal(state.regs.reg[RBP], STACK + 16);
	expect_caller(CODE_OF(lea), 0, 3);
}

/* A function that ends in another one returns to the same caller; what that pushes it pops. */
static void by_jumps(void **unused)
{
	/* add $8,%rsp; pop %rbx; jmp +2; ud2; push %rbx; xor %ebx,%ebx; pop %rbx; ret */
	static const char tail[] = "\x48\x83\xc4\x08\x5b\xeb\x02\x0f\x0b\x53\x31\xdb\x5b\xc3";
	/* add $8,%rsp; jmp *0x1234(%rip): another library's */
	static const char got[] = "\x48\x83\xc4\x08\xff\x25\x34\x12\x00\x00";
	/* jmp *%rax: a switch */
	static const char table[] = "\xff\xe0";
	/* a loop that has its way out in its middle: test %eax,%eax; je +5; syscall; jmp -8; hlt; pop %rbx; ret */
	static const char loop[] = "\x85\xc0\x74\x05\x0f\x05\xeb\xf8\xf4\x5b\xc3";
	/* one that has none */
	static const char forever[] = "\x0f\x05\xeb\xfc";
	/* musl's vfork(): syscall; push %rdx; ret */
	static const char vfork[] = "\x0f\x05\x52\xc3";
	struct unwind_state state;
	uint64_t cfa = 0;

	(void)unused;
	state = expect_caller(CODE_OF(tail), 0, 2);
	assert_int_equal(state.regs.reg[RBX], 2);
	expect_caller(CODE_OF(got), 0, 1);
	assert_int_equal(way_out_of(CODE_OF(table), 0, 0, &state, &cfa), -ENOENT);
	expect_caller(CODE_OF(loop), 6, 1);
	assert_int_equal(way_out_of(CODE_OF(forever), 2, 0, &state, &cfa), -ENOENT);
	assert_int_equal(way_out_of(CODE_OF(vfork), 2, WORDS, &state, &cfa), 0);
	assert_int_equal(state.regs.reg[RIP], 7700);
	assert_int_equal(cfa, STACK);
}

/* Behind a call that does not return is another function: its end returns to nothing here. */
static void by_the_other_side(void **unused)
{
	/* jne +3; pop %rbx; ret; nop; call abort; push %rbx; pop %rbx; ret */
	static const char fork[] = "\x75\x03\x5b\xc3\x90\xe8\0\0\0\0\x53\x5b\xc3";
	/* test %rax,%rax; jne +8; call abort; push %rbx; pop %rbx; ret; add $16,%rsp; ret */
	static const char aborts[] =
		"\x48\x85\xc0\x75\x08\xe8\0\0\0\0\x53\x5b\xc3\x48\x83\xc4\x10\xc3";
	struct unwind_state state;
	uint64_t cfa = 0;

	(void)unused;
	expect_caller(CODE_OF(fork), 0, 1);
	expect_caller(CODE_OF(aborts), 0, 2);
	/* nothing but the wrong one */
	assert_int_equal(way_out_of(CODE_OF(aborts), 10, 5, &state, &cfa), -ENOENT);
	/* behind the copy of the stack */
	assert_int_equal(way_out_of(CODE_OF("\x48\x83\xc4\x7f\xc3"), 0, 0, &state, &cfa), -ENODATA);
	assert_int_equal(way_out_of(CODE_OF("\x48\x83\xec\x18\xc3"), 0, 0, &state, &cfa), -ENOENT);
	/* not of this machine */
	state.machine = unwind_machine(EM_AARCH64);
	assert_int_equal(unwind_by_way_out(&state, NULL, &cfa), -ENOENT);
}

/* A stack of functions without end is given up. */
static void few_steps(void **unused)
{
	static const char pops[] = "\x5b\x5d\xc3";
	struct code code = CODE_OF(pops);
	struct unwind_state state;
	uint64_t cfa = 0;

	(void)unused;
	assert_int_equal(way_out_of(code, 0, 2, &state, &cfa), 0);
	for (unsigned int left = 0; left < 3; left++) {
		unsigned int steps = left;
		struct unwind_code_reader reader = {
			.after_call = is_call, .text = text_of, .steps = &steps, .context = &code
		};

		state.regs.reg[RSP] = STACK;
		state.regs.reg[RIP] = CODE;
		assert_int_equal(unwind_by_way_out(&state, &reader, &cfa), -ENOENT);
		assert_int_equal(steps, 0);
	}
}

static void lengths(void **unused)
{
	static const struct code known[] = {
		{ "\xc3", 1 },
		{ "\xf3\x0f\x1e\xfa", 4 }, /* endbr64 */
		{ "\x48\xb8\1\2\3\4\5\6\7\x08", 10 }, /* movabs */
		{ "\x66\xb8\1\2", 4 },
		{ "\x66\x2e\x0f\x1f\x84\0\0\0\0\0", 10 }, /* nopw */
		{ "\xf7\x05\0\0\0\0\1\2\3\4", 10 }, /* testl $,(%rip) */
		{ "\xf7\xd8", 2 }, /* neg */
		{ "\x0f\xba\xe0\x05", 4 }, /* bt $5,%eax */
		{ "\x66\x0f\x3a\x0f\xc1\x08", 6 }, /* palignr */
		{ "\xc5\xf8\x77", 3 }, /* vzeroupper */
		{ "\xc4\xe3\x7d\x39\xc1\x01", 6 }, /* vextracti128 */
		{ "\x62\xf1\xfe\x48\x7f\x07", 6 }, /* vmovdqu64 */
		{ "\x0f\x84\1\2\3\4", 6 },
		{ "\x64\x48\x8b\x04\x25\x28\0\0\0", 9 }, /* mov %fs:0x28,%rax */
		{ "\x8b\x04\x8d\1\2\3\4", 7 }, /* mov (,%rcx,4),%eax */
	};
	struct x86_insn insn;

	(void)unused;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		unsigned char code[X86_INSN_BYTES + 1] = { 0 };

		memcpy(code, known[i].bytes, known[i].nr);
		assert_int_equal(x86_insn_read(&insn, code, sizeof(code)), 0);
		assert_int_equal(insn.length, known[i].nr);
		assert_int_equal(x86_insn_read(&insn, code, known[i].nr), 0);
		assert_int_equal(x86_insn_read(&insn, code, known[i].nr - 1), -ENOEXEC);
	}
	assert_int_equal(x86_insn_read(&insn, (const uint8_t *)"\x06\0\0", 3), -ENOEXEC);
	assert_int_equal(x86_insn_read(&insn, (const uint8_t *)"\xea\0\0", 3), -ENOEXEC);
	/* prefixes without end */
	assert_int_equal(x86_insn_read(&insn, (const uint8_t *)"ffffffffffffffffff", 18), -ENOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(straight_on),	     cmocka_unit_test(by_jumps),
		cmocka_unit_test(by_the_other_side), cmocka_unit_test(few_steps),
		cmocka_unit_test(lengths),
	};

	return cmocka_run_group_tests_name("way_out", tests, NULL, NULL);
}
