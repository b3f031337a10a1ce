// SPDX-License-Identifier: GPL-2.0-or-later
/* cfi.c - libdw's view of call frame information into rows of plain numbers. */
#include "symbol/child/unwind/cfi.h"

#include <dwarf.h>
#include <errno.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/read.h"
#include "symbol/child/unwind/cfi_image.h"
#include "symbol/child/unwind/unwind_machine.h"

/* libdw keeps what it has read on the way: some 100 bytes for each 20 of a section. */
#define UNSORTED_FACTOR 6

/* .debug_frame of a file of its own. */
struct debug_frame {
	struct cfi_image image;
	Elf *elf;
	Dwarf *dwarf;
};

enum { EH_FRAME, DEBUG_FRAME, SOURCES };

struct cfi {
	int fd;
	struct cfi_image image;
	Elf *elf;
	Dwarf *dwarf;
	struct debug_frame debug;
	bool debug_asked;
	Dwarf_CFI *sources[SOURCES]; /* NULL: there is no such one */
	const struct unwind_machine *machine; /* NULL: not known */
};

static Elf *elf_of(struct cfi_image *image)
{
	if (elf_version(EV_CURRENT) == EV_NONE)
		return NULL;
	return elf_memory((char *)image->bytes, image->nr);
}

static int open_sources(struct cfi *cfi)
{
	struct cfi_image *image = &cfi->image;

	cfi->elf = elf_of(image);
	if (!cfi->elf)
		return -ENOEXEC;
	if (image->has_eh_frame)
		cfi->sources[EH_FRAME] = dwarf_getcfi_elf(cfi->elf);
	if (image->has_table && !cfi->sources[EH_FRAME]) {
		elf_end(cfi->elf);
		cfi_image_drop_table(image);
		cfi->elf = elf_of(image);
		cfi->sources[EH_FRAME] = cfi->elf ? dwarf_getcfi_elf(cfi->elf) : NULL;
	}
	if (cfi->elf && image->has_debug_frame)
		cfi->dwarf = dwarf_begin_elf(cfi->elf, DWARF_C_READ, NULL);
	if (cfi->dwarf)
		cfi->sources[DEBUG_FRAME] = dwarf_getcfi(cfi->dwarf);
	return cfi->sources[EH_FRAME] || cfi->sources[DEBUG_FRAME] ? 0 : -ENOEXEC;
}

int cfi_open(struct cfi **out, int fd)
{
	struct cfi *cfi = calloc(1, sizeof(*cfi));
	int err;

	if (!cfi) {
		close(fd);
		return -ENOMEM;
	}
	cfi->fd = fd;
	err = cfi_image_read(&cfi->image, fd);
	if (!err && cfi->image.bytes)
		err = open_sources(cfi);
	if (err) {
		cfi_close(cfi);
		return err;
	}
	cfi->machine = unwind_machine(cfi->image.machine);
	*out = cfi;
	return 0;
}

bool cfi_wants_debug(const struct cfi *cfi)
{
	return !cfi->debug_asked && !cfi->sources[DEBUG_FRAME];
}

void cfi_add_debug(struct cfi *cfi, int fd)
{
	struct debug_frame *debug = &cfi->debug;

	if (!cfi_wants_debug(cfi))
		return;
	cfi->debug_asked = true;
	if (fd < 0 || cfi_image_read_debug(&debug->image, fd) || !debug->image.bytes ||
	    debug->image.machine != cfi->image.machine)
		return;
	debug->elf = elf_of(&debug->image);
	if (debug->elf)
		debug->dwarf = dwarf_begin_elf(debug->elf, DWARF_C_READ, NULL);
	if (debug->dwarf)
		cfi->sources[DEBUG_FRAME] = dwarf_getcfi(debug->dwarf);
}

void cfi_shed(struct cfi *cfi)
{
	/* that of .debug_frame belongs to dwarf */
	if (cfi->sources[EH_FRAME])
		dwarf_cfi_end(cfi->sources[EH_FRAME]);
	if (cfi->dwarf)
		dwarf_end(cfi->dwarf);
	if (cfi->elf)
		elf_end(cfi->elf);
	if (cfi->debug.dwarf)
		dwarf_end(cfi->debug.dwarf);
	if (cfi->debug.elf)
		elf_end(cfi->debug.elf);
	free(cfi->debug.image.bytes);
	free(cfi->image.bytes);
	memset(cfi->sources, 0, sizeof(cfi->sources));
	cfi->debug = (struct debug_frame){ 0 };
	cfi->dwarf = NULL;
	cfi->elf = NULL;
	cfi->image.bytes = NULL;
	cfi->image.nr = 0;
}

void cfi_close(struct cfi *cfi)
{
	cfi_shed(cfi);
	close(cfi->fd);
	free(cfi);
}

