// SPDX-License-Identifier: GPL-2.0-or-later
/* elf_source.c - that an ELF file may have been unpacked into memory. */
#include "symbol/child/elf/elf_source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/read.h"

ssize_t elf_source_up_to(const struct elf_source *source, uint64_t offset, void *to, size_t bytes)
{
	if (source->fd >= 0)
		return read_up_to(source->fd, offset, to, bytes);
	if (offset >= source->nr)
		return 0;
	if (bytes > source->nr - offset)
		bytes = source->nr - offset;
	memcpy(to, source->bytes + offset, bytes);
	return (ssize_t)bytes;
}

int elf_source_read(const struct elf_source *source, uint64_t offset, void *to, size_t bytes)
{
	ssize_t got = elf_source_up_to(source, offset, to, bytes);

	if (got < 0)
		return (int)got;
	return (size_t)got == bytes ? 0 : -ENODATA;
}

int elf_source_new(const struct elf_source *source, uint64_t offset, uint64_t bytes, size_t max,
		   void *out)
{
	void *new;
	int err;

	if (bytes > max)
		return -EFBIG;
	new = malloc(bytes + 1);
	if (!new)
		return -ENOMEM;
	err = elf_source_read(source, offset, new, bytes);
	if (err) {
		free(new);
		return err;
	}
	memcpy(out, &new, sizeof(new));
	return 0;
}
