/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * files.h - what of a process can hold up whoever looks at it, besides its memory:
 * files of its own, whose file system need not answer, and those files of /proc that
 * wait for a lock which the process may keep for as long as it likes: its mmap_lock or
 * exec_update_lock (maps, syscall, stack, kcmp()), its epoll instances' (fdinfo).
 *
 * They come from where its memory comes from: struct memory_source.
 */
#ifndef BLOCKPROF_BASE_FILES_H
#define BLOCKPROF_BASE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/memory.h"

/* A regular file that a process has or names, or a directory, of which only the entries are to be had. */
struct file_wanted {
	pid_t pid;
	const char *path; /* absolute, as the process sees it */
	bool from_our_root; /* as we see it; the process is only why it is wanted */
	bool no_links; /* no component of the path may be a symbolic link */
	bool directory;
	/* The file of its mapping at these addresses, wherever its path leads now. 0: by path alone. */
	uint64_t start, end;
	uint64_t ino; /* so found by path it must have these; 0: whichever it is */
	dev_t dev;
	bool aside; /* for FILES_ASIDE, also if it may not hang */
};

/*
 * An open file, or where it is. This process never has a descriptor of a file that may
 * hang: even closing that asks the file system (FUSE_FLUSH).
 */
struct file_opened {
	int fd; /* ours; -1: it is not */
	uint64_t ticket; /* under which it has been sent to files_receiver(); 0: it was not */
	bool may_hang; /* whoever reads it: its file system is asked through someone who need not answer */
	bool aside; /* it is for FILES_ASIDE */
	struct stat status;
};

#define FILE_NOT_OPENED	 ((struct file_opened){ .fd = -1 })
#define __closing_opened __attribute__((cleanup(files_close)))
void files_close(struct file_opened *opened);
bool file_is_opened(const struct file_opened *opened);

/* To whom files that were opened can be sent; the last gets all that may hang, whoever else is meant. */
#define FILES_RECEIVERS 3
#define FILES_ASIDE	(FILES_RECEIVERS - 1)

/* Those calls of a source. */
struct file_calls {
	void *context;
	ssize_t (*read)(void *context, pid_t pid, const char *name, uint64_t offset, void *buf,
			size_t size);
	int (*open)(void *context, const struct file_wanted *wanted, struct file_opened *opened);
	ssize_t (*content)(void *context, const struct file_wanted *wanted, uint64_t offset,
			   void *buf, size_t size);
	int (*compare)(void *context, pid_t pid, int fd, pid_t other_pid, int other_fd);
	bool (*is_late)(void *context, pid_t pid);
	uint64_t (*restarts)(void *context);
	void (*send_to)(void *context, unsigned int receiver); /* NULL: there are none */
	int receivers[FILES_RECEIVERS];
};

/*
 * Up to size bytes of /proc/PID/NAME from an offset on: how many, fewer only where it
 * ends; or -errno, -ETIMEDOUT: not in time.
 */
ssize_t files_read(const struct memory *target, const char *name, uint64_t offset, void *buf,
		   size_t size);
/* The same from its start with a NUL behind it: at most size - 1 bytes. */
ssize_t files_read_text(const struct memory *target, const char *name, char *buf, size_t size);
/*
 * 0 or -errno: -EINVAL: it is no regular file, -ESTALE: another one than is wanted,
 * -ENOBUFS: those that were opened before have not been taken yet.
 */
int files_open(struct memory_source *source, const struct file_wanted *wanted,
	       struct file_opened *opened);
/*
 * Up to size bytes of a file that is wanted, from an offset on. Of a directory: entries as
 * getdents64() gives them, those behind the one with that d_off (0: from the first on).
 * How many bytes, or -errno as files_open().
 */
ssize_t files_content(struct memory_source *source, const struct file_wanted *wanted,
		      uint64_t offset, void *buf, size_t size);
/* Do these stand for the same open file? 1, 0, or -errno. */
int files_compare(const struct memory *target, int fd, pid_t other_pid, int other_fd);
/*
 * Before a call that can only be made here and waits for exec_update_lock, which a process
 * keeps that is held up in execve() (pidfd_getfd(), perf_event_open()): is that free now?
 */
bool files_lock_is_free(const struct memory *target);
/* Was it its files that did not come in time, for which it is left alone? */
bool files_are_late(const struct memory *target);
/* How often a process that reads for this one had died and was started again. */
uint64_t files_restarts(const struct memory_source *source);
/* Where files that were opened arrive, each with its ticket (struct file_arrival); -1: nowhere. */
int files_receiver(const struct memory_source *source, unsigned int which);
/* Which of them those that are opened from now on are sent to; the first at first. */
void files_send_to(const struct memory_source *source, unsigned int which);

struct file_arrival {
	uint64_t ticket;
};

/* Without a source, in this process: */
ssize_t file_read_directly(pid_t pid, const char *name, uint64_t offset, void *buf, size_t size);
/* A descriptor or -errno. */
int file_open_directly(const struct file_wanted *wanted, struct stat *status);
ssize_t file_content_directly(const struct file_wanted *wanted, uint64_t offset, void *buf,
			      size_t size);
/* As in struct file_opened. May hang itself. */
bool file_may_hang(int fd, const struct stat *status);
int file_compare_directly(pid_t pid, int fd, pid_t other_pid, int other_fd);

#endif
