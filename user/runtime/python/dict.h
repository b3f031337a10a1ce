/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dict.h - dicts, and the attributes of instances, which are dicts in disguise. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_DICT_H
#define BLOCKPROF_RUNTIME_PYTHON_DICT_H

#include <stddef.h>
#include <stdint.h>

struct python;

/* A bounded copy of a dict's entries, in order; an entry whose value is 0 is unused. */
struct py_dict {
	size_t nr;
	struct py_dict_entry {
		uint64_t key;
		uint64_t value;
	} * entries;
};

/* -EINVAL: no dict. */
int py_dict_read(const struct python *python, uint64_t object, struct py_dict *out);
void py_dict_free(struct py_dict *dict);
#define PY_DICT_FREEING __attribute__((cleanup(py_dict_free)))

/* How many entries, used or not, it has: changes whenever a key is added. */
int py_dict_nentries(const struct python *python, uint64_t object, uint64_t *nr);
/* The value of a key that is this string, or this very object. -ENOENT. */
int py_dict_get(struct python *python, uint64_t object, const char *key, uint64_t *value);
int py_dict_get_object(const struct python *python, uint64_t object, uint64_t key, uint64_t *value);
/* An attribute kept in the instance itself. -ENOENT. */
int py_attribute(struct python *python, uint64_t object, const char *name, uint64_t *value);

#endif
