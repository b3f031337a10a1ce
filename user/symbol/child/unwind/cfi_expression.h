/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfi_expression.h - evaluates the DWARF expressions that call frame information
 * uses (DWARF 5, 6.4.2 "Call Frame Instructions" says which may be).
 * Used in the symbolizer's child: what is evaluated is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_CFI_EXPRESSION_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_CFI_EXPRESSION_H

#include <elfutils/libdw.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"
#include "symbol/child/unwind/unwind_memory.h"

#define CFI_STEPS_MAX 512 /* operations until it is given up: they can jump back */

/*
 * The number on top of the stack after the operations; cfa is what
 * DW_OP_call_frame_cfa gives. 0 or -errno: -ENOEXEC: it makes no sense; -ELOOP: it
 * does not end; as unwind_memory_read() when it reads what is not in the copy.
 */
int cfi_expression(const Dwarf_Op *ops, size_t nr, const struct bp_registers *regs,
		   const struct unwind_memory *memory, uint64_t cfa, uint64_t *result);

#endif
