// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * child.c - what is left to a reader, and how it answers. It may hang in any answer for
 * good, unkillable even, where a target's page comes from a file system that does not
 * answer: nobody waits for it but the target's own verdicts.
 */
#include "reader/child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "base/pass.h"
#include "base/process_file.h"
#include "base/read.h"
#include "base/sandbox.h"
#include "reader/board.h"

/* Of the range that systemd leaves to nobody (UIDS-GIDS.md), and not the symbolizer's. */
#define READER_UID 65528

static const struct sandbox_call calls[] = {
	{ .number = SCMP_SYS(process_vm_readv) },
	{ .number = SCMP_SYS(getppid) },
	/* Whether there is such a process: no signal is sent. */
	{ .number = SCMP_SYS(kill), .argument = 1, .mask = UINT32_MAX },
	{ .number = SCMP_SYS(kcmp) },
	/* It may read only: its limit of what it writes to a file is 0, too. */
	{ .number = SCMP_SYS(openat), .argument = 2, .mask = O_ACCMODE | O_CREAT | O_TRUNC },
	{ .number = SCMP_SYS(openat2) },
	{ .number = SCMP_SYS(fstat) },
	{ .number = SCMP_SYS(newfstatat) },
	{ .number = SCMP_SYS(fstatfs) },
	{ .number = SCMP_SYS(pread64) },
	{ .number = SCMP_SYS(getdents64) },
	{ .number = SCMP_SYS(lseek) },
	{ .number = SCMP_SYS(sendmsg) },
};

enum { BOARD_FD = SANDBOX_FIRST, FILES_FD };

/*
 * It opens a few at a time. But the kernel lets a user without privileges have so many sent and
 * not received (too_many_unix_fds()), and this user is that of the readers of all that watch this
 * machine: where one cannot receive, as its symbolizer hangs, the others are not to suffer.
 */
#define FILES_MAX 1024

static const struct sandbox sandbox = {
	.name = "blockprof-read",
	.uid = READER_UID,
	.reads_processes = true,
	.memory_bytes = 512ull << 20, /* less than a copy of a large watcher has */
	.mapped_bytes = UINT64_MAX,
	.files = FILES_MAX,
	.cpu_seconds = UINT64_MAX,
	.calls = calls,
	.nr_calls = sizeof(calls) / sizeof(calls[0]),
};

#define RUNS_MAX_US 1000000 /* in one go, before it is ended */
#define ANSWERS_MAX 64 /* in one go, before it lets others run */

/*
 * The watcher asks thousands of times a second for some microseconds of work each: on a
 * busy machine it would wait for as many turns of everyone else's. Where that is not
 * allowed it takes longer.
 */
static void come_first(void)
{
	const struct rlimit limit = { RUNS_MAX_US, RUNS_MAX_US };
	const struct sched_param first = { .sched_priority = 1 };

	if (!setrlimit(RLIMIT_RTTIME, &limit))
		sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
}

/* The file of /proc that is being read, part by part. */
struct reading {
	int fd; /* -1: none */
	pid_t pid;
	char name[BOARD_NAME_BYTES];
	uint64_t offset; /* that comes next */
};

static void end_reading(struct reading *reading)
{
	if (reading->fd >= 0)
		close(reading->fd);
	reading->fd = -1;
}

static int begin_reading(struct reading *reading, const struct board *board)
{
	if (reading->fd >= 0 && board->offset && board->offset == reading->offset &&
	    board->pid == reading->pid && !strcmp(board->name, reading->name))
		return 0;
	end_reading(reading);
	reading->fd = process_file_open(board->pid, board->name, 0);
	if (reading->fd < 0)
		return reading->fd;
	reading->pid = board->pid;
	memcpy(reading->name, board->name, sizeof(reading->name));
	return 0;
}

/* 0 or -errno. */
static int answer_read(struct board *board, struct reading *reading)
{
	size_t bytes = board->nr < BOARD_DATA_BYTES ? board->nr : BOARD_DATA_BYTES;
	int err = begin_reading(reading, board);
	ssize_t got;

	board->nr = 0;
	if (err)
		return err;
	got = read_up_to(reading->fd, board->offset, board->data, bytes);
	if (got > 0) {
		board->nr = (uint32_t)got;
		reading->offset = board->offset + (uint64_t)got;
	}
	if (got < (ssize_t)bytes)
		end_reading(reading);
	return got < 0 ? (int)got : 0;
}

