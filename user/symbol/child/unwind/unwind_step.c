// SPDX-License-Identifier: GPL-2.0-or-later
/* unwind_step.c - one step by CFI, by a signal's frame, by frame pointer. */
#include "symbol/child/unwind/unwind_step.h"

#include <errno.h>
#include <string.h>

#include "symbol/child/unwind/cfi_expression.h"

static int read_word(const struct unwind_state *state, uint64_t addr, uint64_t *value)
{
	return unwind_memory_read(&state->memory, addr, sizeof(*value), value);
}

static uint64_t sp_of(const struct unwind_state *state)
{
	return state->regs.reg[state->machine->sp];
}

static int cfa_of(const struct unwind_state *state, const struct cfi_rule *rule, uint64_t *cfa)
{
	if (rule->how == CFI_VALUE_OF)
		return cfi_expression(rule->ops, rule->nr_ops, &state->regs, &state->memory, 0,
				      cfa);
	*cfa = state->regs.reg[rule->from] + (uint64_t)rule->offset;
	return 0;
}

static int value_of(const struct unwind_state *state, const struct cfi_rule *rule, uint64_t cfa,
		    uint64_t *value)
{
	int err;

	switch (rule->how) {
	case CFI_SAVED:
		return read_word(state, cfa + (uint64_t)rule->offset, value);
	case CFI_VALUE:
		*value = cfa + (uint64_t)rule->offset;
		return 0;
	case CFI_REGISTER:
		*value = state->regs.reg[rule->from];
		return 0;
	case CFI_VALUE_OF:
		return cfi_expression(rule->ops, rule->nr_ops, &state->regs, &state->memory, cfa,
				      value);
	default: /* CFI_SAVED_AT */
		err = cfi_expression(rule->ops, rule->nr_ops, &state->regs, &state->memory, cfa,
				     value);
		return err ? err : read_word(state, *value, value);
	}
}

/*
 * A leaf that has nothing on the stack is where the stack need not grow: on arm64, or where
 * the return address is in another register (vfork() of x86-64).
 */
static bool grows(const struct unwind_state *state, uint64_t sp, bool in_register)
{
	bool may_stay = state->exact && (state->machine->lr != state->machine->pc || in_register);

	return may_stay ? sp >= sp_of(state) : sp > sp_of(state);
}

int unwind_by_row(struct unwind_state *state, const struct cfi_row *row, uint64_t *cfa)
{
	const struct unwind_machine *machine = state->machine;
	struct bp_registers caller = state->regs;
	bool in_register = false;
	uint64_t at;
	int err = cfa_of(state, &row->cfa, &at);

	if (err)
		return err;
	*cfa = at;
	if (row->outermost)
		return UNWIND_END;
	caller.reg[machine->sp] = at;
	for (size_t i = 0; i < row->nr; i++) {
		const struct cfi_rule *rule = &row->rules[i];
		uint64_t value;

		in_register |= rule->reg == row->ra && rule->how == CFI_REGISTER;
		err = value_of(state, rule, at, &value);
		if (!err)
			caller.reg[rule->reg] = value;
		else if (rule->reg == row->ra || rule->reg == machine->sp)
			return err;
	}
	if (!row->signal && !grows(state, caller.reg[machine->sp], in_register))
		return -ELOOP;
	caller.reg[machine->pc] = unwind_code(machine, caller.reg[row->ra]);
	state->regs = caller;
	state->exact = row->signal;
	return caller.reg[machine->pc] ? 0 : UNWIND_END;
}

bool unwind_is_sigreturn(const struct unwind_machine *machine, const unsigned char *code, size_t nr)
{
	/* mov $15,%rax; syscall: as libcs and Go write it */
	static const unsigned char x86[] = { 0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05 };
	/* mov x8,#139; svc #0: arch/arm64/kernel/vdso/sigreturn.S */
	static const unsigned char arm64[] = { 0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4 };

	if (machine->machine == EM_X86_64)
		return nr >= sizeof(x86) && memcmp(code, x86, sizeof(x86)) == 0;
	return nr >= sizeof(arm64) && memcmp(code, arm64, sizeof(arm64)) == 0;
}

