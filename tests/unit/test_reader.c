// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory by way of readers: what they read, and that one which hangs holds up nobody for long. */
#include "reader/reader.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/pass.h"

#define PAGE 4096u

struct fixture {
	struct readers *readers;
	struct memory_source source;
	char *page; /* of a child that hangs(), and of none else: nobody will ever fill it */
	pid_t targets[16];
	size_t nr;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_int_equal(readers_new(&fixture->readers, NULL), 0);
	fixture->source = readers_source(fixture->readers);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < fixture->nr; i++) {
		kill(fixture->targets[i], SIGKILL);
		waitpid(fixture->targets[i], NULL, 0);
	}
	readers_free(fixture->readers);
	free(fixture);
	return 0;
}

/* A page whose faults go to a descriptor that nobody reads. */
static bool make_missing(char *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)page, PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	return fd >= 0 && !ioctl(fd, UFFDIO_API, &api) && !ioctl(fd, UFFDIO_REGISTER, &range);
}

/* A process like this one, of a user, whose page hangs who reads it if asked for. */
static pid_t start_target_of(struct fixture *fixture, uid_t user, bool hangs)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid_t parent = getpid(), pid;
	int ready[2];
	char done = 0;

	assert_int_not_equal(pipe(ready), -1);
	assert_ptr_not_equal(page, MAP_FAILED);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		done = (!hangs || make_missing(page)) && (user == getuid() || !setuid(user));
		/* a change of users ends with the parent's signal forgotten */
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (getppid() == parent && write(ready[1], &done, 1) == 1)
			pause();
		_exit(0);
	}
	fixture->targets[fixture->nr++] = pid;
	fixture->page = page;
	assert_int_equal(read(ready[0], &done, 1), 1);
	close(ready[0]);
	close(ready[1]);
	if (!done)
		skip(); /* no userfaultfd here, or no other user */
	return pid;
}

static pid_t start_target(struct fixture *fixture, bool hangs)
{
	return start_target_of(fixture, getuid(), hangs);
}

static const char text[] = "something to be read";

static int read_text(struct fixture *fixture, pid_t pid)
{
	const struct memory memory = { &fixture->source, pid };
	char got[sizeof(text)] = "";
	int err = memory_read(&memory, (uintptr_t)text, got, sizeof(got));

	if (!err)
		assert_string_equal(got, text);
	return err;
}

static int read_page(struct fixture *fixture, pid_t pid)
{
	const struct memory memory = { &fixture->source, pid };
	uint64_t got;

	return memory_read_ptr(&memory, (uintptr_t)fixture->page, &got);
}

static void pieces_are_read_each_for_itself(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = start_target(fixture, false);
	const struct memory memory = { &fixture->source, pid };
	/* more than one question has room for, in number and in bytes */
	enum { NR = 700 };
	static struct memory_piece pieces[NR];
	static char got[NR][sizeof(text)];
	static char large[2][3 << 20], from[3 << 20];

	for (size_t i = 0; i < NR; i++)
		pieces[i] = (struct memory_piece){ i % 7 == 3 ? 4096 : (uintptr_t)text, got[i],
						   sizeof(text), 1 };
	assert_int_equal(memory_read_pieces(&memory, pieces, NR), 0);
	for (size_t i = 0; i < NR; i++) {
		assert_int_equal(pieces[i].error, i % 7 == 3 ? -EFAULT : 0);
		if (!pieces[i].error)
			assert_string_equal(got[i], text);
	}
	pieces[0] = (struct memory_piece){ (uintptr_t)from, large[0], sizeof(from), 1 };
	pieces[1] = (struct memory_piece){ (uintptr_t)from, large[1], sizeof(from), 1 };
	assert_int_equal(memory_read_all(&memory, pieces, 2), 0);
	assert_memory_equal(large[1], from, sizeof(from));
}

