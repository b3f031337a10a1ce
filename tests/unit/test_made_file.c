// SPDX-License-Identifier: GPL-2.0-or-later
/* Files that are written: whose they are, and which that are there are left alone. */
#include "records.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "output/made_file.h"

#define CALLER	 4242
#define STRANGER 4343

static const struct file_owner caller = { CALLER, CALLER + 1 };

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

/* A file of somebody with something in it; the descriptor of who writes it, or -errno. */
static int open_after(const char *path, uid_t uid)
{
	write_text(path, "before");
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(lchown(path, uid, uid), 0);
	return made_file_open(path, &caller);
}

static struct stat status_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static void a_new_one_is_private_to_its_owner(void **state)
{
	const char *path = temp_path(*state, "a.txt");
	mode_t kept = umask(0);
	int fd = made_file_open(path, NULL);
	struct stat st;

	umask(kept);
	assert_true(fd >= 0);
	close(fd);
	st = status_of(path);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_uid, geteuid());
	need_root();
	unlink(path);
	fd = made_file_open(path, &caller);
	assert_true(fd >= 0);
	close(fd);
	st = status_of(path);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_uid, CALLER);
	assert_int_equal(st.st_gid, CALLER + 1);
}

static void one_that_is_there_keeps_its_owner_and_mode(void **state)
{
	const char *path = temp_path(*state, "a.txt");
	struct stat st;
	int fd;

	need_root();
	fd = open_after(path, STRANGER);
	assert_true(fd >= 0);
	close(fd);
	st = status_of(path);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_uid, STRANGER);
}

/* /tmp, where a name that is about to be written may be laid out by anybody. */
static void in_a_shared_directory_others_are_left_alone(void **state)
{
	struct temp *temp = *state;
	char target[160];
	int fd;

	need_root();
	snprintf(target, sizeof(target), "%s/b.jsonl", temp->directory);
	assert_int_equal(chmod(temp->directory, 01777), 0);
	assert_int_equal(open_after(temp_path(temp, "a.txt"), STRANGER), -ENOTUNIQ);
	assert_int_equal(status_of(temp->path).st_size, 6);
	unlink(temp->path);
	/* a link of a stranger's to a file of root's */
	write_text(target, "before");
	assert_int_equal(symlink(target, temp->path), 0);
	assert_int_equal(lchown(temp->path, STRANGER, STRANGER), 0);
	assert_int_equal(made_file_open(temp->path, &caller), -ENOTUNIQ);
	assert_int_equal(status_of(target).st_size, 6);
	/* the same in a directory that is no such one */
	assert_int_equal(chmod(temp->directory, 0755), 0);
	fd = made_file_open(temp->path, &caller);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(status_of(target).st_size, 0);
	unlink(temp->path);
	/* one's own, and the caller's */
	assert_int_equal(chmod(temp->directory, 01777), 0);
	for (int i = 0; i < 2; i++) {
		fd = open_after(temp_path(temp, "a.txt"), i ? CALLER : 0);
		assert_true(fd >= 0);
		close(fd);
		assert_int_equal(status_of(temp->path).st_size, 0);
		unlink(temp->path);
	}
}

/* What is no regular file is written as it is. */
static void devices_are_not_emptied(void **state)
{
	int fd = made_file_open("/dev/null", &caller);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
}

static void a_link_to_nothing_makes_its_target(void **state)
{
	struct temp *temp = *state;
	char target[160];
	int fd;

	snprintf(target, sizeof(target), "%s/b.jsonl", temp->directory);
	assert_int_equal(symlink(target, temp_path(temp, "a.txt")), 0);
	fd = made_file_open(temp->path, NULL);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(status_of(target).st_mode & 07777, 0600);
}

static void what_cannot_be_opened_says_why(void **state)
{
	struct temp *temp = *state;

	assert_int_equal(made_file_open(temp->directory, NULL), -EISDIR);
	assert_int_equal(made_file_open(temp_path(temp, "none/x"), NULL), -ENOENT);
	assert_int_equal(made_file_open("/etc/passwd/x", NULL), -ENOTDIR);
	assert_int_equal(made_file_open("", NULL), -ENOENT);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, temp_setup, temp_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_one_is_private_to_its_owner),
		TEST(one_that_is_there_keeps_its_owner_and_mode),
		TEST(in_a_shared_directory_others_are_left_alone),
		TEST(devices_are_not_emptied),
		TEST(a_link_to_nothing_makes_its_target),
		TEST(what_cannot_be_opened_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
