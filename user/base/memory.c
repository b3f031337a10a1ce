// SPDX-License-Identifier: GPL-2.0-or-later
/* memory.c - which reads of another process are tried at all, and how the kernel is asked for several at once. */
#include "base/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/uio.h>

/* User addresses of all 64-bit architectures are below this (five-level page tables). */
#define ADDRESS_END (1ull << 56)
#define PAGE_BYTES  4096u /* the least that any machine has */
/* Pieces in one call. */
#define PIECES_MAX 32u

/* Reads the first nr pieces. How many have their error now, or -errno. */
static ssize_t read_batch(pid_t pid, struct memory_piece *pieces, size_t nr)
{
	struct iovec to[PIECES_MAX], from[PIECES_MAX];
	size_t left, done = 0;
	ssize_t got;

	for (size_t i = 0; i < nr; i++) {
		to[i] = (struct iovec){ pieces[i].buf, pieces[i].bytes };
		from[i] = (struct iovec){ (void *)(uintptr_t)pieces[i].addr, pieces[i].bytes };
	}
	got = process_vm_readv(pid, to, nr, from, nr, 0);
	if (got < 0 && errno != EFAULT)
		return -errno;
	/* it ends in the first piece that cannot be read, which may be read in part */
	for (left = got < 0 ? 0 : (size_t)got; done < nr && left >= pieces[done].bytes; done++) {
		left -= pieces[done].bytes;
		pieces[done].error = 0;
	}
	if (done < nr)
		pieces[done++].error = -EFAULT;
	return (ssize_t)done;
}

static int read_directly(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	(void)context;
	while (nr) {
		ssize_t done = read_batch(pid, pieces, nr < PIECES_MAX ? nr : PIECES_MAX);

		if (done < 0)
			return (int)done;
		pieces += done;
		nr -= (size_t)done;
	}
	return 0;
}

struct memory_source memory_source_direct(void)
{
	return (struct memory_source){ .read = read_directly };
}

/* Is it worth a question? Else its error is set. */
static bool is_to_be_read(struct memory_piece *piece)
{
	if (!piece->addr || piece->addr >= ADDRESS_END || piece->bytes > ADDRESS_END - piece->addr)
		piece->error = -EFAULT;
	else if (piece->bytes > MEMORY_READ_MAX)
		piece->error = -E2BIG;
	else
		piece->error = 0;
	return !piece->error && piece->bytes;
}

int memory_read_pieces(const struct memory *memory, struct memory_piece *pieces, size_t nr)
{
	struct memory_source *source = memory->source;
	size_t first = 0, end;
	int err = 0;

	/* as many at once as lie between two that are not to be read */
	for (; first < nr && !err; first = end + 1) {
		for (end = first; end < nr && is_to_be_read(&pieces[end]);)
			end++;
		if (end > first)
			err = source->read(source->context, memory->pid, pieces + first,
					   end - first);
	}
	source->late += err == -ETIMEDOUT;
	for (size_t i = 0; i < nr && err; i++)
		pieces[i].error = err;
	return err;
}

int memory_read_all(const struct memory *memory, struct memory_piece *pieces, size_t nr)
{
	int err = memory_read_pieces(memory, pieces, nr);

	for (size_t i = 0; i < nr && !err; i++)
		err = pieces[i].error;
	return err;
}

int memory_read(const struct memory *memory, uint64_t addr, void *buf, size_t bytes)
{
	struct memory_piece piece = { addr, buf, bytes, 0 };

	return memory_read_all(memory, &piece, 1);
}

int memory_read_ptr(const struct memory *memory, uint64_t addr, uint64_t *out)
{
	return memory_read(memory, addr, out, sizeof(*out));
}

int memory_read_u32(const struct memory *memory, uint64_t addr, uint32_t *out)
{
	return memory_read(memory, addr, out, sizeof(*out));
}

ssize_t memory_read_most(const struct memory *memory, uint64_t addr, void *buf, size_t size)
{
	struct memory_piece pieces[PIECES_MAX];
	size_t done = 0;

	while (done < size) {
		size_t asked = done, nr = 0, i;

		/* page by page, as the next one may not be there */
		for (; nr < PIECES_MAX && asked < size; nr++) {
			size_t bytes = PAGE_BYTES - (addr + asked) % PAGE_BYTES;

			if (bytes > size - asked)
				bytes = size - asked;
			pieces[nr] = (struct memory_piece){ addr + asked, (char *)buf + asked,
							    bytes, 0 };
			asked += bytes;
		}
		memory_read_pieces(memory, pieces, nr);
		for (i = 0; i < nr && !pieces[i].error; i++)
			done += pieces[i].bytes;
		if (i < nr)
			return done ? (ssize_t)done : pieces[i].error;
	}
	return (ssize_t)done;
}

int memory_read_cstring(const struct memory *memory, uint64_t addr, char *buf, size_t size)
{
	ssize_t got = memory_read_most(memory, addr, buf, size);

	if (got < 0)
		return (int)got;
	if (memchr(buf, '\0', (size_t)got))
		return 0;
	return (size_t)got < size ? -EFAULT : -ENAMETOOLONG;
}
