// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reader.c - which child is asked for a target's memory, how long its answer is waited
 * for, and what becomes of a child, and of a target, where none comes.
 */
#include "reader/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/meanwhile.h"
#include "base/process_file.h"
#include "base/restarts.h"
#include "base/user_of.h"
#include "base/zygote.h"
#include "reader/board.h"
#include "reader/child.h"
#include "reader/private.h"

/* One that is asked, and as many as may hang: those are never started anew. */
#define READERS 8
/* Its memory and its files together: a process holds up the watch of the others for less than 100 ms. */
#define DEADLINE_NS	  (80 * NS_PER_MS)
#define DEADLINE_AGAIN_NS (10 * NS_PER_MS)
#define SPIN_NS		  30000
/* A child that has not been let run is waited for longer: that is the machine's doing. */
#define RUNNABLE_MAX_NS (2 * NS_PER_SEC)
/* A page that came later than this is no slow disk's: its process is not asked again. */
#define GIVE_UP_NS (1 * NS_PER_SEC)
#define HUNG_MAX   64
#define END_MAX_MS 100
#define SENT_BYTES 8192 /* some 20 files that are under way */
/* Children that died are started again, so many in a row, then one in such a time. */
#define RESTARTS_MAX	 32
#define RESTARTS_EACH_NS (2 * NS_PER_SEC)

struct reader {
	struct board *board;
	int board_fd;
	pid_t pid; /* 0: there is none */
	pid_t in; /* in whom it has been late; 0: it is free */
	uint64_t user; /* whose that is */
	uint64_t since_ns;
};

/* A process that is not asked about any more. */
struct hung {
	pid_t pid;
	int pidfd; /* readable when it has ended, and its number may be another's */
	bool in_files; /* and not in its memory */
	bool told;
};

/* Asked about the same process they mostly are, many times. */
struct known_user {
	pid_t pid; /* 0: none */
	uint64_t user;
	uint64_t at_ns;
};

struct readers {
	struct reader v[READERS];
	struct known_user known;
	struct hung hung[HUNG_MAX];
	size_t nr_hung;
	uint64_t given_up;
	struct zygote *zygote; /* NULL: there is none */
	struct restarts restarts;
	uint64_t tickets;
	struct reader *taken; /* to be asked next */
	struct meanwhile meanwhile;
	int files[FILES_RECEIVERS]
		 [2]; /* where readers send what they have opened, and where it arrives */
	unsigned int receiver; /* who gets it */
	struct file_calls calls;
};

static int start(const struct readers *readers, struct reader *reader)
{
	int fds[1 + FILES_RECEIVERS] = { reader->board_fd };
	pid_t pid;

	for (size_t i = 0; i < FILES_RECEIVERS; i++)
		fds[1 + i] = readers->files[i][0];
	reader->board->answered = reader->board->asked;
	pid = zygote_fork(readers->zygote, reader_main, fds, sizeof(fds) / sizeof(fds[0]));
	reader->pid = pid > 0 ? pid : 0;
	reader->in = 0;
	return pid > 0 ? 0 : (int)pid;
}

static int open_board(struct reader *reader)
{
	void *board;

	reader->board_fd = memfd_create("blockprof-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (reader->board_fd < 0)
		return -errno;
	/* a child that cut it would kill us with SIGBUS */
	if (ftruncate(reader->board_fd, sizeof(*reader->board)) ||
	    fcntl(reader->board_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	board = mmap(NULL, sizeof(*reader->board), PROT_READ | PROT_WRITE, MAP_SHARED,
		     reader->board_fd, 0);
	if (board == MAP_FAILED)
		return -errno;
	reader->board = board;
	return 0;
}

/* Few are sent before those that came are taken: see FILES_MAX in child.c. */
static int open_files_socket(int ends[2])
{
	const int bytes = SENT_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) ||
	    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes)))
		return -errno;
	return 0;
}

