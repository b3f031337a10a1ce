// SPDX-License-Identifier: GPL-2.0-or-later
/* Who holds a lock on a file, and which file system a file is on. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/sysmacros.h>

#include "peer_fixture.h"
#include "proc/mount.h"
#include "proc/peer/file_lock.h"

#define LOCKS 6000

enum how { HOW_FLOCK, HOW_POSIX, HOW_OPEN_FILE };

struct holding {
	const char *path;
	enum how how;
	int locks; /* of another file, before */
};

static void lock(int fd, enum how how, long at)
{
	struct flock range = { .l_type = F_WRLCK, .l_start = at, .l_len = 1 };

	if (how == HOW_FLOCK)
		MUST(!flock(fd, LOCK_EX));
	else
		MUST(!fcntl(fd, how == HOW_POSIX ? F_SETLK : F_OFD_SETLK, &range));
}

static void hold(int to, const void *arg)
{
	const struct holding *holding = arg;
	int fd = open(holding->path, O_RDWR);
	FILE *other = tmpfile();

	MUST(fd >= 0 && other);
	for (int i = 0; i < holding->locks; i++)
		lock(fileno(other), HOW_POSIX, 2L * i);
	lock(fd, holding->how, 0);
	tell(to, "", 1);
}

static struct file_lock lock_of(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return (struct file_lock){
		.asker = getpid(),
		.dev = (uint32_t)(major(stat.st_dev) << 20 | minor(stat.st_dev)),
		.ino = stat.st_ino,
	};
}

static void who_holds(void **state, enum how how, int locks)
{
	char path[] = "/tmp/blockprof-lock-XXXXXX", c;
	int fd = mkstemp(path);
	struct holding holding = { path, how, locks };
	struct file_lock wanted = lock_of(fd);
	struct child child;
	struct peer peer;

	assert_int_equal(peers_lock(*state, &wanted, fd, &peer), -ENOENT);
	child = start(hold, &holding);
	hear(&child, &c, 1);
	usleep(60000); /* that nobody holds it is not believed for longer */
	*peers_allowance(*state) = (struct allowance){ 0 };
	assert_peer(peers_lock(*state, &wanted, fd, &peer), &peer, child.pid);
	end(&child);
	unlink(path);
	close(fd);
}

static void a_lock_has_a_holder(void **state)
{
	who_holds(state, HOW_FLOCK, 0);
	who_holds(state, HOW_POSIX, 0);
	who_holds(state, HOW_OPEN_FILE, 0);
}

/* Of very many locks not all are read: then the process that has the file open is found by its descriptor. */
static void among_very_many(void **state)
{
	who_holds(state, HOW_POSIX, LOCKS);
}

/* By another open file description one gets into one's own way, by fcntl() not. */
static void it_may_be_oneself(void **state)
{
	char path[] = "/tmp/blockprof-lock-XXXXXX";
	int fd = mkstemp(path), other = open(path, O_RDWR);
	struct file_lock wanted = lock_of(fd);
	struct peer peer;

	lock(other, HOW_POSIX, 0);
	assert_int_equal(peers_lock(*state, &wanted, fd, &peer), -ENOENT);
	close(other);
	usleep(60000);
	other = open(path, O_RDWR);
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_peer(peers_lock(*state, &wanted, fd, &peer), &peer, getpid());
	assert_int_equal(peers_lock(*state, &wanted, -1, &peer), -ENOENT);
	unlink(path);
	close(other);
	close(fd);
}

static void mounts_are_found(void **state)
{
	struct mount by_path, by_dev;
	struct stat stat;

	(void)state;
	assert_int_equal(mount_find(getpid(), 0, "/proc/self/status", &by_path), 0);
	assert_string_equal(by_path.type, "proc");
	assert_int_equal(lstat("/proc", &stat), 0);
	assert_int_equal(by_path.dev, major(stat.st_dev) << 20 | minor(stat.st_dev));
	assert_int_equal(mount_find(getpid(), by_path.dev, NULL, &by_dev), 0);
	assert_string_equal(by_dev.type, "proc");
	/* a name that only begins like a mount's */
	assert_int_equal(mount_find(getpid(), 0, "/procession", &by_path), 0);
	assert_string_not_equal(by_path.type, "proc");
	assert_int_equal(mount_find(getpid(), 0xfffffff, NULL, &by_dev), -ENOENT);
	assert_int_equal(mount_find(getpid(), 0, "relative", &by_dev), -ENOENT);
	assert_true(mount_find(INT_MAX, 1, NULL, &by_dev) < 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_lock_has_a_holder),
		TEST(among_very_many),
		TEST(it_may_be_oneself),
		TEST(mounts_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
