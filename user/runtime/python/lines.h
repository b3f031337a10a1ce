/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lines.h - from a byte offset in bytecode to a line, by the table of the code object. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_LINES_H
#define BLOCKPROF_RUNTIME_PYTHON_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/python/layout.h"

/* The line, or 0: the instruction has none, or the table is nonsense. offset < 0: not started. */
unsigned int py_line(enum py_line_format format, const unsigned char *table, size_t size,
		     int64_t first_line, int64_t offset);

#endif