int readers_new(struct readers **out, struct zygote *zygote)
{
	struct readers *readers = calloc(1, sizeof(*readers));
	int err = readers ? 0 : -ENOMEM;

	*out = NULL;
	for (size_t i = 0; readers && i < READERS; i++)
		readers->v[i].board_fd = -1;
	if (readers) {
		memset(readers->files, 0xff, sizeof(readers->files));
		readers->zygote = zygote;
		readers->restarts = restarts_of(RESTARTS_MAX, RESTARTS_EACH_NS);
	}
	for (size_t i = 0; i < FILES_RECEIVERS && !err; i++)
		err = open_files_socket(readers->files[i]);
	for (size_t i = 0; i < READERS && !err; i++) {
		err = open_board(&readers->v[i]);
		if (!err)
			err = start(readers, &readers->v[i]);
	}
	if (err) {
		readers_free(readers);
		return err;
	}
	*out = readers;
	return 0;
}

static void forget_hung(struct readers *readers, size_t i)
{
	if (readers->hung[i].pidfd >= 0)
		close(readers->hung[i].pidfd);
	readers->hung[i] = readers->hung[--readers->nr_hung];
}

/* One that hangs may not end by that. Without CAP_KILL it has to do it itself. */
static void end(struct reader *reader)
{
	struct pollfd ended = { .fd = pidfd_open(reader->pid, 0), .events = POLLIN };

	reader->board->question = BOARD_END;
	__atomic_store_n(&reader->board->asked, reader->board->asked + 1, __ATOMIC_RELEASE);
	board_wake(&reader->board->asked);
	kill(reader->pid, SIGKILL);
	if (ended.fd >= 0 && !reader->in)
		poll(&ended, 1, END_MAX_MS);
	waitpid(reader->pid, NULL, WNOHANG);
	if (ended.fd >= 0)
		close(ended.fd);
}

void readers_free(struct readers *readers)
{
	if (!readers)
		return;
	while (readers->nr_hung)
		forget_hung(readers, 0);
	for (size_t i = 0; i < READERS; i++) {
		struct reader *reader = &readers->v[i];

		if (reader->pid)
			end(reader);
		if (reader->board)
			munmap(reader->board, sizeof(*reader->board));
		if (reader->board_fd >= 0)
			close(reader->board_fd);
	}
	for (size_t i = 0; i < FILES_RECEIVERS; i++)
		for (size_t end = 0; end < 2; end++)
			if (readers->files[i][end] >= 0)
				close(readers->files[i][end]);
	free(readers);
}

static struct hung *hung_of(struct readers *readers, pid_t pid, bool in_files)
{
	for (size_t i = 0; i < readers->nr_hung; i++) {
		struct hung *hung = &readers->hung[i];
		struct pollfd ended = { .fd = hung->pidfd, .events = POLLIN };

		if (hung->pid != pid || hung->in_files != in_files)
			continue;
		if (poll(&ended, 1, 0) == 0)
			return hung;
		forget_hung(readers, i);
		break;
	}
	return NULL;
}

/* Nothing of that kind is asked of it any more, while a reader hangs in it. */
static void leave_alone(struct readers *readers, pid_t pid, bool in_files)
{
	if (readers->nr_hung == HUNG_MAX)
		forget_hung(readers, 0);
	readers->hung[readers->nr_hung++] = (struct hung){
		.pid = pid,
		.pidfd = pidfd_open(pid, 0),
		.in_files = in_files,
	};
}

static bool has_answered(const struct reader *reader)
{
	return __atomic_load_n(&reader->board->answered, __ATOMIC_ACQUIRE) == reader->board->asked;
}

static bool has_ended(const struct reader *reader)
{
	return waitpid(reader->pid, NULL, WNOHANG) == reader->pid;
}

/* It has come back from where it hung. */
static void return_late(struct readers *readers, struct reader *reader)
{
	bool in_files = reader->board->question != BOARD_MEMORY;
	struct hung *hung = hung_of(readers, reader->in, in_files);
	bool for_good = clock_coarse_ns() - reader->since_ns >= GIVE_UP_NS;

	reader->in = 0;
	if (hung && !for_good)
		forget_hung(readers, (size_t)(hung - readers->hung));
}

/* The same child anew, while there are some left. */
static bool start_again(struct readers *readers, struct reader *reader)
{
	reader->pid = 0;
	return restarts_take(&readers->restarts) && !start(readers, reader);
}

