// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/python/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/uio.h>

/* Reads of strings of unknown length end at such a boundary, where the next page may be unmapped. */
#define CHUNK_BYTES 64u

/* User addresses of all 64-bit architectures are below this (five-level page tables). */
#define ADDRESS_MAX (1ull << 56)

static int read_process(void *context, uint64_t addr, void *buf, size_t size)
{
	struct iovec local = { .iov_base = buf, .iov_len = size };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)addr, .iov_len = size };
	ssize_t got = process_vm_readv((pid_t)(intptr_t)context, &local, 1, &remote, 1, 0);

	if (got < 0)
		return -errno;
	return (size_t)got == size ? 0 : -EFAULT;
}

void py_memory_of_process(struct py_memory *memory, pid_t pid)
{
	memory->read = read_process;
	memory->context = (void *)(intptr_t)pid;
}

int py_read(const struct py_memory *memory, uint64_t addr, void *buf, size_t size)
{
	if (addr == 0 || addr >= ADDRESS_MAX)
		return -EFAULT;
	if (size == 0)
		return 0;
	if (size > PY_READ_MAX)
		return -E2BIG;
	return memory->read(memory->context, addr, buf, size);
}

int py_read_ptr(const struct py_memory *memory, uint64_t addr, uint64_t *out)
{
	return py_read(memory, addr, out, sizeof(*out));
}

int py_read_u32(const struct py_memory *memory, uint64_t addr, uint32_t *out)
{
	return py_read(memory, addr, out, sizeof(*out));
}

int py_read_cstring(const struct py_memory *memory, uint64_t addr, char *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		size_t chunk = CHUNK_BYTES - (addr + used) % CHUNK_BYTES;
		int err;

		if (chunk > size - used)
			chunk = size - used;
		err = py_read(memory, addr + used, buf + used, chunk);
		if (err)
			return err;
		if (memchr(buf + used, '\0', chunk))
			return 0;
		used += chunk;
	}
	return -ENAMETOOLONG;
}