static void who_has_ended_is_said(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = start_target(fixture, false);

	assert_int_equal(read_text(fixture, pid), 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fixture->nr = 0;
	assert_int_equal(read_text(fixture, pid), -ESRCH);
	assert_int_equal(readers_given_up(fixture->readers), 0);
}

static void one_that_hangs_is_left_alone(void **state)
{
	struct fixture *fixture = *state;
	pid_t other = start_target(fixture, false), hung = start_target(fixture, true);
	const struct memory memory = { &fixture->source, hung };
	bool in_files = true;
	char text[4096];

	assert_int_equal(read_text(fixture, hung), 0);
	assert_int_equal(read_page(fixture, hung), -ETIMEDOUT);
	assert_int_equal(readers_given_up(fixture->readers), 1);
	/* also what would be there: no second reader is spent on it */
	assert_int_equal(read_text(fixture, hung), -ETIMEDOUT);
	assert_int_equal(readers_given_up(fixture->readers), 1);
	assert_int_equal(fixture->source.late, 2);
	/* its mappings are no pages of it: its names are there */
	assert_true(files_read_text(&memory, "maps", text, sizeof(text)) > 0);
	assert_int_equal(read_text(fixture, other), 0);
	assert_int_equal(readers_next_hung(fixture->readers, &in_files), hung);
	assert_false(in_files);
	assert_int_equal(readers_next_hung(fixture->readers, &in_files), 0);
}

static void hang(struct fixture *fixture, uid_t user, int times)
{
	while (times--)
		assert_int_equal(read_page(fixture, start_target_of(fixture, user, true)),
				 -ETIMEDOUT);
}

/* Half of them are not enough to hide those of others. */
static void one_user_hangs_half_of_the_readers(void **state)
{
	struct fixture *fixture = *state;
	pid_t other = start_target(fixture, false), own = start_target_of(fixture, 64011, false);

	hang(fixture, 64011, 3);
	assert_int_equal(read_text(fixture, own), 0);
	hang(fixture, 64011, 3);
	assert_int_equal(readers_given_up(fixture->readers), 4);
	assert_int_equal(read_text(fixture, own), -ETIMEDOUT);
	assert_int_equal(read_text(fixture, other), 0);
	/* one comes back when what it hung in has ended */
	kill(fixture->targets[2], SIGKILL);
	for (int i = 0; i < 1000 && read_text(fixture, own); i++)
		usleep(10 * 1000);
	assert_int_equal(read_text(fixture, own), 0);
}

/* When all hang nobody is read, and nobody waits. */
static void hanging_readers_are_few(void **state)
{
	struct fixture *fixture = *state;
	pid_t other = start_target(fixture, false);

	hang(fixture, 64011, 4);
	/* of 65536 numbers that a user may be, also by /etc/subuid, each is that one */
	hang(fixture, 100000, 1);
	hang(fixture, 100001, 2);
	assert_int_equal(readers_given_up(fixture->readers), 6);
	hang(fixture, 64012, 1);
	assert_int_equal(read_text(fixture, other), 0);
	hang(fixture, 64013, 1);
	assert_int_equal(readers_given_up(fixture->readers), 8);
	assert_int_equal(read_text(fixture, other), -ETIMEDOUT);
	kill(fixture->targets[1], SIGKILL);
	for (int i = 0; i < 1000 && read_text(fixture, other); i++)
		usleep(10 * 1000);
	assert_int_equal(read_text(fixture, other), 0);
}

/* It gets an event on a page that never comes, and has its instance's lock until then. */
static pid_t start_lock_holder(struct fixture *fixture, int *epoll_fd)
{
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct epoll_event event = { .events = EPOLLIN };
	pid_t parent = getpid(), pid;
	int ends[2], ready[2];
	char done = 0;

	assert_int_equal(pipe(ends) + pipe(ready), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	*epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(epoll_ctl(*epoll_fd, EPOLL_CTL_ADD, ends[0], &event), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		done = make_missing(page);
		if (getppid() == parent && write(ready[1], &done, 1) == 1 && done)
			epoll_wait(*epoll_fd, (struct epoll_event *)page, 1, -1);
		_exit(0);
	}
	fixture->targets[fixture->nr++] = pid;
	fixture->page = page;
	assert_int_equal(read(ready[0], &done, 1), 1);
	for (size_t i = 0; i < 2; i++) {
		close(ends[i]);
		close(ready[i]);
	}
	if (!done)
		skip(); /* no userfaultfd here */
	usleep(50 * 1000);
	return pid;
}

static void lock_that_is_kept_holds_up_nobody(void **state)
{
	struct fixture *fixture = *state;
	int epoll_fd;
	pid_t other = start_target(fixture, false);
	const struct memory hung = { &fixture->source, start_lock_holder(fixture, &epoll_fd) };
	char name[32], text[4096];
	bool in_files = false;

	snprintf(name, sizeof(name), "fdinfo/%d", epoll_fd);
	assert_int_equal(files_read_text(&hung, name, text, sizeof(text)), -ETIMEDOUT);
	assert_int_equal(files_read_text(&hung, "maps", text, sizeof(text)), -ETIMEDOUT);
	assert_int_equal(readers_given_up(fixture->readers), 1);
	assert_int_equal(readers_next_hung(fixture->readers, &in_files), hung.pid);
	assert_true(in_files);
	assert_int_equal(read_text(fixture, other), 0);
	close(epoll_fd);
}

static void count(void *number)
{
	++*(unsigned int *)number;
}

/* Who has kept a reader waiting in its memory does not do so again in its files. */
static void one_process_holds_up_once(void **state)
{
	struct fixture *fixture = *state;
	int epoll_fd;
	const struct memory hung = { &fixture->source, start_lock_holder(fixture, &epoll_fd) };
	unsigned int in_memory = 0, in_files = 0;
	char name[32], text[4096];

	snprintf(name, sizeof(name), "fdinfo/%d", epoll_fd);
	readers_meanwhile(fixture->readers, (struct meanwhile){ count, &in_memory });
	assert_int_equal(read_page(fixture, hung.pid), -ETIMEDOUT);
	readers_meanwhile(fixture->readers, (struct meanwhile){ count, &in_files });
	assert_int_equal(files_read_text(&hung, name, text, sizeof(text)), -ETIMEDOUT);
	assert_int_equal(readers_given_up(fixture->readers), 2);
	/* what there is to do meanwhile is done every 5 ms, and later where this machine is late */
	assert_true(in_memory > 0);
	assert_in_range(in_files, 0, 4);
	close(epoll_fd);
}

static void files_of_proc_are_read(void **state)
{
	struct fixture *fixture = *state;
	const struct memory own = { &fixture->source, getpid() };
	const struct memory none = { &fixture->source, 1 << 23 };
	char whole[65536], part[65536];
	ssize_t bytes = files_read_text(&own, "maps", whole, sizeof(whole));

	assert_true(bytes > 4096);
	assert_int_equal(whole[bytes], '\0');
	assert_int_equal(files_read(&own, "maps", 0, part, 1000), 1000);
	/* the rest of what was begun, and again from the middle */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(files_read(&own, "maps", 1000, part + 1000, sizeof(part) - 1000),
				 bytes - 1000);
		assert_memory_equal(part, whole, bytes);
	}
	assert_int_equal(files_read(&own, "no_such_file", 0, part, 1), -ENOENT);
	assert_int_equal(files_read(&none, "maps", 0, part, 1), -ESRCH);
	assert_int_equal(files_compare(&own, 0, getpid(), 0), geteuid() ? -EPERM : 1);
	assert_int_equal(files_compare(&own, 999, getpid(), 0), -EBADF);
}

/* Opened for the one that has the other end, by the ticket that is told. */
static void opened_file_arrives(void **state)
{
	struct fixture *fixture = *state;
	int socket = files_receiver(&fixture->source, 0), fd;
	struct file_wanted wanted = { .pid = getpid(), .path = "/proc/version" };
	struct file_opened first, second;
	struct file_arrival arrival;
	char got[8] = "";

	assert_int_equal(files_open(&fixture->source, &wanted, &first), 0);
	assert_int_equal(first.fd, -1);
	assert_true(S_ISREG(first.status.st_mode));
	assert_int_equal(files_open(&fixture->source, &wanted, &second), 0);
	assert_int_not_equal(first.ticket, second.ticket);
	assert_int_equal(pass_receive(socket, false, &arrival, sizeof(arrival), &fd, 1), 0);
	assert_int_equal(arrival.ticket, first.ticket);
	assert_int_equal(read(fd, got, 5), 5);
	assert_string_equal(got, "Linux");
	close(fd);
	assert_int_equal(pass_receive(socket, false, &arrival, sizeof(arrival), &fd, 1), 0);
	assert_int_equal(arrival.ticket, second.ticket);
	close(fd);
	wanted.path = "/dev/null";
	assert_int_equal(files_open(&fixture->source, &wanted, &first), -EINVAL);
	assert_false(file_is_opened(&first));
	wanted.path = "/no/such/file";
	assert_int_equal(files_open(&fixture->source, &wanted, &first), -ENOENT);
	assert_int_equal(pass_receive(socket, false, &arrival, sizeof(arrival), &fd, 1), -EAGAIN);
}

/* Until there is no room for more. */
static unsigned int open_without_end(struct memory_source *source)
{
	const struct file_wanted wanted = { .pid = getpid(), .path = "/proc/version" };
	struct file_opened opened;
	unsigned int nr = 0;

	while (nr < 64 && !files_open(source, &wanted, &opened))
		nr++;
	return nr;
}

/* Who does not take what was opened for it holds up itself. */
static void each_receiver_takes_its_own(void **state)
{
	struct fixture *fixture = *state;
	const struct file_wanted wanted = { .pid = getpid(), .path = "/proc/version" };
	struct file_opened opened;
	struct file_arrival arrival;
	unsigned int nr = open_without_end(&fixture->source);
	int fd;

	assert_in_range(nr, 2, 63);
	files_send_to(&fixture->source, 1);
	assert_int_equal(files_open(&fixture->source, &wanted, &opened), 0);
	assert_int_equal(pass_receive(files_receiver(&fixture->source, 1), false, &arrival,
				      sizeof(arrival), &fd, 1),
			 0);
	assert_int_equal(arrival.ticket, opened.ticket);
	close(fd);
	files_send_to(&fixture->source, 0);
	for (unsigned int i = 0; i < nr; i++) {
		assert_int_equal(pass_receive(files_receiver(&fixture->source, 0), false, &arrival,
					      sizeof(arrival), &fd, 1),
				 0);
		close(fd);
	}
	assert_int_equal(files_open(&fixture->source, &wanted, &opened), 0);
}

/* Who is to have it aside gets it, and nobody else. */
static void opened_file_arrives_aside(void **state)
{
	struct fixture *fixture = *state;
	struct file_wanted wanted = { .pid = getpid(), .path = "/proc/version", .aside = true };
	int usual = files_receiver(&fixture->source, 0), fd;
	int aside = files_receiver(&fixture->source, FILES_ASIDE);
	struct file_arrival arrival;
	struct file_opened opened;

	assert_int_equal(files_open(&fixture->source, &wanted, &opened), 0);
	assert_true(opened.aside);
	assert_int_equal(pass_receive(usual, false, &arrival, sizeof(arrival), &fd, 1), -EAGAIN);
	assert_int_equal(pass_receive(aside, false, &arrival, sizeof(arrival), &fd, 1), 0);
	assert_int_equal(arrival.ticket, opened.ticket);
	close(fd);
	wanted.aside = false;
	assert_int_equal(files_open(&fixture->source, &wanted, &opened), 0);
	assert_false(opened.aside);
	assert_int_equal(pass_receive(aside, false, &arrival, sizeof(arrival), &fd, 1), -EAGAIN);
}

/* How many entries of a directory there are, asked for in pieces of so many bytes. */
static size_t count_entries(struct memory_source *source, const char *path, size_t bytes)
{
	const struct file_wanted wanted = { .pid = getpid(), .path = path, .directory = true };
	char buf[1024];
	uint64_t after = 0;
	size_t entries = 0;
	ssize_t got;

	while ((got = files_content(source, &wanted, after, buf, bytes)) > 0) {
		for (ssize_t at = 0; at < got; entries++) {
			const struct dirent64 *entry = (const void *)(buf + at);

			after = (uint64_t)entry->d_off;
			at += entry->d_reclen;
		}
	}
	assert_int_equal(got, 0);
	return entries;
}

/* Content of files, and entries of directories: whole, in parts, and not of what can hold a reader up. */
static void content_of_files(void **state)
{
	struct fixture *fixture = *state;
	struct file_wanted wanted = { .pid = getpid(), .path = "/tmp/x" };
	char dir[] = "/tmp/blockprof-content-XXXXXX", path[64], buf[16] = "";
	int fd;

	assert_non_null(mkdtemp(dir));
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "%s/file-%d", dir, i);
		fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, "content", 7), 7);
		close(fd);
	}
	wanted.path = path;
	assert_int_equal(files_content(&fixture->source, &wanted, 0, buf, sizeof(buf)), 7);
	assert_string_equal(buf, "content");
	assert_int_equal(files_content(&fixture->source, &wanted, 3, buf, 2), 2);
	assert_memory_equal(buf, "te", 2);
	assert_int_equal(count_entries(&fixture->source, dir, 1024), 52);
	assert_int_equal(count_entries(&fixture->source, dir, 100), 52);
	wanted.directory = true;
	assert_int_equal(files_content(&fixture->source, &wanted, 0, buf, 1), -EINVAL);
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "%s/file-%d", dir, i);
		unlink(path);
	}
	wanted.directory = false;
	assert_int_equal(files_content(&fixture->source, &wanted, 0, buf, 1), -ENOENT);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(files_content(&fixture->source, &wanted, 0, buf, 1), -EINVAL);
	unlink(path);
	wanted.path = dir;
	assert_int_equal(files_content(&fixture->source, &wanted, 0, buf, 1), -EINVAL);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(readers_given_up(fixture->readers), 0);
}

