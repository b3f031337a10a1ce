/* SPDX-License-Identifier: GPL-2.0-or-later */
/* call.h - is the instruction before an address a call? */
#ifndef BLOCKPROF_SYMBOL_WIRE_CALL_H
#define BLOCKPROF_SYMBOL_WIRE_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_BYTES 8 /* as many bytes before the address are enough */

/*
 * code: the nr bytes that end at the address (CALL_BYTES, or fewer where the
 * memory begins). machine: EM_* of elf.h. True when it is a call, and for
 * machines that are not known: then nothing speaks against it.
 */
bool call_precedes(const uint8_t *code, size_t nr, unsigned int machine);

/* EM_* of this program's own machine. */
unsigned int call_own_machine(void);

#endif
