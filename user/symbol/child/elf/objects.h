/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * objects.h - the contents of variables that an ELF file names.
 * Used in the symbolizer's child: what is read is hostile.
 */
#ifndef BLOCKPROF_SYMBOL_CHILD_ELF_OBJECTS_H
#define BLOCKPROF_SYMBOL_CHILD_ELF_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OBJECT_BYTES_MAX 4096

struct object {
	const char *name;
	unsigned char *bytes; /* room for OBJECT_BYTES_MAX */
	size_t nr; /* 0: there is none, or without contents in the file */
};

/*
 * Contents as the file (open as fd) has them. Names are looked up in the hash
 * table of what it exports; where local is true, in .symtab too, which takes
 * long. 0 or -errno: no ELF file.
 */
int objects_read(int fd, bool local, struct object *objects, size_t nr);

#endif