/* The first that is free; NULL: all of them hang. */
static struct reader *take_reader(struct readers *readers)
{
	for (size_t i = 0; i < READERS; i++) {
		struct reader *reader = &readers->v[i];

		if (reader->in && has_answered(reader))
			return_late(readers, reader);
		if (!reader->pid)
			start_again(readers, reader);
		if (reader->pid && !reader->in)
			return reader;
	}
	return NULL;
}

#define USER_KEPT_NS (1 * NS_PER_SEC)

static uint64_t user_of(struct readers *readers, pid_t pid)
{
	uint64_t now_ns = clock_coarse_ns();

	if (readers->known.pid != pid || now_ns - readers->known.at_ns >= USER_KEPT_NS) {
		readers->known.user = user_of_process(pid);
		readers->known.pid = pid;
		readers->known.at_ns = now_ns;
	}
	return readers->known.user;
}

/* No user holds up readers that others need: each leaves one free for so many as hang in its processes. */
static bool has_share(struct readers *readers, pid_t pid)
{
	size_t hang = 0, its = 0;
	uint64_t user;

	for (size_t i = 0; i < READERS; i++)
		hang += readers->v[i].in != 0;
	if (!hang)
		return true;
	user = user_of(readers, pid);
	for (size_t i = 0; i < READERS; i++)
		its += readers->v[i].in && readers->v[i].user == user;
	return READERS - hang > its;
}

/* Is it ready to run, but not let? */
static bool is_runnable(const struct reader *reader)
{
	int file __closing = process_file_open(reader->pid, "stat", 0);
	char line[256] = "", *state;

	if (file < 0 || read(file, line, sizeof(line) - 1) < 0)
		return false;
	state = strrchr(line, ')');
	return state && state[1] == ' ' && state[2] == 'R';
}

/* Until it has answered, or some of the time has passed. */
static void wait_a_while(const struct readers *readers, const struct reader *reader,
			 uint64_t most_ns)
{
	uint32_t answered = __atomic_load_n(&reader->board->answered, __ATOMIC_RELAXED);
	struct timespec most = { 0 };

	if (readers->meanwhile.run && most_ns > MEANWHILE_NS)
		most_ns = MEANWHILE_NS;
	most.tv_nsec = (long)most_ns;
	if (answered != reader->board->asked)
		board_wait(&reader->board->answered, answered, &most);
	if (readers->meanwhile.run && !has_answered(reader))
		readers->meanwhile.run(readers->meanwhile.context);
}

/* 0; -ETIMEDOUT: not in time; -ESRCH: the child has ended. */
static int wait_answer(const struct readers *readers, const struct reader *reader,
		       uint64_t deadline_ns)
{
	uint64_t from_ns = clock_now_ns(), spent_ns = 0;

	/* it mostly comes sooner than we would be on a CPU again */
	while (!has_answered(reader) && clock_now_ns() - from_ns < SPIN_NS)
		continue;

	while (!has_answered(reader)) {
		if (spent_ns < deadline_ns)
			wait_a_while(readers, reader, deadline_ns - spent_ns);
		else if (has_ended(reader))
			return -ESRCH;
		else if (spent_ns < RUNNABLE_MAX_NS && is_runnable(reader))
			wait_a_while(readers, reader, DEADLINE_AGAIN_NS);
		else if (!has_answered(reader))
			return -ETIMEDOUT;
		spent_ns = clock_now_ns() - from_ns;
	}
	return 0;
}

/* As many of the first pieces as the board has room for. */
static size_t pose(struct board *board, const struct memory_piece *pieces, size_t nr)
{
	size_t bytes = 0, posed = 0;

	for (; posed < nr && posed < BOARD_PIECES_MAX; posed++) {
		if (pieces[posed].bytes > BOARD_DATA_BYTES - bytes)
			break;
		bytes += pieces[posed].bytes;
		board->pieces[posed].addr = pieces[posed].addr;
		board->pieces[posed].bytes = (uint32_t)pieces[posed].bytes;
	}
	board->question = BOARD_MEMORY;
	board->nr = (uint32_t)posed;
	return posed;
}

