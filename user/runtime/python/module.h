/* SPDX-License-Identifier: GPL-2.0-or-later */
/* module.h - modules that a program has imported. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_MODULE_H
#define BLOCKPROF_RUNTIME_PYTHON_MODULE_H

#include <stdint.h>

struct python;

/* The dict of the globals of a module of this interpreter. -ENOENT: it is not imported. */
int py_module_dict(struct python *python, uint64_t interp, const char *name, uint64_t *dict);

#endif
