// SPDX-License-Identifier: GPL-2.0-or-later
/* cfi_expression.c - a stack machine of 64-bit words with limits. */
#include "symbol/child/unwind/cfi_expression.h"

#include <dwarf.h>
#include <errno.h>
#include <stdbool.h>

#define DEPTH_MAX 64

struct machine {
	uint64_t stack[DEPTH_MAX];
	size_t depth;
	const struct bp_registers *regs;
	const struct unwind_memory *memory;
	uint64_t cfa;
};

static int push(struct machine *machine, uint64_t value)
{
	if (machine->depth == DEPTH_MAX)
		return -ENOEXEC;
	machine->stack[machine->depth++] = value;
	return 0;
}

static int push_register(struct machine *machine, uint64_t number, uint64_t offset)
{
	if (number >= BP_REGISTERS)
		return -ENOEXEC;
	return push(machine, machine->regs->reg[number] + offset);
}

/* The nth from the top; NULL: there are not as many. */
static uint64_t *top(struct machine *machine, uint64_t nth)
{
	return nth < machine->depth ? &machine->stack[machine->depth - 1 - nth] : NULL;
}

static int pick(struct machine *machine, uint64_t nth)
{
	const uint64_t *value = top(machine, nth);

	return value ? push(machine, *value) : -ENOEXEC;
}

static int read_top(struct machine *machine, uint64_t bytes)
{
	uint64_t *addr = top(machine, 0);

	if (!addr || bytes < 1 || bytes > sizeof(*addr))
		return -ENOEXEC;
	return unwind_memory_read_leaf(machine->memory, *addr, (unsigned int)bytes, addr);
}

static int one_operand(struct machine *machine, const Dwarf_Op *op)
{
	uint64_t *value = top(machine, 0);

	if (!value)
		return -ENOEXEC;
	switch (op->atom) {
	case DW_OP_abs:
		*value = (int64_t)*value < 0 ? -*value : *value;
		return 0;
	case DW_OP_neg:
		*value = -*value;
		return 0;
	case DW_OP_not:
		*value = ~*value;
		return 0;
	default: /* DW_OP_plus_uconst */
		*value += op->number;
		return 0;
	}
}

static int divide(uint64_t *left, uint64_t right, bool rest)
{
	if (right == 0 || (!rest && right == UINT64_MAX && *left == 1ULL << 63))
		return -ENOEXEC;
	*left = rest ? *left % right : (uint64_t)((int64_t)*left / (int64_t)right);
	return 0;
}

static int two_operands(struct machine *machine, unsigned int atom)
{
	uint64_t *to = top(machine, 1), right, left;

	if (!to)
		return -ENOEXEC;
	left = *to;
	right = machine->stack[--machine->depth];
	switch (atom) {
	case DW_OP_plus:
		*to = left + right;
		return 0;
	case DW_OP_minus:
		*to = left - right;
		return 0;
	case DW_OP_mul:
		*to = left * right;
		return 0;
	case DW_OP_div:
		return divide(to, right, false);
	case DW_OP_mod:
		return divide(to, right, true);
	case DW_OP_and:
		*to = left & right;
		return 0;
	case DW_OP_or:
		*to = left | right;
		return 0;
	case DW_OP_xor:
		*to = left ^ right;
		return 0;
	case DW_OP_shl:
		*to = right < 64 ? left << right : 0;
		return 0;
	case DW_OP_shr:
		*to = right < 64 ? left >> right : 0;
		return 0;
	case DW_OP_shra:
		*to = (uint64_t)((int64_t)left >> (right < 64 ? right : 63));
		return 0;
	case DW_OP_eq:
		*to = left == right;
		return 0;
	case DW_OP_ne:
		*to = left != right;
		return 0;
	case DW_OP_ge:
		*to = (int64_t)left >= (int64_t)right;
		return 0;
	case DW_OP_gt:
		*to = (int64_t)left > (int64_t)right;
		return 0;
	case DW_OP_le:
		*to = (int64_t)left <= (int64_t)right;
		return 0;
	case DW_OP_lt:
		*to = (int64_t)left < (int64_t)right;
		return 0;
	default:
		return -ENOEXEC;
	}
}