/*
 * Where struct sigcontext is from sp on, and in which order it has the registers:
 * arch/x86/include/uapi/asm/sigcontext.h (sigcontext_64) behind 40 bytes of struct
 * ucontext; arch/arm64/include/uapi/asm/sigcontext.h (x0 to x30, sp, pc behind the
 * fault's address) behind siginfo and 176 bytes of struct ucontext.
 */
int unwind_by_sigframe(struct unwind_state *state, uint64_t *cfa)
{
	static const uint8_t x86[] = { 8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16 };
	bool is_x86 = state->machine->machine == EM_X86_64;
	uint64_t at = sp_of(state) + (is_x86 ? 40 : 128 + 176 + 8);
	struct bp_registers caller = state->regs;

	for (size_t i = 0; i < (is_x86 ? sizeof(x86) : BP_REGISTERS); i++) {
		int err = read_word(state, at + i * sizeof(uint64_t),
				    (uint64_t *)&caller.reg[is_x86 ? x86[i] : i]);

		if (err)
			return err;
	}
	*cfa = caller.reg[state->machine->sp];
	state->regs = caller;
	state->exact = true;
	return 0;
}

/* Puts in place what a return would: cfa is where the return address was popped from, or beyond. */
static int return_to(struct unwind_state *state, uint64_t addr, uint64_t sp, uint64_t fp)
{
	state->regs.reg[state->machine->pc] = addr;
	state->regs.reg[state->machine->sp] = sp;
	state->regs.reg[state->machine->fp] = fp;
	state->exact = false;
	return 0;
}

static bool starts(const struct unwind_code_reader *reader, const void *code, size_t nr)
{
	return reader->nr >= nr && memcmp(reader->code, code, nr) == 0;
}

/*
 * x86-64, before or without "push %rbp; mov %rsp,%rbp": the return address is on
 * top of the stack, or behind the frame pointer that was just pushed. Generated
 * code has that prologue always, so there it must be seen; what was compiled
 * without CFI may be a leaf that has none.
 */
static int before_prologue(struct unwind_state *state, const struct unwind_code_reader *reader,
			   uint64_t *cfa)
{
	static const unsigned char push[] = { 0x55 };
	uint64_t sp = sp_of(state), fp = state->regs.reg[state->machine->fp], words[2];

	if (state->machine->lr != state->machine->pc || read_word(state, sp, &words[0]) ||
	    read_word(state, sp + sizeof(words[0]), &words[1]))
		return -ENOENT;
	if (words[0] == fp && fp > sp && reader->after_call(reader->context, words[1], true)) {
		*cfa = sp + sizeof(words);
		return return_to(state, words[1], *cfa, fp);
	}
	if (fp > sp && (starts(reader, push, sizeof(push)) || !reader->generated) &&
	    reader->after_call(reader->context, words[0], true)) {
		*cfa = sp + sizeof(words[0]);
		return return_to(state, words[0], *cfa, fp);
	}
	return -ENOENT;
}

int unwind_by_frame_pointer(struct unwind_state *state, const struct unwind_code_reader *reader,
			    bool innermost, bool chained, uint64_t *cfa)
{
	uint64_t fp = state->regs.reg[state->machine->fp], caller_fp, addr;
	int err;

	if (innermost && before_prologue(state, reader, cfa) == 0)
		return 0;
	/* psABI, 3.4.1: the outermost frame is marked by a frame pointer of 0 */
	if (fp == 0)
		return chained ? UNWIND_END : -ENOENT;
	if (fp % sizeof(fp) || fp < sp_of(state))
		return -ENOENT;
	err = read_word(state, fp, &caller_fp);
	if (!err)
		err = read_word(state, fp + sizeof(fp), &addr);
	if (err)
		return err;
	addr = unwind_code(state->machine, addr);
	if (addr && !reader->after_call(reader->context, addr, false))
		return -ENOENT;
	*cfa = fp + 2 * sizeof(fp);
	return addr ? return_to(state, addr, *cfa, caller_fp) : UNWIND_END;
}