static struct file_wanted wanted_file(const struct board *board)
{
	const struct board_file *file = &board->file;

	return (struct file_wanted){
		.pid = board->pid,
		.path = file->path,
		.from_our_root = file->from_our_root,
		.no_links = file->no_links,
		.directory = file->directory,
		.start = file->start,
		.end = file->end,
		.ino = file->ino,
		.dev = file->dev,
	};
}

static int answer_open(struct board *board)
{
	struct board_file *file = &board->file;
	const struct file_wanted wanted = wanted_file(board);
	const struct file_arrival arrival = { file->ticket };
	int fd __closing = file_open_directly(&wanted, &file->status);

	if (fd < 0)
		return fd;
	file->may_hang = file_may_hang(fd, &file->status);
	/* whoever wants it has not taken those before yet */
	return pass_send(FILES_FD + (int)(file->may_hang ? FILES_ASIDE
							 : file->receiver % FILES_RECEIVERS),
			 &arrival, sizeof(arrival), &fd, 1)
		       ? -ENOBUFS
		       : 0;
}

static int answer_content(struct board *board)
{
	const struct file_wanted wanted = wanted_file(board);
	size_t bytes = board->nr < BOARD_DATA_BYTES ? board->nr : BOARD_DATA_BYTES;
	ssize_t got = file_content_directly(&wanted, board->offset, board->data, bytes);

	board->nr = got > 0 ? (uint32_t)got : 0;
	return got < 0 ? (int)got : 0;
}

static int answer_memory(struct board *board)
{
	struct memory_source source = memory_source_direct();
	const struct memory memory = { &source, board->pid };
	struct memory_piece pieces[BOARD_PIECES_MAX];
	uint32_t nr = board->nr < BOARD_PIECES_MAX ? board->nr : BOARD_PIECES_MAX;
	size_t used = 0;
	int err;

	for (uint32_t i = 0; i < nr; i++) {
		pieces[i] = (struct memory_piece){ board->pieces[i].addr, board->data + used,
						   board->pieces[i].bytes, 0 };
		used += pieces[i].bytes;
	}
	err = memory_read_pieces(&memory, pieces, nr);
	for (uint32_t i = 0; i < nr; i++)
		board->pieces[i].error = pieces[i].error;
	return err;
}

static int answer(struct board *board, struct reading *reading)
{
	switch (board->question) {
	case BOARD_MEMORY:
		return answer_memory(board);
	case BOARD_READ:
		return answer_read(board, reading);
	case BOARD_OPEN:
		return answer_open(board);
	case BOARD_CONTENT:
		return answer_content(board);
	default:
		return file_compare_directly(board->pid, board->fd, board->other_pid,
					     board->other_fd);
	}
}

/* Until it is to end, or its parent has: without CAP_KILL that cannot kill another user's process. */
static void serve(struct board *board, pid_t parent)
{
	const struct timespec moment = { .tv_nsec = 1 }, long_while = { .tv_sec = 5 };
	struct reading reading = { .fd = -1 };
	unsigned int in_a_row = 0;

	while (true) {
		uint32_t asked = __atomic_load_n(&board->asked, __ATOMIC_ACQUIRE);

		if (asked == __atomic_load_n(&board->answered, __ATOMIC_RELAXED)) {
			board_wait(&board->asked, asked, &long_while);
			in_a_row = 0;
			if (getppid() != parent)
				return;
			continue;
		}
		if (board->question == BOARD_END)
			return;
		board->error = answer(board, &reading);
		__atomic_store_n(&board->answered, asked, __ATOMIC_RELEASE);
		board_wake(&board->answered);
		/* asked at once each time it never sleeps */
		if (++in_a_row % ANSWERS_MAX == 0)
			board_wait(&board->answered, asked, &moment);
	}
}

void reader_main(const int *fds, size_t nr, pid_t parent)
{
	struct board *board;

	come_first();
	if (sandbox_enter(&sandbox, fds, nr, parent))
		_exit(1);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, BOARD_FD, 0);
	if (board == MAP_FAILED)
		_exit(1);
	serve(board, parent);
	_exit(0);
}
