/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cfi.h - what the call frame information of one ELF file says of an address: how
 * to find the caller's registers. .eh_frame, else .debug_frame, else that of its debug file.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_UNWIND_CFI_H
#define BLOCKPROF_SYMBOL_CHILD_UNWIND_CFI_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"

enum cfi_how {
	CFI_SAVED, /* at cfa + offset */
	CFI_VALUE, /* is cfa + offset */
	CFI_REGISTER, /* in register from; of the CFA: register from + offset */
	CFI_SAVED_AT, /* at what ops give */
	CFI_VALUE_OF, /* is what ops give */
};

struct cfi_rule {
	uint8_t reg;
	uint8_t how; /* enum cfi_how */
	uint16_t from;
	uint32_t nr_ops;
	union {
		int64_t offset;
		const Dwarf_Op *ops; /* live as long as the struct cfi */
	};
};

/* Registers without a rule stay as they are, but for sp, which is the CFA then. */
struct cfi_row {
	bool outermost; /* it has no caller */
	bool signal; /* the caller was interrupted */
	bool has_ops;
	uint8_t ra; /* the register that holds the return address once the rules are applied */
	uint8_t nr;
	struct cfi_rule cfa;
	struct cfi_rule rules[BP_REGISTERS];
};

struct cfi;

/* Takes fd, on failure too. 0 or -errno: as cfi_image_read(). */
int cfi_open(struct cfi **out, int fd);
/* Does it lack what its debug file, which has not been asked for, may have? */
bool cfi_wants_debug(const struct cfi *cfi);
/* The debug file, which stays the caller's; -1: there is none. */
void cfi_add_debug(struct cfi *cfi, int fd);
void cfi_close(struct cfi *cfi);
/* Frees all but what cfi_text() takes: cfi_row() says -ENOENT from then on. */
void cfi_shed(struct cfi *cfi);
size_t cfi_bytes(const struct cfi *cfi); /* of memory */
uint32_t cfi_machine(const struct cfi *cfi); /* EM_* */

/* Virtual address, as objdump shows it, of what is loaded from this file offset. 0 or -1. */
int cfi_vaddr(const struct cfi *cfi, uint64_t offset, uint64_t *vaddr);
/* 0 or -errno: -ENOENT: nothing is said of this address; -ENOEXEC: what is said makes no sense. */
int cfi_row(struct cfi *cfi, uint64_t vaddr, struct cfi_row *row);
/* Bytes of the file; false: it does not have them. */
bool cfi_text(const struct cfi *cfi, uint64_t offset, void *bytes, size_t nr);

#endif