size_t cfi_bytes(const struct cfi *cfi)
{
	bool sorted = cfi->image.has_table && !cfi->image.has_debug_frame;

	return sizeof(*cfi) + cfi->image.nr * (sorted ? 1 : UNSORTED_FACTOR) +
	       cfi->debug.image.nr * UNSORTED_FACTOR;
}

uint32_t cfi_machine(const struct cfi *cfi)
{
	return cfi->image.machine;
}

int cfi_vaddr(const struct cfi *cfi, uint64_t offset, uint64_t *vaddr)
{
	return elf_segments_vaddr(&cfi->image.segments, offset, vaddr);
}

bool cfi_text(const struct cfi *cfi, uint64_t offset, void *bytes, size_t nr)
{
	return read_at(cfi->fd, offset, bytes, nr) == 0;
}

static int cfa_rule(Dwarf_Frame *frame, struct cfi_rule *rule)
{
	Dwarf_Op *ops;
	size_t nr;

	if (dwarf_frame_cfa(frame, &ops, &nr) || nr == 0 || nr > UINT32_MAX)
		return -ENOEXEC;
	if (nr == 1 && ops[0].atom == DW_OP_bregx) {
		/* these operations go with the frame */
		if (ops[0].number >= BP_REGISTERS)
			return -ENOEXEC;
		*rule = (struct cfi_rule){ .how = CFI_REGISTER,
					   .from = (uint16_t)ops[0].number,
					   .offset = (int64_t)ops[0].number2 };
		return 0;
	}
	*rule = (struct cfi_rule){ .how = CFI_VALUE_OF, .nr_ops = (uint32_t)nr, .ops = ops };
	return 0;
}

enum { RULE_NONE, RULE_UNDEFINED, RULE_IS };

/* own: where libdw puts what it makes up itself. */
static int register_rule(const Dwarf_Op *own, Dwarf_Op *ops, size_t nr, struct cfi_rule *rule)
{
	bool value;

	if (nr == 0)
		return ops ? RULE_UNDEFINED : RULE_NONE;
	value = ops[nr - 1].atom == DW_OP_stack_value;
	if (ops != own) {
		if (nr > UINT32_MAX)
			return -ENOEXEC;
		rule->how = value ? CFI_VALUE_OF : CFI_SAVED_AT;
		rule->nr_ops = (uint32_t)nr;
		rule->ops = ops;
		return RULE_IS;
	}
	if (ops[0].atom == DW_OP_regx) {
		if (ops[0].number >= BP_REGISTERS)
			return -ENOEXEC;
		rule->how = CFI_REGISTER;
		rule->from = (uint16_t)ops[0].number;
		return RULE_IS;
	}
	rule->how = value ? CFI_VALUE : CFI_SAVED;
	rule->offset = nr > 1 && ops[1].atom == DW_OP_plus_uconst ? (int64_t)ops[1].number : 0;
	return RULE_IS;
}

static int row_of(const struct cfi *cfi, Dwarf_Frame *frame, struct cfi_row *row)
{
	int ra = dwarf_frame_info(frame, NULL, NULL, &row->signal);
	int err = cfa_rule(frame, &row->cfa);

	if (err)
		return err;
	if (ra < 0 || ra >= BP_REGISTERS)
		return -ENOEXEC;
	row->ra = (uint8_t)ra;
	row->has_ops = row->cfa.how == CFI_VALUE_OF;
	for (int reg = 0; reg < cfi->machine->registers; reg++) {
		struct cfi_rule *rule = &row->rules[row->nr];
		Dwarf_Op own[3], *ops;
		size_t nr;
		int what;

		if (dwarf_frame_register(frame, reg, own, &ops, &nr))
			return -ENOEXEC;
		*rule = (struct cfi_rule){ .reg = (uint8_t)reg };
		what = register_rule(own, ops, nr, rule);
		if (what < 0)
			return what;
		/* as compilers mean it: nothing is known of what a call may change, or it stays */
		if (what == RULE_UNDEFINED && reg == ra)
			row->outermost = true;
		if (what == RULE_IS) {
			row->has_ops |= rule->how == CFI_SAVED_AT || rule->how == CFI_VALUE_OF;
			row->nr++;
		}
	}
	return 0;
}

int cfi_row(struct cfi *cfi, uint64_t vaddr, struct cfi_row *row)
{
	*row = (struct cfi_row){ 0 };
	if (!cfi->machine)
		return -ENOENT;
	for (size_t i = 0; i < SOURCES; i++) {
		Dwarf_Frame *frame;
		int err;

		if (!cfi->sources[i] || dwarf_cfi_addrframe(cfi->sources[i], vaddr, &frame))
			continue;
		err = row_of(cfi, frame, row);
		free(frame);
		return err;
	}
	return -ENOENT;
}
