/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * board.h - the memory that the watcher shares with one reader: the question on it,
 * and the answer. Both sides wait with futex(2) on its counters.
 *
 * The watcher writes all but `answered` and what an answer consists of. It counts
 * `asked` up when a question is whole; the reader makes `answered` the same when its
 * answer is. What the reader wrote is read as what a stranger wrote.
 */
#ifndef BLOCKPROF_READER_BOARD_H
#define BLOCKPROF_READER_BOARD_H

#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define BOARD_PIECES_MAX 256u
#define BOARD_DATA_BYTES MEMORY_READ_MAX
#define BOARD_NAME_BYTES 64

struct board_piece {
	uint64_t addr;
	uint32_t bytes; /* and so many of `data`, after those of the pieces before it */
	int32_t error; /* the answer: 0 or -errno */
};

enum board_question {
	BOARD_MEMORY, /* pieces of its memory */
	BOARD_READ, /* from a file of its directory in /proc */
	BOARD_OPEN, /* a file, which goes to whoever wants it */
	BOARD_CONTENT, /* of a file, or entries of a directory */
	BOARD_COMPARE, /* two descriptors */
	BOARD_END, /* none: the reader is to end */
};

/* As in base/files.h. */
struct board_file {
	uint64_t ticket; /* it goes by this */
	uint64_t start, end, ino, dev;
	uint32_t receiver; /* to whom it goes: below FILES_RECEIVERS */
	uint32_t from_our_root, no_links, directory;
	char path[PATH_MAX];
	uint32_t may_hang; /* the answer, as status */
	struct stat status;
};

struct board {
	uint32_t asked;
	uint32_t answered;
	uint32_t question; /* enum board_question */
	int32_t pid;
	uint32_t nr; /* of pieces; of bytes to be read, and the answer to that */
	int32_t error; /* the answer, of all pieces: 0 or -errno; COMPARE: 1, they are the same */
	uint64_t offset; /* READ, CONTENT */
	char name[BOARD_NAME_BYTES];
	int32_t fd, other_pid, other_fd; /* COMPARE */
	struct board_file file; /* OPEN, CONTENT */
	struct board_piece pieces[BOARD_PIECES_MAX];
	char data[BOARD_DATA_BYTES]; /* the answer */
};

/* Until *counter is no longer `seen`, a signal comes, or the time is over (NULL: never). */
static inline void board_wait(uint32_t *counter, uint32_t seen, const struct timespec *most)
{
	syscall(SYS_futex, counter, FUTEX_WAIT, seen, most, NULL, 0);
}

static inline void board_wake(uint32_t *counter)
{
	syscall(SYS_futex, counter, FUTEX_WAKE, 1, NULL, NULL, 0);
}

#endif
