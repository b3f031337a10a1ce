// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * way_out.c - what the code from an address to its return does to the stack pointer and to
 * the registers that it has to give back.
 *
 * It is followed as if nothing were computed: over calls, and where it may jump first
 * straight on. A way that ends where no call returns to was the wrong one (what comes
 * behind a call of abort() is another function); then the last jump is taken after all.
 */
#include "symbol/child/unwind/way_out.h"

#include <errno.h>
#include <string.h>

#include "symbol/child/unwind/x86_insn.h"

#define WINDOW 128 /* bytes of code that are read at once */
#define PUSHED 8 /* a function gives back six registers at most */

enum { AX, DX, CX, BX, SI, DI, BP, SP }; /* as DWARF numbers them */

enum outcome { FOLLOW, DEAD_END, AT_RETURN };

struct place {
	uint64_t pc;
	struct {
		uint64_t addr;
		uint64_t value;
	} pushed[PUSHED]; /* the last registers that were, in a ring */
	size_t nr_pushed;
	uint64_t regs[BP_REGISTERS];
};

struct way {
	const struct unwind_state *state;
	const struct unwind_code_reader *reader;
	struct place now;
	struct place forks[WAY_OUT_FORKS];
	size_t nr_forks;
	uint64_t loops[WAY_OUT_FORKS]; /* where was jumped back to: what follows was tried */
	size_t nr_loops;
	bool cut; /* a word that was needed is behind the copy */
	uint64_t window;
	size_t window_bytes;
	unsigned char code[WINDOW];
};

/* The number that DWARF gives the register which an instruction numbers so. */
static unsigned int dwarf_register(unsigned int encoded)
{
	static const uint8_t low[] = { AX, CX, DX, BX, SP, BP, SI, DI };

	return encoded < 8 ? low[encoded] : encoded;
}

static unsigned int register_of(const struct x86_insn *insn)
{
	return dwarf_register(insn->reg | (unsigned int)(insn->rex & 4) << 1);
}

static unsigned int operand_of(const struct x86_insn *insn)
{
	return dwarf_register(insn->rm | (unsigned int)(insn->rex & 1) << 3);
}

/* Of push and pop, which have it in the opcode. */
static unsigned int pushed_register(const struct x86_insn *insn)
{
	return dwarf_register((insn->opcode & 7) | (unsigned int)(insn->rex & 1) << 3);
}

static uint64_t *sp_of(struct way *way)
{
	return &way->now.regs[SP];
}

/* What was pushed on the way is not in the copy. */
static int read_word(const struct way *way, uint64_t addr, uint64_t *value)
{
	const struct place *now = &way->now;

	for (size_t i = 1; i <= PUSHED && i <= now->nr_pushed; i++) {
		size_t at = (now->nr_pushed - i) % PUSHED;

		if (now->pushed[at].addr == addr) {
			*value = now->pushed[at].value;
			return 0;
		}
	}
	return unwind_memory_read(&way->state->memory, addr, sizeof(*value), value);
}

/* A register from the stack. What is not in the copy is not known, and mostly not needed. */
static void load(struct way *way, unsigned int reg, uint64_t addr)
{
	uint64_t value;

	if (reg != SP && read_word(way, addr, &value) == 0)
		way->now.regs[reg] = value;
}

static void push(struct way *way, unsigned int reg)
{
	struct place *now = &way->now;
	size_t at = now->nr_pushed++ % PUSHED;

	now->regs[SP] -= sizeof(now->pushed[at].value);
	now->pushed[at].addr = now->regs[SP];
	now->pushed[at].value = now->regs[reg];
}

static bool next_insn(struct way *way, struct x86_insn *insn)
{
	uint64_t pc = way->now.pc, at = pc - way->window;

	if (pc < way->window || at >= way->window_bytes ||
	    way->window_bytes - at < X86_INSN_BYTES) {
		way->window = pc;
		way->window_bytes = way->reader->text(way->reader->context, pc, way->code, WINDOW);
		at = 0;
	}
	return x86_insn_read(insn, way->code + at, way->window_bytes - at) == 0;
}

/* Its address operand, if that is one of the frame: of sp, or of the frame pointer. */
static bool frame_address(const struct way *way, const struct x86_insn *insn, uint64_t *addr)
{
	const uint64_t *regs = way->now.regs;
	bool by_sp = insn->has_sib && insn->sib == 0x24 && !(insn->rex & 3);
	bool by_fp = !insn->has_sib && insn->rm == 5 && insn->mod != 0 && !(insn->rex & 1);

	if (insn->mod == 3 || (!by_sp && !by_fp))
		return false;
	*addr = regs[by_sp ? SP : BP] + (uint64_t)(int64_t)insn->disp;
	return true;
}

static bool is_sp(const struct x86_insn *insn)
{
	return insn->mod == 3 && operand_of(insn) == SP;
}

/* Instructions of one byte, and arithmetic, that move the stack pointer. */
static enum outcome on_stack(struct way *way, const struct x86_insn *insn)
{
	uint64_t *sp = sp_of(way), addr;