/* As long as nobody takes them, there is no room for more: that is no reason to wait. */
static void nobody_takes_what_was_opened(void **state)
{
	struct fixture *fixture = *state;
	struct file_wanted wanted = { .pid = getpid(), .path = "/proc/version" };
	struct file_opened opened;
	int err = 0;

	for (int i = 0; i < 2000 && !err; i++)
		err = files_open(&fixture->source, &wanted, &opened);
	assert_int_equal(err, -ENOBUFS);
	assert_int_equal(readers_given_up(fixture->readers), 0);
}

/* Nor are others held up by that, whose readers are the same user's. */
static void others_take_theirs(void **state)
{
	struct fixture *fixture = *state;
	struct file_wanted wanted = { .pid = getpid(), .path = "/proc/version" };
	struct file_opened opened;
	struct readers *others[8];

	for (int i = 0; i < 8; i++) {
		struct memory_source source;
		int err = 0, sent = 0;

		assert_int_equal(readers_new(&others[i], NULL), 0);
		source = readers_source(others[i]);
		while (!(err = files_open(&source, &wanted, &opened)))
			assert_true(++sent < 64);
		assert_int_equal(err, -ENOBUFS);
		assert_true(sent > 8);
	}
	assert_int_equal(files_open(&fixture->source, &wanted, &opened), 0);
	for (int i = 0; i < 8; i++)
		readers_free(others[i]);
}

