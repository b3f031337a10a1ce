/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vdso.h - the vDSO as a file. */
#ifndef BLOCKPROF_SYMBOL_VDSO_H
#define BLOCKPROF_SYMBOL_VDSO_H

/*
 * A descriptor (the caller's) of a copy of this process's vDSO, which is that
 * of every 64-bit process of the machine. -errno: there is none.
 */
int vdso_open(void);

#endif