	switch (insn->opcode) {
	case 0x68:
	case 0x6a: /* push of a number */
		*sp -= sizeof(*sp);
		return FOLLOW;
	case 0x8f: /* pop to memory */
		*sp += sizeof(*sp);
		return FOLLOW;
	case 0xc9: /* leave */
		*sp = way->now.regs[BP] + sizeof(*sp);
		load(way, BP, *sp - sizeof(*sp));
		return FOLLOW;
	case 0x81:
	case 0x83: /* add and sub; others lose it */
		if (!is_sp(insn) || insn->reg == 7)
			return FOLLOW;
		if (insn->reg != 0 && insn->reg != 5)
			return DEAD_END;
		*sp += (uint64_t)(insn->reg ? -insn->imm : insn->imm);
		return FOLLOW;
	case 0x8d: /* lea */
		if (register_of(insn) != SP)
			return FOLLOW;
		if (!frame_address(way, insn, &addr))
			return DEAD_END;
		*sp = addr;
		return FOLLOW;
	case 0x89: /* mov from a register */
		if (!is_sp(insn))
			return FOLLOW;
		*sp = way->now.regs[register_of(insn)];
		return register_of(insn) == BP ? FOLLOW : DEAD_END;
	case 0x8b: /* mov to a register */
		if (register_of(insn) == SP) {
			*sp = way->now.regs[BP];
			return insn->mod == 3 && operand_of(insn) == BP ? FOLLOW : DEAD_END;
		}
		if ((insn->rex & 8) && frame_address(way, insn, &addr))
			load(way, register_of(insn), addr);
		return FOLLOW;
	default:
		return FOLLOW;
	}
}

static bool among(const uint64_t *addrs, size_t nr, uint64_t addr)
{
	for (size_t i = 0; i < nr; i++)
		if (addrs[i] == addr)
			return true;
	return false;
}

/* A loop is gone through once: the way out of it is one of its forks. */
static enum outcome jump_to(struct way *way, uint64_t target)
{
	if (target <= way->now.pc) {
		if (way->nr_loops == WAY_OUT_FORKS || among(way->loops, way->nr_loops, target))
			return DEAD_END;
		way->loops[way->nr_loops++] = target;
	}
	way->now.pc = target;
	return FOLLOW;
}

/* The other side of a conditional jump, for later. */
static void fork_at(struct way *way, uint64_t target)
{
	if (target <= way->now.pc || way->nr_forks == WAY_OUT_FORKS)
		return;
	way->forks[way->nr_forks] = way->now;
	way->forks[way->nr_forks++].pc = target;
}

/* now.pc is behind the instruction already. */
static enum outcome follow(struct way *way, const struct x86_insn *insn)
{
	uint64_t target = way->now.pc + (uint64_t)insn->imm;
	uint8_t opcode = insn->opcode;

	if (insn->vector)
		return FOLLOW;
	if (insn->map == X86_0F && opcode >= 0x80 && opcode <= 0x8f)
		fork_at(way, target);
	if (insn->map == X86_0F && opcode == 0x0b)
		return DEAD_END; /* ud2 */
	if (insn->map != X86_ONE_BYTE)
		return FOLLOW;
	if ((opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0xe0 && opcode <= 0xe3)) {
		fork_at(way, target);
		return FOLLOW;
	}
	if (opcode >= 0x50 && opcode <= 0x57) {
		push(way, pushed_register(insn));
		return FOLLOW;
	}
	if (opcode >= 0x58 && opcode <= 0x5f) {
		*sp_of(way) += sizeof(uint64_t);
		load(way, pushed_register(insn), *sp_of(way) - sizeof(uint64_t));
		return FOLLOW;
	}
	switch (opcode) {
	case 0xc2:
	case 0xc3:
		return AT_RETURN;
	case 0xe9:
	case 0xeb: /* on in another function too, which returns to our caller then */
		return jump_to(way, target);
	case 0xff:
		if (insn->reg == 6)
			*sp_of(way) -= sizeof(uint64_t);
		if (insn->reg != 4)
			return FOLLOW;
		/* to another function by its slot of the GOT; else it is mostly a switch */
		return insn->mod == 0 && insn->rm == 5 ? AT_RETURN : DEAD_END;
	case 0xcc:
	case 0xf4:
		return DEAD_END; /* int3, hlt */
	default:
		return on_stack(way, insn);
	}
}

/* Below where it began only what was pushed on the way: musl's vfork() keeps the address in rdx. */
static bool returns_to(struct way *way, uint64_t *addr)
{
	uint64_t sp = *sp_of(way);
	int err =
		sp + sizeof(*addr) < way->state->regs.reg[SP] ? -EFAULT : read_word(way, sp, addr);

	way->cut |= err == -ENODATA;
	return !err && way->reader->after_call(way->reader->context, *addr, true);
}

int unwind_by_way_out(struct unwind_state *state, const struct unwind_code_reader *reader,
		      uint64_t *cfa)
{
	struct way way = {
		.state = state,
		.reader = reader,
		.now.pc = state->regs.reg[state->machine->pc],
	};

	if (state->machine->machine != EM_X86_64)
		return -ENOENT;
	memcpy(way.now.regs, state->regs.reg, sizeof(way.now.regs));
	for (unsigned int steps = 0; steps < WAY_OUT_STEPS && *reader->steps; steps++) {
		enum outcome outcome = DEAD_END;
		struct x86_insn insn;
		uint64_t addr;

		--*reader->steps;
		if (next_insn(&way, &insn)) {
			way.now.pc += insn.length;
			outcome = follow(&way, &insn);
		}
		if (outcome == AT_RETURN && returns_to(&way, &addr)) {
			*cfa = *sp_of(&way) + sizeof(addr);
			memcpy(state->regs.reg, way.now.regs, sizeof(way.now.regs));
			state->regs.reg[SP] = *cfa;
			state->regs.reg[state->machine->pc] = addr;
			state->exact = false;
			return 0;
		}
		if (outcome == FOLLOW)
			continue;
		if (!way.nr_forks)
			break;
		way.now = way.forks[--way.nr_forks];
	}
	return way.cut ? -ENODATA : -ENOENT;
}
