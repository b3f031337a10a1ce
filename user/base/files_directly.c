// SPDX-License-Identifier: GPL-2.0-or-later
/* files_directly.c - which ways of opening a foreign path can do no harm but that of waiting. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "base/process_file.h"
#include "base/read.h"

ssize_t file_read_directly(pid_t pid, const char *name, uint64_t offset, void *buf, size_t size)
{
	int fd __closing = process_file_open(pid, name, 0);

	return fd < 0 ? fd : read_up_to(fd, offset, buf, size);
}

/* The place that a path leads to, found without leaving that root or following links of /proc. */
static int find_place(const struct file_wanted *wanted)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int root_fd __closing = -1;
	int fd;

	if (wanted->path[0] != '/')
		return -ENOENT;
	if (wanted->no_links) {
		how.flags |= O_NOFOLLOW;
		how.resolve |= RESOLVE_NO_SYMLINKS;
	}
	if (wanted->from_our_root)
		root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	else
		root_fd = process_file_open(wanted->pid, "root", O_PATH | O_DIRECTORY);
	if (root_fd < 0)
		return wanted->from_our_root ? -errno : root_fd;
	fd = (int)syscall(SYS_openat2, root_fd, wanted->path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

/*
 * Inode numbers say enough where the device numbers of maps and of stat differ
 * by design: btrfs has one device for a subvolume, overlayfs one for the whole.
 */
static bool is_it(int place, const struct file_wanted *wanted, const struct stat *status)
{
	struct statfs fs;

	if (!wanted->ino)
		return true;
	if (status->st_ino != wanted->ino)
		return false;
	if (status->st_dev == wanted->dev)
		return true;
	return fstatfs(place, &fs) == 0 &&
	       (fs.f_type == BTRFS_SUPER_MAGIC || fs.f_type == OVERLAYFS_SUPER_MAGIC);
}

/* The mapping's own file, even if its name is gone or elsewhere; for root only. */
static int find_mapped(const struct file_wanted *wanted)
{
	char name[96];

	if (!wanted->end)
		return -ENOENT;
	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)wanted->start,
		 (unsigned long long)wanted->end);
	return process_file_open(wanted->pid, name, O_PATH);
}

int file_open_directly(const struct file_wanted *wanted, struct stat *status)
{
	int mapped = find_mapped(wanted);
	int place __closing = mapped < 0 ? find_place(wanted) : mapped;
	char name[64];
	int fd;

	if (place < 0)
		return place;
	/* Looked at before it is opened: opening a device can do something, a FIFO can wait. */
	if (fstat(place, status))
		return -errno;
	if (wanted->directory ? !S_ISDIR(status->st_mode) : !S_ISREG(status->st_mode))
		return -EINVAL;
	if (mapped < 0 && !is_it(place, wanted, status))
		return -ESTALE;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", place);
	fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return fd < 0 ? -errno : fd;
}

static ssize_t read_entries(int fd, uint64_t after, void *buf, size_t size)
{
	long got;

	if (lseek(fd, (off_t)after, SEEK_SET) < 0)
		return -errno;
	got = syscall(SYS_getdents64, fd, buf, size);
	return got < 0 ? -errno : got;
}

ssize_t file_content_directly(const struct file_wanted *wanted, uint64_t offset, void *buf,
			      size_t size)
{
	struct stat status;
	int fd __closing = file_open_directly(wanted, &status);

	if (fd < 0)
		return fd;
	return wanted->directory ? read_entries(fd, offset, buf, size)
				 : read_up_to(fd, offset, buf, size);
}

bool file_may_hang(int fd, const struct stat *status)
{
	struct statfs fs;

	/* those have no device */
	if (major(status->st_dev))
		return false;
	/* whoever answers for a file of FUSE need not say even this */
	if (fstatfs(fd, &fs))
		return true;
	switch ((uint32_t)fs.f_type) {
	case FUSE_SUPER_MAGIC:
	case NFS_SUPER_MAGIC:
	case V9FS_MAGIC:
	case SMB_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CIFS_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
	case AFS_SUPER_MAGIC:
		return true;
	default:
		return false;
	}
}

int file_compare_directly(pid_t pid, int fd, pid_t other_pid, int other_fd)
{
	long order = syscall(SYS_kcmp, pid, other_pid, KCMP_FILE, fd, other_fd);

	return order < 0 ? -errno : !order;
}
