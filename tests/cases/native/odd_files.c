// SPDX-License-Identifier: GPL-2.0-or-later
/* odd_files.c NAME...: waits for locks of files, for files and for mappings: see odd.h. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "odd.h"

static volatile char ready;

/* Locks of files */

static int open_lock(void)
{
	return open("odd.lock", O_RDWR | O_CREAT, 0600);
}

/* A macro: the place is the one that calls it. */
#define lock_with(command)                                 \
	do {                                               \
		struct flock lock = { .l_type = F_WRLCK }; \
                                                           \
		got(fcntl(open_lock(), command, &lock));   \
	} while (0)

static void holds_flock(void)
{
	flock(open_lock(), LOCK_EX);
	nap(LONG);
}

static void holds_posix(void)
{
	lock_with(F_SETLKW);
	nap(LONG);
}

static void holds_ofd(void)
{
	lock_with(F_OFD_SETLKW);
	nap(LONG);
}

way flock_held(void)
{
	pid_t pid = start_child(holds_flock);
	int fd = open_lock();

	flock(fd, LOCK_EX);
	close(fd);
	waitpid(pid, NULL, 0);
}

way posix_lock(void)
{
	pid_t pid = start_child(holds_posix);

	lock_with(F_SETLKW);
	close(open_lock()); /* gives our own back */
	waitpid(pid, NULL, 0);
}

way ofd_lock(void)
{
	pid_t pid = start_child(holds_ofd);
	struct flock lock = { .l_type = F_WRLCK };
	int fd = open_lock();

	fcntl(fd, F_OFD_SETLKW, &lock);
	close(fd);
	waitpid(pid, NULL, 0);
}

/* Changes of a file, and of memory */

static void touches(void)
{
	nap(LONG);
	got(write(open("odd.watched", O_RDWR), "x", 1));
}

way inotify_read(void)
{
	int fd = inotify_init();
	char data[500];
	pid_t pid;

	close(open("odd.watched", O_RDWR | O_CREAT, 0600));
	inotify_add_watch(fd, "odd.watched", IN_MODIFY);
	pid = start_child(touches);
	got(read(fd, data, sizeof(data)));
	close(fd);
	waitpid(pid, NULL, 0);
}

way munmap_large(void)
{
	size_t size = 500 << 20;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(at, 1, size);
	munmap(at, size);
}

/* A file of a file system of its own, whose reads take 300 ms (fuse_mount.py) */

static int open_slow(void)
{
	return open("mnt/x", O_RDONLY);
}

way fuse_mmap(void)
{
	int fd = open_slow();
	volatile char *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);

	ready = at[0];
	munmap((void *)at, 4096);
	close(fd);
}

way fuse_sendfile(void)
{
	int fd = open_slow(), ends[2];

	got(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	got(sendfile(ends[0], fd, NULL, 4096));
	close(fd);
	close(ends[0]);
	close(ends[1]);
}

way fuse_to_file(void)
{
	int in = open_slow(), out = open("odd.copy", O_RDWR | O_CREAT | O_TRUNC, 0600);

	got(sendfile(out, in, NULL, 4096));
	close(in);
	close(out);
}

way fuse_splice(void)
{
	int in = open_slow(), ends[2];

	got(pipe(ends));
	got(splice(in, NULL, ends[1], NULL, 4096, 0));
	close(in);
	close(ends[0]);
	close(ends[1]);
}

way fuse_dlopen(void)
{
	dlopen("./mnt/x", RTLD_NOW);
}

static const struct odd_way ways[] = {
	WAY(flock_held),   WAY(posix_lock),  WAY(ofd_lock),	 WAY(inotify_read),
	WAY(munmap_large), WAY(fuse_mmap),   WAY(fuse_sendfile), WAY(fuse_to_file),
	WAY(fuse_splice),  WAY(fuse_dlopen), { NULL, NULL },
};

int main(int argc, char **argv)
{
	return odd_main(ways, argc, argv);
}
