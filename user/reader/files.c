// SPDX-License-Identifier: GPL-2.0-or-later
/* files.c - how a question about a process's files stands on the board, and what of the answer is believed. */
#include "base/files.h"

#include <errno.h>
#include <string.h>

#include "base/strings.h"
#include "reader/board.h"
#include "reader/private.h"

static ssize_t read_file(void *context, pid_t pid, const char *name, uint64_t offset, void *buf,
			 size_t size)
{
	struct readers *readers = context;
	size_t done = 0;

	if (string_bytes(name) > BOARD_NAME_BYTES)
		return -ENAMETOOLONG;
	while (done < size) {
		struct board *board = readers_board(readers, pid, true);
		uint32_t wanted = BOARD_DATA_BYTES, got;
		int err;

		if (!board)
			return -ETIMEDOUT;
		if (size - done < wanted)
			wanted = (uint32_t)(size - done);
		board->question = BOARD_READ;
		board->offset = offset + done;
		board->nr = wanted;
		memcpy(board->name, name, string_bytes(name));
		err = readers_ask(readers, pid, board);
		if (!err)
			err = board->error;
		if (err)
			return err < 0 ? err : -EIO;
		/* once: what stands there is the reader's */
		got = __atomic_load_n(&board->nr, __ATOMIC_RELAXED);
		if (got > wanted)
			return -EIO;
		memcpy((char *)buf + done, board->data, got);
		done += got;
		if (got < wanted)
			break;
	}
	return (ssize_t)done;
}

/* false: its path is too long. */
static bool put_file(struct board_file *file, const struct file_wanted *wanted)
{
	size_t bytes = string_bytes(wanted->path);

	if (bytes > sizeof(file->path))
		return false;
	file->start = wanted->start;
	file->end = wanted->end;
	file->ino = wanted->ino;
	file->dev = wanted->dev;
	file->from_our_root = wanted->from_our_root;
	file->no_links = wanted->no_links;
	file->directory = wanted->directory;
	memcpy(file->path, wanted->path, bytes);
	memset(&file->status, 0, sizeof(file->status));
	return true;
}

static int open_file(void *context, const struct file_wanted *wanted, struct file_opened *opened)
{
	struct readers *readers = context;
	struct board *board;
	uint64_t ticket;
	int err;

	board = readers_board(readers, wanted->pid, true);
	if (!board)
		return -ETIMEDOUT;
	if (!put_file(&board->file, wanted))
		return -ENAMETOOLONG;
	board->question = BOARD_OPEN;
	ticket = readers_next_ticket(readers);
	board->file.ticket = ticket;
	board->file.receiver = wanted->aside ? FILES_ASIDE : readers_receiver(readers);
	err = readers_ask(readers, wanted->pid, board);
	if (err)
		return err;
	opened->status = board->file.status;
	opened->may_hang = board->file.may_hang;
	err = board->error;
	if (err)
		return err < 0 ? err : -EIO;
	opened->ticket = ticket;
	return 0;
}

/* In one go: nothing that is read so is larger than the board has room for. */
static ssize_t read_content(void *context, const struct file_wanted *wanted, uint64_t offset,
			    void *buf, size_t size)
{
	struct readers *readers = context;
	struct board *board = readers_board(readers, wanted->pid, true);
	uint32_t most = size < BOARD_DATA_BYTES ? (uint32_t)size : BOARD_DATA_BYTES, got;
	int err;

	if (!board)
		return -ETIMEDOUT;
	if (!put_file(&board->file, wanted))
		return -ENAMETOOLONG;
	board->question = BOARD_CONTENT;
	board->offset = offset;
	board->nr = most;
	err = readers_ask(readers, wanted->pid, board);
	if (!err)
		err = board->error;
	if (err)
		return err < 0 ? err : -EIO;
	/* once: what stands there is the reader's */
	got = __atomic_load_n(&board->nr, __ATOMIC_RELAXED);
	if (got > most)
		return -EIO;
	memcpy(buf, board->data, got);
	return got;
}

static int compare(void *context, pid_t pid, int fd, pid_t other_pid, int other_fd)
{
	struct readers *readers = context;
	struct board *board = readers_board(readers, pid, true);
	int err;

	if (!board)
		return -ETIMEDOUT;
	board->question = BOARD_COMPARE;
	board->fd = fd;
	board->other_pid = other_pid;
	board->other_fd = other_fd;
	err = readers_ask(readers, pid, board);
	return err ? err : board->error;
}

static bool is_late(void *context, pid_t pid)
{
	return readers_hung_in_files(context, pid);
}

static uint64_t restarts(void *context)
{
	return readers_restarts(context);
}

void readers_file_calls(struct file_calls *calls, struct readers *readers, const int *receivers)
{
	*calls = (struct file_calls){
		.context = readers,
		.read = read_file,
		.open = open_file,
		.content = read_content,
		.compare = compare,
		.is_late = is_late,
		.restarts = restarts,
		.send_to = readers_send_to,
	};
	memcpy(calls->receivers, receivers, sizeof(calls->receivers));
}
