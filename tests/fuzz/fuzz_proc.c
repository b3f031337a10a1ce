// SPDX-License-Identifier: GPL-2.0-or-later
/* What is read of /proc/PID by hand: each file, link and directory of it is the input. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/process_file.h"
#include "proc/epoll.h"
#include "proc/peer/holder.h"
#include "proc/process.h"
#include "proc/procfs.h"
#include "proc/quota.h"
#include "tests/fuzz/fuzz.h"

#define NUMBERS_MAX 64

static const uint8_t *input;
static size_t input_bytes;
static size_t numbers; /* that directories have given */

/* In place of process_file.c. */
int process_file_path(char path[PROCESS_FILE_BYTES], pid_t pid, const char *name)
{
	(void)path, (void)pid, (void)name;
	return -ESRCH;
}

int process_file_open(pid_t pid, const char *name, int flags)
{
	(void)pid, (void)name;
	return flags & O_DIRECTORY ? -ENOENT : fuzz_file(input, input_bytes);
}

int process_file_stream(pid_t pid, const char *name, FILE **out)
{
	int fd = process_file_open(pid, name, 0);

	*out = fd < 0 ? NULL : fdopen(fd, "r");
	return *out ? 0 : -ENOENT;
}

/* In place of procfs.c. */
void procfs_closedir(DIR **dir)
{
	*dir = NULL;
}

DIR *procfs_opendir(pid_t pid, const char *name)
{
	(void)pid, (void)name;
	numbers = 0;
	return (DIR *)&numbers;
}

int procfs_next_number(DIR *dir)
{
	(void)dir;
	return numbers < NUMBERS_MAX && numbers < input_bytes ? input[numbers++] : -1;
}

ssize_t procfs_read(pid_t pid, const char *name, char *buf, size_t size)
{
	size_t bytes = input_bytes < size - 1 ? input_bytes : size - 1;

	(void)pid, (void)name;
	memcpy(buf, input, bytes);
	buf[bytes] = '\0';
	return (ssize_t)bytes;
}

char *procfs_link(pid_t pid, const char *name)
{
	(void)pid, (void)name;
	return fuzz_string(input, input_bytes);
}

static ssize_t read_input(void *context, pid_t pid, const char *name, uint64_t offset, void *buf,
			  size_t size)
{
	(void)context, (void)pid, (void)name;
	if (offset >= input_bytes)
		return 0;
	if (size > input_bytes - offset)
		size = input_bytes - offset;
	memcpy(buf, input + offset, size);
	return (ssize_t)size;
}

static int compare_input(void *context, pid_t pid, int fd, pid_t other_pid, int other_fd)
{
	(void)context, (void)pid, (void)fd, (void)other_pid, (void)other_fd;
	return input_bytes % 2;
}

static void ask_process(pid_t pid)
{
	struct process_cgroup cgroup;
	pid_t children[8], tgid;
	char comm[16];
	uint64_t ticks;
	uid_t user;

	process_kind(pid, &tgid);
	process_start_time(pid, &ticks);
	if (process_comm(pid, comm) == 0)
		fuzz_check(strlen(comm) < sizeof(comm));
	if (process_cgroup(pid, &cgroup) == 0)
		process_cgroup_free(&cgroup);
	process_parent(pid);
	fuzz_check(process_children(pid, children, 8) <= 8);
	process_child_numbered(pid, 1);
	process_numbers_are_ours(pid);
	process_own_number(pid);
	process_user(pid, &user);
	process_is_stopped(pid);
	process_ran_ns(pid);
	process_threads(pid);
	free(process_exe(pid));
	free(process_cwd(pid));
	free(process_fd_path(pid, 3));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct holder_wanted wanted = { .asker = 1, .link = "pipe:[1]", .end = HOLDER_READS };
	struct holders holders = { 0 };
	struct holder holder = { .pid = 2, .fd = 3 };
	const struct file_calls calls = { .read = read_input, .compare = compare_input };
	struct memory_source source = { .files = &calls };
	const struct memory target = { &source, 2 };
	struct epoll list[4];
	struct quota quota;
	char *link;

	input = data;
	input_bytes = size;
	ask_process(2);
	fuzz_check(epoll_list(&target, list, 4) <= 4);
	epoll_others_wait(&target, 2, 5);
	epoll_is_inherited(&target, 5);
	epoll_has(&target, 5, 6);
	/* uses up its time where numbers lead nowhere */
	if (size % 16 == 0)
		holders_find(&holders, &wanted, clock_now_ns() + NS_PER_MS, &holder);
	holder_check(&holder, &wanted);
	if (!holder_pipe_link(2, 1, UINT64_MAX, &link))
		free(link);
	if (quota_find(2, &quota) == 0)
		free(quota.path);
	return 0;
}
