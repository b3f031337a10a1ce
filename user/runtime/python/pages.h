/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pages.h - memory read in large blocks and kept for a while, where a great
 * many small objects that lie close together are read.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_PAGES_H
#define BLOCKPROF_RUNTIME_PYTHON_PAGES_H

#include "base/memory.h"

struct py_pages;

/* below is copied; its source outlives them. NULL: no memory. */
struct py_pages *py_pages_new(const struct memory *below);
void py_pages_free(struct py_pages *pages);

/* Reads through it; valid as long as pages are. */
struct memory py_pages_memory(struct py_pages *pages);
/* What was read is forgotten: the next reads show what is there then. */
void py_pages_forget(struct py_pages *pages);

#endif