static void take_answer(const struct board *board, struct memory_piece *pieces, size_t nr)
{
	const char *data = board->data;

	for (size_t i = 0; i < nr; i++) {
		int error = board->pieces[i].error;

		pieces[i].error = error > 0 ? -EIO : error;
		if (!error)
			memcpy(pieces[i].buf, data, pieces[i].bytes);
		data += pieces[i].bytes;
	}
}

/* 0, or as wait_answer(). */
static int ask_once(const struct readers *readers, pid_t pid, uint32_t nr, uint64_t deadline_ns)
{
	struct board *board = readers->taken->board;

	board->pid = pid;
	board->nr = nr;
	__atomic_store_n(&board->asked, board->asked + 1, __ATOMIC_RELEASE);
	board_wake(&board->asked);
	return wait_answer(readers, readers->taken, deadline_ns);
}

int readers_ask(struct readers *readers, pid_t pid, struct board *board)
{
	struct reader *reader = readers->taken;
	bool of_files = board->question != BOARD_MEMORY;
	uint64_t deadline_ns = hung_of(readers, pid, !of_files) ? DEADLINE_AGAIN_NS : DEADLINE_NS;
	uint32_t nr = board->nr;
	int err = ask_once(readers, pid, nr, deadline_ns);

	/* one that is gone says nothing of the process */
	if (err == -ESRCH && start_again(readers, reader))
		err = ask_once(readers, pid, nr, deadline_ns);
	if (err == -ETIMEDOUT) {
		reader->in = pid;
		reader->user = user_of(readers, pid);
		reader->since_ns = clock_coarse_ns() - deadline_ns;
		readers->given_up++;
		leave_alone(readers, pid, of_files);
	}
	if (err == -ESRCH)
		reader->pid = 0;
	return err ? -ETIMEDOUT : 0;
}

void readers_meanwhile(struct readers *readers, struct meanwhile meanwhile)
{
	readers->meanwhile = meanwhile;
}

bool readers_hung_in_files(struct readers *readers, pid_t pid)
{
	return hung_of(readers, pid, true);
}

void readers_send_to(void *context, unsigned int receiver)
{
	struct readers *readers = context;

	readers->receiver = receiver;
}

unsigned int readers_receiver(const struct readers *readers)
{
	return readers->receiver;
}

uint64_t readers_next_ticket(struct readers *readers)
{
	return ++readers->tickets;
}

/* Pages that do not come say nothing of its program and libraries: those have its names. */
struct board *readers_board(struct readers *readers, pid_t pid, bool of_files)
{
	readers->taken = take_reader(readers);
	if (!readers->taken || !has_share(readers, pid) || hung_of(readers, pid, true) ||
	    (!of_files && hung_of(readers, pid, false)))
		return NULL;
	return readers->taken->board;
}

static int read_pieces(void *context, pid_t pid, struct memory_piece *pieces, size_t nr)
{
	struct readers *readers = context;

	while (nr) {
		struct board *board = readers_board(readers, pid, false);
		size_t posed;
		int err;

		if (!board)
			return -ETIMEDOUT;
		posed = pose(board, pieces, nr);
		err = readers_ask(readers, pid, board);
		if (!err)
			err = board->error > 0 ? -EIO : board->error;
		if (err)
			return err;
		take_answer(board, pieces, posed);
		pieces += posed;
		nr -= posed;
	}
	return 0;
}

struct memory_source readers_source(struct readers *readers)
{
	int receivers[FILES_RECEIVERS];

	for (size_t i = 0; i < FILES_RECEIVERS; i++)
		receivers[i] = readers->files[i][1];
	readers_file_calls(&readers->calls, readers, receivers);
	return (struct memory_source){ .read = read_pieces,
				       .context = readers,
				       .files = &readers->calls,
				       .zygote = readers->zygote };
}

pid_t readers_next_hung(struct readers *readers, bool *in_files)
{
	for (size_t i = 0; i < readers->nr_hung; i++) {
		if (readers->hung[i].told)
			continue;
		readers->hung[i].told = true;
		*in_files = readers->hung[i].in_files;
		return readers->hung[i].pid;
	}
	return 0;
}

uint64_t readers_restarts(const struct readers *readers)
{
	return readers->restarts.taken;
}

uint64_t readers_given_up(const struct readers *readers)
{
	return readers->given_up;
}
