// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening the file that a target has mapped: the very one, or none, and without waiting. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/files.h"
#include "memory_sources.h"
#include "proc/maps.h"

static struct maps *parse(const char *text)
{
	int fd = memfd_create("maps", MFD_CLOEXEC);
	struct maps *maps;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(maps_parse(&maps, fd, "/"), 0);
	close(fd);
	return maps;
}

struct scratch {
	char dir[32];
	char path[64];
	char other[64];
};

static int scratch_make(void **state)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));

	if (!scratch)
		return -1;
	*state = scratch;
	snprintf(scratch->dir, sizeof(scratch->dir), "/tmp/test-maps-XXXXXX");
	if (!mkdtemp(scratch->dir))
		return -1;
	snprintf(scratch->path, sizeof(scratch->path), "%s/file", scratch->dir);
	snprintf(scratch->other, sizeof(scratch->other), "%s/other", scratch->dir);
	return 0;
}

static int scratch_remove(void **state)
{
	struct scratch *scratch = *state;

	unlink(scratch->path);
	unlink(scratch->other);
	rmdir(scratch->dir);
	free(scratch);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const struct memory *own_memory(void)
{
	static struct memory own;

	own = (struct memory){ process_memory(), getpid() };
	return &own;
}

/* A descriptor or -errno. */
static int open_mapping(const struct maps *maps, const struct mapping *mapping, pid_t pid,
			struct stat *status)
{
	const struct memory target = { process_memory(), pid };
	struct file_opened opened;
	int err = maps_open(maps, mapping, &target, false, &opened);

	*status = opened.status;
	return err ? err : opened.fd;
}

/* A mapping that the process does not have: the path is all there is to go by. */
static int open_by_path_of(pid_t pid, const char *path, unsigned long long ino, dev_t dev)
{
	char text[512];
	struct stat status;
	struct maps *maps;
	int fd;

	snprintf(text, sizeof(text), "10000-11000 r-xp 00000000 %x:%x %llu %s\n", major(dev),
		 minor(dev), ino, path);
	maps = parse(text);
	assert_int_equal(maps_count(maps), 1);
	fd = open_mapping(maps, maps_find(maps, 0x10000), pid, &status);
	maps_free(maps);
	if (fd >= 0)
		assert_int_equal(status.st_ino, ino);
	return fd;
}

static int open_by_path(const char *path, unsigned long long ino, dev_t dev)
{
	return open_by_path_of(getpid(), path, ino, dev);
}

static void opened_by_path(void **state)
{
	struct scratch *scratch = *state;
	struct stat status;
	int fd;

	write_file(scratch->path, "one");
	assert_int_equal(stat(scratch->path, &status), 0);
	fd = open_by_path(scratch->path, status.st_ino, status.st_dev);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	/* Another file by now. */
	assert_int_equal(open_by_path(scratch->path, status.st_ino + 1, status.st_dev), -ESTALE);
	assert_int_equal(open_by_path(scratch->path, status.st_ino, status.st_dev + 256), -ESTALE);
	assert_int_equal(open_by_path("relative", status.st_ino, status.st_dev), -ENOENT);
	assert_int_equal(open_by_path("/proc/self/exe", status.st_ino, status.st_dev), -ELOOP);
	/* What must not be opened, or would block. */
	unlink(scratch->path);
	assert_int_equal(mkfifo(scratch->path, 0600), 0);
	assert_int_equal(stat(scratch->path, &status), 0);
	assert_int_equal(open_by_path(scratch->path, status.st_ino, status.st_dev), -EINVAL);
	assert_int_equal(stat("/dev/null", &status), 0);
	assert_int_equal(open_by_path("/dev/null", status.st_ino, status.st_dev), -EINVAL);
}

/* Ends with its parent, or when told to. */
static pid_t start_in_root(const char *dir)
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chroot(dir) || chdir("/"))
			_exit(1);
		(void)!write(ends[1], "", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	return pid;
}

/* A target's links lead nowhere that its own root does not, whatever it claims to have mapped. */
static void stays_in_the_root(void **state)
{
	struct scratch *scratch = *state;
	struct stat status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	assert_int_equal(stat("/etc/passwd", &status), 0);
	assert_int_equal(symlink("/etc/passwd", scratch->path), 0);
	pid = start_in_root(scratch->dir);
	assert_int_equal(
		open_by_path_of(pid, strrchr(scratch->path, '/'), status.st_ino, status.st_dev),
		-ENOENT);
	unlink(scratch->path);
	assert_int_equal(symlink("../../../../../../etc/passwd", scratch->path), 0);
	assert_int_equal(
		open_by_path_of(pid, strrchr(scratch->path, '/'), status.st_ino, status.st_dev),
		-ENOENT);
	assert_int_equal(
		open_by_path_of(pid, "/../../../../../etc/passwd", status.st_ino, status.st_dev),
		-ENOENT);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Opening a file breaks its owner's lease, which could take the owner 45 s. */
static void does_not_wait_for_a_lease(void **state)
{
	struct scratch *scratch = *state;
	struct stat status;
	int fd;

	write_file(scratch->path, "leased");
	fd = open(scratch->path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &status), 0);
	signal(SIGIO, SIG_IGN);
	if (fcntl(fd, F_SETLEASE, F_WRLCK)) {
		close(fd);
		skip();
	}
	assert_int_equal(open_by_path(scratch->path, status.st_ino, status.st_dev), -EWOULDBLOCK);
	close(fd);
}