static pid_t child_called(const char *name)
{
	char path[64], list[256] = "", comm[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "re");
	if (!file)
		skip(); /* a kernel that does not list them */
	if (!fgets(list, sizeof(list), file))
		list[0] = '\0';
	fclose(file);
	for (char *save = NULL, *pid = strtok_r(list, " ", &save); pid;
	     pid = strtok_r(NULL, " ", &save)) {
		snprintf(path, sizeof(path), "/proc/%s/comm", pid);
		file = fopen(path, "re");
		if (file && fgets(comm, sizeof(comm), file) && !strncmp(comm, name, strlen(name))) {
			fclose(file);
			return atoi(pid);
		}
		if (file)
			fclose(file);
	}
	return 0;
}

static void killed_reader_is_started_again(void **state)
{
	struct fixture *fixture = *state;
	pid_t pid = start_target(fixture, false), reader;

	assert_int_equal(read_text(fixture, pid), 0);
	for (int i = 0; i < 12; i++) {
		reader = child_called("blockprof-read");
		assert_int_not_equal(reader, 0);
		kill(reader, SIGKILL);
		/* also the question that it was to answer */
		assert_int_equal(read_text(fixture, pid), 0);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pieces_are_read_each_for_itself),
		TEST(who_has_ended_is_said),
		TEST(one_that_hangs_is_left_alone),
		TEST(hanging_readers_are_few),
		TEST(one_user_hangs_half_of_the_readers),
		TEST(killed_reader_is_started_again),
		TEST(lock_that_is_kept_holds_up_nobody),
		TEST(one_process_holds_up_once),
		TEST(files_of_proc_are_read),
		TEST(opened_file_arrives),
		TEST(opened_file_arrives_aside),
		TEST(each_receiver_takes_its_own),
		TEST(content_of_files),
		TEST(nobody_takes_what_was_opened),
		TEST(others_take_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
