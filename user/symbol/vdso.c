// SPDX-License-Identifier: GPL-2.0-or-later
/* vdso.c - a copy of the vDSO in a memfd. */
#include "symbol/vdso.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"
#include "proc/maps.h"

static size_t vdso_bytes(uintptr_t start)
{
	struct memory_source source = memory_source_direct();
	const struct memory own = { &source, getpid() };
	const struct mapping *mapping;
	struct maps *maps;
	size_t bytes;

	if (maps_read(&maps, &own))
		return 0;
	mapping = maps_find(maps, start);
	bytes = mapping && mapping->start == start ? mapping->end - start : 0;
	maps_free(maps);
	return bytes;
}

int vdso_open(void)
{
	uintptr_t start = getauxval(AT_SYSINFO_EHDR);
	size_t bytes = start ? vdso_bytes(start) : 0;
	int fd;

	if (!bytes)
		return -ENOENT;
	fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, (const void *)start, bytes) != (ssize_t)bytes) {
		close(fd);
		return -EIO;
	}
	return fd;
}
