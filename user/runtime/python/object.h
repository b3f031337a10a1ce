/* SPDX-License-Identifier: GPL-2.0-or-later */
/* object.h - Python objects of simple types. 0 or -errno; -EINVAL: not of that type. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_OBJECT_H
#define BLOCKPROF_RUNTIME_PYTHON_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/python/type.h"

struct python;

/* As UTF-8, cut to what fits. */
int py_str(struct python *python, uint64_t object, char *out, size_t size);
/* Which of these objects, the first if there are several, is this str. -ENOENT: none of those that can be read. */
int py_str_find(struct python *python, const uint64_t *objects, size_t nr, const char *ascii,
		size_t *index);
/* str, or bytes as they are. */
int py_str_or_bytes(struct python *python, uint64_t object, char *out, size_t size);
int py_bytes_size(struct python *python, uint64_t object, size_t *size);
/* -ERANGE: negative, or more than 60 bits. */
int py_long(const struct python *python, uint64_t object, uint64_t *out);
int py_float(const struct python *python, uint64_t object, double *out);
/* Where in a tuple of strings this one is. -ENOENT. */
int py_tuple_index(struct python *python, uint64_t tuple, const char *ascii, size_t *index);

#endif