static int rearrange(struct machine *machine, unsigned int atom)
{
	uint64_t *first = top(machine, 0), *second = top(machine, 1), *third = top(machine, 2);
	uint64_t kept;

	if (!first)
		return -ENOEXEC;
	kept = *first;
	if (atom == DW_OP_drop) {
		machine->depth--;
		return 0;
	}
	if (!second || (atom == DW_OP_rot && !third))
		return -ENOEXEC;
	*first = *second;
	if (atom == DW_OP_swap) {
		*second = kept;
	} else {
		*second = *third;
		*third = kept;
	}
	return 0;
}

/* One operation that is no jump. */
static int step(struct machine *machine, const Dwarf_Op *op)
{
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		return push(machine, op->atom - DW_OP_lit0);
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return push_register(machine, op->atom - DW_OP_breg0, op->number);
	switch (op->atom) {
	case DW_OP_nop:
		return 0;
	case DW_OP_addr:
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_const8u:
	case DW_OP_const8s:
	case DW_OP_constu:
	case DW_OP_consts:
		/* libdw has extended the sign already */
		return push(machine, op->number);
	case DW_OP_bregx:
		return push_register(machine, op->number, op->number2);
	case DW_OP_call_frame_cfa:
		return push(machine, machine->cfa);
	case DW_OP_dup:
		return pick(machine, 0);
	case DW_OP_over:
		return pick(machine, 1);
	case DW_OP_pick:
		return pick(machine, op->number);
	case DW_OP_drop:
	case DW_OP_swap:
	case DW_OP_rot:
		return rearrange(machine, op->atom);
	case DW_OP_deref:
		return read_top(machine, sizeof(uint64_t));
	case DW_OP_deref_size:
		return read_top(machine, op->number);
	case DW_OP_abs:
	case DW_OP_neg:
	case DW_OP_not:
	case DW_OP_plus_uconst:
		return one_operand(machine, op);
	default:
		return two_operands(machine, op->atom);
	}
}

/* Which operation begins at this byte of the expression; nr: its end; -ENOEXEC: none. */
static int find_target(const Dwarf_Op *ops, size_t nr, uint64_t offset, size_t *at)
{
	/* libdw puts one operation before those of the file */
	size_t low = ops[0].offset == UINT64_MAX, high = nr;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (ops[middle].offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < nr && ops[low].offset != offset)
		return -ENOEXEC;
	*at = low;
	return 0;
}

/* DW_OP_skip and DW_OP_bra count from behind themselves: an operation and two bytes. */
static int jump(struct machine *machine, const Dwarf_Op *ops, size_t nr, size_t *at)
{
	const Dwarf_Op *op = &ops[*at];

	if (op->atom == DW_OP_bra) {
		if (machine->depth == 0)
			return -ENOEXEC;
		if (machine->stack[--machine->depth] == 0) {
			++*at;
			return 0;
		}
	}
	return find_target(ops, nr, op->offset + 3 + (uint64_t)(int64_t)(int16_t)op->number, at);
}

int cfi_expression(const Dwarf_Op *ops, size_t nr, const struct bp_registers *regs,
		   const struct unwind_memory *memory, uint64_t cfa, uint64_t *result)
{
	struct machine machine = { .regs = regs, .memory = memory, .cfa = cfa };
	unsigned int steps = 0;

	for (size_t at = 0; at < nr;) {
		int err;

		if (++steps > CFI_STEPS_MAX)
			return -ELOOP;
		if (ops[at].atom == DW_OP_stack_value)
			break;
		if (ops[at].atom == DW_OP_skip || ops[at].atom == DW_OP_bra)
			err = jump(&machine, ops, nr, &at);
		else
			err = step(&machine, &ops[at++]);
		if (err)
			return err;
	}
	if (machine.depth == 0)
		return -ENOEXEC;
	*result = machine.stack[machine.depth - 1];
	return 0;
}
