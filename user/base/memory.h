/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memory.h - the memory of other processes. All that is read of interpreters,
 * stacks and arguments comes through here; readers do not know how it comes.
 *
 * 0 or -errno everywhere. -ETIMEDOUT: not in time. The memory may be readable,
 * but its bytes would have come too late; readers go on as with memory that
 * cannot be read.
 */
#ifndef BLOCKPROF_BASE_MEMORY_H
#define BLOCKPROF_BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The largest piece that is read: nothing in a process that is of use is larger. */
#define MEMORY_READ_MAX (4u << 20)

struct memory_piece {
	uint64_t addr;
	void *buf;
	size_t bytes;
	int error; /* 0: all of it is in buf; -errno: what is in buf means nothing */
};

struct file_calls;
struct zygote;

/* Where the memory of processes comes from. */
struct memory_source {
	/*
	 * Reads pieces of one process and sets the error of each: one that cannot be
	 * read does not keep the others from being read. There is at least one; none is
	 * empty or larger than MEMORY_READ_MAX. 0, or -errno: the same for all of them
	 * (-ESRCH: the process has ended).
	 */
	int (*read)(void *context, pid_t pid, struct memory_piece *pieces, size_t nr);
	void *context;
	uint64_t late; /* answers that did not come in time */
	const struct file_calls *files; /* base/files.h; NULL: the kernel is asked at once */
	struct zygote *
		zygote; /* forks those that work on what comes from there; NULL: this process does */
};

/* The one that asks the kernel at once, and waits for as long as that takes. */
struct memory_source memory_source_direct(void);

/* The memory of one process. */
struct memory {
	struct memory_source *source;
	pid_t pid;
};

/* Several pieces in one go. 0: see each piece's error; -errno: that is each piece's error, too. */
int memory_read_pieces(const struct memory *memory, struct memory_piece *pieces, size_t nr);

/* The same for pieces that are of use together only. 0, or -errno of the first that cannot be read. */
int memory_read_all(const struct memory *memory, struct memory_piece *pieces, size_t nr);

/* All of it, or nothing. */
int memory_read(const struct memory *memory, uint64_t addr, void *buf, size_t bytes);
int memory_read_ptr(const struct memory *memory, uint64_t addr, uint64_t *out);
int memory_read_u32(const struct memory *memory, uint64_t addr, uint32_t *out);
/*
 * As much as there is from addr on: it may end at any page before size. How many
 * bytes, or -errno: not a single one.
 */
ssize_t memory_read_most(const struct memory *memory, uint64_t addr, void *buf, size_t size);
/* A string with its NUL. -ENAMETOOLONG: it does not end within size. */
int memory_read_cstring(const struct memory *memory, uint64_t addr, char *buf, size_t size);

#endif
