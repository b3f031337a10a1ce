/* SPDX-License-Identifier: GPL-2.0-or-later */
/* type.h - types of objects: their names, flags and bases. 0 or -errno. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_TYPE_H
#define BLOCKPROF_RUNTIME_PYTHON_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct py_types;
struct python;

struct py_types *py_types_new(void);
void py_types_free(struct py_types *types);

int py_type_of(const struct python *python, uint64_t object, uint64_t *type);
/* -ENAMETOOLONG: it does not end within size. */
int py_type_name(const struct python *python, uint64_t type, char *name, size_t size);
int py_type_flags(const struct python *python, uint64_t type, uint64_t *flags);
/* Whether the object's type, or a base of it, has this name. */
bool py_is_instance(const struct python *python, uint64_t object, const char *type_name);

#endif
