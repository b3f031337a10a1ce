/* SPDX-License-Identifier: GPL-2.0-or-later */
/* set.h - sets, and the sets of weak references that weakref.WeakSet keeps. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_SET_H
#define BLOCKPROF_RUNTIME_PYTHON_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct python;

/* Addresses of objects: grows as it is filled. */
struct py_objects {
	uint64_t *v;
	size_t nr;
	size_t capacity;
};

int py_objects_add(struct py_objects *objects, uint64_t object);
void py_objects_free(struct py_objects *objects);

/*
 * Appends the members of a set, up to max objects in all. *left_out counts
 * those that there was no room for. -EINVAL: no set; -EAGAIN: it changed all
 * the time.
 */
int py_set_read(const struct python *python, uint64_t set, size_t max, struct py_objects *out,
		uint64_t *left_out);
/* The set of weak references that a weakref.WeakSet keeps. */
int py_weak_set_data(struct python *python, uint64_t weak_set, uint64_t *set);
/* Puts in place of weak references, from the one numbered first on, what they refer to; dead ones go. */
void py_weak_deref(const struct python *python, struct py_objects *objects, size_t first);

#endif
