/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dwarf_units.h - which compile unit, and which function of it, an address is in.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_DWARF_UNITS_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_DWARF_UNITS_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stdint.h>

struct dwarf_units;

int dwarf_units_new(struct dwarf_units **out, Dwarf *dwarf); /* 0 or -ENOMEM */
void dwarf_units_free(struct dwarf_units *units);

/* The unit that has code at vaddr. *incomplete: a limit was passed, there may be one. */
bool dwarf_units_find(struct dwarf_units *units, uint64_t vaddr, Dwarf_Die *unit, bool *incomplete);
/* The function of that unit that has it, not an inlined one. */
bool dwarf_units_function(struct dwarf_units *units, Dwarf_Die *unit, uint64_t vaddr,
			  Dwarf_Die *function, bool *incomplete);

#endif
