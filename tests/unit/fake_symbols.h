/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_symbols.h - a symbolizer that knows a test's table, in place of
 * user/symbol: include it in one file of a test program.
 */
#ifndef BLOCKPROF_TESTS_UNIT_FAKE_SYMBOLS_H
#define BLOCKPROF_TESTS_UNIT_FAKE_SYMBOLS_H

#include <errno.h>
#include <string.h>

#include "bpf/abi.h"
#include "symbol/symbol.h"

struct fake_symbol {
	uint64_t addr;
	const char *fn;
	const char *module;
	const char *file;
	unsigned int line;
	struct symbol_line inlined[2]; /* those with a name, innermost first */
	bool no_text; /* no executable mapping there */
	bool no_call; /* no call before it */
	bool jit; /* made at run time */
};

struct symbols {
	const struct fake_symbol *table; /* ended by addr 0: user and kernel addresses */
	struct symbols_counts counts;
	unsigned int forgotten; /* calls of symbols_forget() */
	pid_t forgotten_pid;
	/* what a copy unwinds to */
	const struct native_frame *unwound;
	size_t nr_unwound; /* 0: it does not */
	unsigned int unwind_flags;
	unsigned int unwinds; /* calls of symbols_unwind() */
	struct bp_registers unwind_regs; /* of the last of them */
	unsigned int unwind_bytes;
};

static const struct fake_symbol *fake_symbol_at(const struct symbols *symbols, uint64_t addr)
{
	for (const struct fake_symbol *at = symbols->table; at && at->addr; at++)
		if (at->addr == addr)
			return at;
	return NULL;
}

int symbols_new(struct symbols **out, zygote_child_fn *child, struct memory_source *memory)
{
	(void)memory;
	(void)out;
	(void)child;
	return -EOPNOTSUPP;
}

void symbols_free(struct symbols *symbols)
{
	(void)symbols;
}

int symbols_user(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		 struct symbol *out)
{
	const struct fake_symbol *known = fake_symbol_at(symbols, addr);

	(void)pid;
	(void)is_return;
	*out = (struct symbol){ .fn = known ? known->fn : "[unknown]",
				.module = known ? known->module : NULL,
				.in_text = known && !known->no_text,
				.jit = known && known->jit,
				.after_call = known && !known->no_call,
				.file = known ? known->file : NULL,
				.line = known ? known->line : 0,
				.inlined = known ? known->inlined : NULL,
				.build_id = known && known->file ? "f11e" : NULL,
				.file_offset = addr };
	while (known && out->nr_inlined < 2 && known->inlined[out->nr_inlined].fn)
		out->nr_inlined++;
	return known ? 0 : -ENOENT;
}

int symbols_function(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		     struct symbol *out)
{
	int err = symbols_user(symbols, pid, addr, is_return, out);

	out->nr_inlined = 0;
	return err;
}

int symbols_place(struct symbols *symbols, pid_t pid, uint64_t addr, int is_return,
		  struct symbol *out)
{
	return symbols_user(symbols, pid, addr, is_return, out);
}

int symbols_unwind(struct symbols *symbols, pid_t pid, const struct bp_stack_copy *copy,
		   struct native_frame *frames, size_t max, unsigned int *flags)
{
	size_t nr = symbols->nr_unwound < max ? symbols->nr_unwound : max;

	(void)pid;
	symbols->unwinds++;
	symbols->unwind_regs = copy->regs;
	symbols->unwind_bytes = copy->bytes;
	if (!nr)
		return -EOPNOTSUPP;
	memcpy(frames, symbols->unwound, nr * sizeof(*frames));
	*flags = symbols->unwind_flags;
	return (int)nr;
}

int symbols_on_stack(struct symbols *symbols, pid_t pid, uint64_t sp, const char *const *parts,
		     size_t nr)
{
	(void)symbols;
	(void)pid;
	(void)sp;
	(void)parts;
	(void)nr;
	return -ENOENT;
}

void symbols_kernel(struct symbols *symbols, uint64_t addr, struct symbol *out)
{
	const struct fake_symbol *known = fake_symbol_at(symbols, addr);

	*out = (struct symbol){ .fn = known ? known->fn : "[unknown]" };
}

void symbols_forget(struct symbols *symbols, pid_t pid)
{
	symbols->forgotten++;
	symbols->forgotten_pid = pid;
}

const char *symbols_mapped_path(struct symbols *symbols, pid_t pid, uint64_t addr)
{
	const struct fake_symbol *known = fake_symbol_at(symbols, addr);

	(void)pid;
	return known ? known->module : NULL;
}

int symbols_defined(struct symbols *symbols, pid_t pid, uint64_t addr,
		    const struct symbols_names *names, uint64_t *defined)
{
	(void)symbols;
	(void)pid;
	(void)addr;
	(void)names;
	(void)defined;
	return -ENOENT;
}

int symbols_version(struct symbols *symbols, pid_t pid, uint64_t addr, const char *text, char *word,
		    size_t size)
{
	(void)symbols;
	(void)pid;
	(void)addr;
	(void)text;
	(void)word;
	(void)size;
	return -ENOENT;
}

int symbols_objects(struct symbols *symbols, pid_t pid, uint64_t addr, bool local,
		    struct symbols_object *objects, size_t nr)
{
	(void)symbols;
	(void)pid;
	(void)addr;
	(void)local;
	(void)objects;
	(void)nr;
	return -ENOENT;
}

int symbols_addresses(struct symbols *symbols, const struct symbols_mapped *mapped, bool local,
		      const struct symbols_names *names, uint64_t *addresses)
{
	(void)symbols;
	(void)mapped;
	(void)local;
	(void)names;
	(void)addresses;
	return -ENOENT;
}

void symbols_counts(const struct symbols *symbols, struct symbols_counts *out)
{
	*out = symbols->counts;
}

#endif
