/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * display_name.h - symbol names as people want to read them.
 * Used in the symbolizer's child: names are hostile, and demangling them is work.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_DISPLAY_NAME_H
#define BLOCKPROF_SYMBOL_CHILD_DISPLAY_NAME_H

#include <stddef.h>

/* The name demangled (C++, Rust) into out, or as it is; cut to fit, always terminated. */
void display_name(const char *name, char *out, size_t size);

#endif
