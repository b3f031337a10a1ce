// SPDX-License-Identifier: GPL-2.0-or-later
/* made_file.c - to whom a file that is written is given, and which ones that are there are not to be written. */
#include "output/made_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define MODE 0600
/* Never waits there: who has blocked its signals could not be ended. */
#define OPEN_FLAGS (O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* Of "x", "/x" and "d/x": ".", "/" and "d". */
static char *directory_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Whether everybody can make files there, and take away only one's own (/tmp). */
static bool is_shared(const struct stat *directory)
{
	return directory->st_mode & S_ISVTX && directory->st_mode & S_IWOTH;
}

static bool is_trusted(const struct stat *file, const struct stat *directory,
		       const struct file_owner *owner)
{
	return file->st_uid == geteuid() || file->st_uid == directory->st_uid ||
	       (owner && file->st_uid == owner->uid);
}

/*
 * The kernel's rules for such directories (Documentation/admin-guide/sysctl/fs.rst,
 * protected_symlinks and protected_regular), which not every machine has set. What is
 * ours nobody else can replace there between this look and the opening.
 */
static int check_there(const char *path, const struct file_owner *owner)
{
	__freeing char *name = directory_of(path);
	struct stat directory, file;

	if (!name)
		return -ENOMEM;
	/* what is wrong with these is found when the file is opened */
	if (stat(name, &directory) || !is_shared(&directory))
		return 0;
	if (lstat(path, &file))
		return -errno;
	return is_trusted(&file, &directory, owner) ? 0 : -ENOTUNIQ;
}

static bool is_fifo(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISFIFO(st.st_mode);
}

static int open_there(const char *path, const struct file_owner *owner)
{
	int err = check_there(path, owner), fd;
	struct stat st;

	if (err)
		return err;
	fd = open(path, OPEN_FLAGS);
	/* a symbolic link to what is not there yet: it stays this process's, as who made it cannot be told */
	if (fd < 0 && errno == ENOENT)
		fd = open(path, OPEN_FLAGS | O_CREAT, MODE);
	if (fd < 0)
		return errno == ENXIO && is_fifo(path) ? -EAGAIN : -errno;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && ftruncate(fd, 0)) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int made_file_open(const char *path, const struct file_owner *owner)
{
	int fd = open(path, OPEN_FLAGS | O_CREAT | O_EXCL, MODE);

	if (fd < 0)
		return errno == EEXIST ? open_there(path, owner) : -errno;
	/* where a file system has no owners, or no others, it stays as it is: nobody else can read it */
	if (owner)
		(void)!fchown(fd, owner->uid, owner->gid);
	return fd;
}