/* Swaps a regular file, a FIFO and a link to a device for one another under the path, until killed. */
static pid_t start_swapping(const struct scratch *scratch)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		(void)!mkfifo(scratch->other, 0600);
		(void)!rename(scratch->other, scratch->path);
		(void)!symlink("/dev/null", scratch->other);
		(void)!rename(scratch->other, scratch->path);
		close(open(scratch->other, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		(void)!rename(scratch->other, scratch->path);
	}
}

static void swapped_meanwhile(void **state)
{
	struct scratch *scratch = *state;
	unsigned int opened = 0;
	struct stat status;
	pid_t pid;

	write_file(scratch->path, "");
	pid = start_swapping(scratch);
	/* on a machine that is busy, whoever swaps may stand still at any moment */
	for (int i = 0; i < 3000 || (!opened && i < 3000000); i++) {
		int fd;

		if (lstat(scratch->path, &status) || !S_ISREG(status.st_mode))
			continue;
		fd = open_by_path(scratch->path, status.st_ino, status.st_dev);
		if (fd < 0)
			continue;
		opened++;
		assert_int_equal(fstat(fd, &status), 0);
		assert_true(S_ISREG(status.st_mode));
		close(fd);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(scratch->other);
	assert_true(opened > 0);
}

static int map_and_unmount(const char *dir)
{
	char path[128];
	struct mapping *mapping;
	struct stat status;
	struct maps *maps;
	void *mapped;
	int fd;

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", dir, "tmpfs", 0, NULL))
		return 77;
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (write(fd, "there", 5) != 5)
		return 1;
	mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (mapped == MAP_FAILED || umount2(dir, MNT_DETACH) || maps_read(&maps, own_memory()))
		return 2;
	mapping = maps_find(maps, (uint64_t)(uintptr_t)mapped);
	fd = mapping ? open_mapping(maps, mapping, getpid(), &status) : -1;
	return fd >= 0 && read(fd, path, sizeof(path)) == 5 ? 0 : 3;
}

/* The file system that it came from is mounted nowhere any more. */
static void mount_is_gone(void **state)
{
	struct scratch *scratch = *state;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0)
		_exit(map_and_unmount(scratch->dir));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

/* The file's name is gone, and another file has it: what is mapped is opened all the same. */
static void opened_when_replaced(void **state)
{
	struct scratch *scratch = *state;
	struct mapping *mapping;
	struct stat status;
	struct maps *maps;
	char text[8] = "";
	void *mapped;
	int fd;

	if (geteuid() != 0)
		skip();
	write_file(scratch->path, "first");
	fd = open(scratch->path, O_RDONLY | O_CLOEXEC);
	mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	close(fd);
	write_file(scratch->other, "second");
	assert_int_equal(rename(scratch->other, scratch->path), 0);
	assert_int_equal(maps_read(&maps, own_memory()), 0);
	mapping = maps_find(maps, (uint64_t)(uintptr_t)mapped);
	assert_non_null(mapping);
	assert_true(mapping->deleted);
	assert_string_equal(maps_path(maps, mapping), scratch->path);
	fd = open_mapping(maps, mapping, getpid(), &status);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_memory_equal(text, "first", 5);
	close(fd);
	maps_free(maps);
	munmap(mapped, 4096);
}

/* A program whose mappings grow between two questions: the second answer begins in the middle of a line. */
static ssize_t read_growing(void *context, pid_t pid, const char *name, uint64_t offset, void *buf,
			    size_t size)
{
	static const char text[] = "1000-2000 r-xp 00000000 08:01 42 /bin/a\n";
	static const char grown[] = "1000-2000 r-xp 00000000 08:01 42 /bin/a\n"
				    "2000-3000 r-xp 00000000 08:01 43 /lib/b\n";
	unsigned int *asked = context;
	const char *now = (*asked)++ ? grown + 10 : text;

	(void)pid, (void)name;
	assert_true(offset < strlen(now) && strlen(now) - offset < size);
	memcpy(buf, now + offset, strlen(now) - offset);
	return (ssize_t)(strlen(now) - offset);
}

static void mappings_that_grow(void **state)
{
	unsigned int asked = 0;
	struct file_calls files = { .context = &asked, .read = read_growing };
	struct memory_source source = { .files = &files };
	const struct memory memory = { &source, getpid() };
	struct maps *maps;

	(void)state;
	assert_int_equal(maps_read(&maps, &memory), 0);
	assert_int_equal(maps_cut(maps), 0);
	assert_non_null(maps_find(maps, 0x1000));
	assert_null(maps_find(maps, 0x2000));
	maps_free(maps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opened_by_path, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(stays_in_the_root, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(does_not_wait_for_a_lease, scratch_make,
						scratch_remove),
		cmocka_unit_test_setup_teardown(swapped_meanwhile, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(mount_is_gone, scratch_make, scratch_remove),
		cmocka_unit_test_setup_teardown(opened_when_replaced, scratch_make, scratch_remove),
		cmocka_unit_test(mappings_that_grow),
	};

	return cmocka_run_group_tests_name("maps_open", tests, NULL, NULL);
}
