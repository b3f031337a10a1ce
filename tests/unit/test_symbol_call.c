// SPDX-License-Identifier: GPL-2.0-or-later
/* Which instructions are calls. */
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/wire/call.h"

static void calls(void **state)
{
	static const struct {
		unsigned int machine;
		bool is_call;
		size_t nr;
		uint8_t code[8];
	} cases[] = {
		{ EM_X86_64, true, 5, { 0xe8, 1, 2, 3, 4 } }, /* call rel32 */
		{ EM_X86_64, true, 2, { 0xff, 0xd0 } }, /* call *%rax */
		{ EM_X86_64, true, 3, { 0x41, 0xff, 0xd3 } }, /* call *%r11 */
		{ EM_X86_64, true, 3, { 0x3e, 0xff, 0xd0 } }, /* notrack call *%rax */
		{ EM_X86_64, true, 2, { 0xff, 0x10 } }, /* call *(%rax) */
		{ EM_X86_64, true, 3, { 0xff, 0x50, 0x18 } }, /* call *0x18(%rax) */
		{ EM_X86_64, true, 6, { 0xff, 0x90, 0, 1, 0, 0 } }, /* call *0x100(%rax) */
		{ EM_X86_64, true, 6, { 0xff, 0x15, 1, 2, 3, 4 } }, /* call *0x4030201(%rip) */
		{ EM_X86_64, true, 3, { 0xff, 0x14, 0x24 } }, /* call *(%rsp) */
		{ EM_X86_64, true, 4, { 0xff, 0x54, 0x24, 8 } }, /* call *8(%rsp) */
		{ EM_X86_64, true, 7, { 0xff, 0x14, 0xc5, 0, 0, 0, 0 } }, /* call *0(,%rax,8) */
		{ EM_X86_64, true, 7, { 0xff, 0x94, 0x24, 0, 1, 0, 0 } }, /* call *0x100(%rsp) */
		{ EM_X86_64, true, 8, { 0x41, 0xff, 0x94, 0x24, 0, 1, 0, 0 } }, /* on %r12 */
		{ EM_X86_64,
		  true,
		  4,
		  { 0xcc, 0xcc, 0xcc, 0xcc } }, /* where a builtin of V8 starts */
		{ EM_X86_64, false, 3, { 0xcc, 0xcc, 0xcc } },
		{ EM_X86_64, false, 8, { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 } },
		{ EM_X86_64, false, 5, { 0xe9, 1, 2, 3, 4 } }, /* jmp rel32 */
		{ EM_X86_64, false, 2, { 0xff, 0xe0 } }, /* jmp *%rax */
		{ EM_X86_64, false, 6, { 0xff, 0x25, 1, 2, 3, 4 } }, /* jmp *x(%rip) */
		{ EM_X86_64, false, 4, { 0xe8, 1, 2, 3 } },
		{ EM_X86_64, false, 1, { 0xff } },
		{ EM_X86_64, false, 0, { 0 } },
		{ EM_X86_64, false, 3, { 0xff, 0x14, 0xc5 } }, /* cut in the middle */
		{ EM_AARCH64, true, 4, { 0x00, 0x00, 0x00, 0x94 } }, /* bl */
		{ EM_AARCH64, true, 4, { 0xff, 0xff, 0xff, 0x97 } }, /* bl, backwards */
		{ EM_AARCH64, true, 4, { 0x60, 0x02, 0x3f, 0xd6 } }, /* blr x19 */
		{ EM_AARCH64, true, 4, { 0x1f, 0x08, 0x3f, 0xd6 } }, /* blraaz x0 */
		{ EM_AARCH64, false, 4, { 0x00, 0x00, 0x00, 0x14 } }, /* b */
		{ EM_AARCH64, false, 4, { 0x00, 0x02, 0x1f, 0xd6 } }, /* br x16 */
		{ EM_AARCH64, false, 3, { 0x00, 0x00, 0x94 } },
		{ EM_S390, true, 0, { 0 } }, /* not known: not judged */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t code[CALL_BYTES] = { 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90 };
		size_t nr = cases[i].nr;

		memcpy(code + CALL_BYTES - nr, cases[i].code, nr);
		if (call_precedes(code + CALL_BYTES - nr, nr, cases[i].machine) != cases[i].is_call)
			fail_msg("case %zu", i);
		/* What stands before a call makes no difference. */
		if (cases[i].is_call && !call_precedes(code, CALL_BYTES, cases[i].machine))
			fail_msg("case %zu, with bytes before it", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls),
	};

	return cmocka_run_group_tests_name("symbol_call", tests, NULL, NULL);
}
