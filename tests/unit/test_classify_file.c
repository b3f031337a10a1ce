// SPDX-License-Identifier: GPL-2.0-or-later
/* Files, devices and pages that a block waited for, with their paths. */
#include <fcntl.h>
#include <sys/mman.h>

#include "classify_fixture.h"

/* NULL: no path at all. */
static void expect_file(void **state, struct bp_capture *capture, const char *path)
{
	struct slice slice = classified(state, capture);

	assert_int_equal(slice.cause, CAUSE_FILE);
	assert_int_equal(slice.target.kind, path ? TARGET_FILE : TARGET_NONE);
	if (path)
		assert_string_equal(slice.target.path, path);
	slice_clear(&slice);
}

#define DEVICE(major, minor) ((major) << 20 | (minor))

static void test_devices(void **state)
{
	static const struct {
		unsigned int rdev;
		enum cause cause;
	} devices[] = {
		{ DEVICE(4, 1), CAUSE_TTY },
		{ DEVICE(5, 0), CAUSE_TTY },
		{ DEVICE(136, 7), CAUSE_TTY },
		{ DEVICE(143, 1048575), CAUSE_TTY },
		{ DEVICE(188, 0), CAUSE_TTY },
		{ DEVICE(3, 0), CAUSE_TTY },
		{ DEVICE(1, 3), CAUSE_OTHER },
		{ DEVICE(135, 0), CAUSE_OTHER },
		{ DEVICE(144, 0), CAUSE_OTHER },
		{ DEVICE(10, 4), CAUSE_OTHER },
		{ 4, CAUSE_OTHER },
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		struct bp_capture *capture = of_kind(SYS_read, BP_OBJECT_CHAR);
		struct slice slice;

		capture->object.rdev = devices[i].rdev;
		SET_PATH(capture, "7\0pts\0dev");
		slice = classified(state, capture);
		assert_int_equal(slice.cause, devices[i].cause);
		assert_int_equal(slice.target.kind, TARGET_DEVICE);
		assert_string_equal(slice.target.name, "/dev/pts/7");
		slice_clear(&slice);
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *parts;
		size_t bytes;
		bool cut;
		const char *path;
	} paths[] = {
		{ "a.db\0data\0srv", sizeof("a.db\0data\0srv"), false, "/srv/data/a.db" },
		{ "a", sizeof("a"), false, "/a" },
		{ "", 0, false, "/" },
		{ "a.db\0deep", sizeof("a.db\0deep"), true, ".../deep/a.db" },
		{ "", 0, true, "..." },
		{ "a.db\0data\0srv", sizeof("a.db\0data\0srv") - 1, false,
		  "/data/a.db" }, /* not ended */
		{ "\0\0", 2, false, "//" },
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct bp_capture *capture = of_kind(SYS_fsync, BP_OBJECT_FILE);

		set_path(capture, paths[i].parts, paths[i].bytes);
		capture->object.path_cut = paths[i].cut;
		expect_file(state, capture, paths[i].path);
	}
}

static void test_hostile_paths(void **state)
{
	struct bp_capture *capture;
	struct slice slice;

	for (int fill = 0; fill < 3; fill++) {
		for (unsigned int bytes = 0; bytes <= UINT16_MAX;
		     bytes += bytes < 520 ? 1 : 13003) {
			for (int kind = BP_OBJECT_NONE; kind <= BP_OBJECT_USER_PATH; kind++) {
				capture = of_kind(SYS_read, kind);
				memset(capture->object.path, fill == 1 ? 'x' : 0, BP_PATH_BYTES);
				for (size_t i = 0; fill == 2 && i < BP_PATH_BYTES; i += 2)
					capture->object.path[i] = 'y';
				capture->object.path_bytes = bytes;
				capture->object.path_cut = 1;
				capture->object.socket.family = AF_UNIX;
				slice = classified(state, capture);
				if (kind == BP_OBJECT_FILE && fill == 1)
					assert_string_equal(slice.target.path,
							    "..."); /* no name ends */
				else if (kind == BP_OBJECT_FILE)
					assert_true(strlen(slice.target.path) <= BP_PATH_BYTES + 3);
				slice_clear(&slice);
			}
		}
	}
}

static struct bp_capture *user_path(const char *path, int dir)
{
	struct bp_capture *capture = of_kind(SYS_openat, BP_OBJECT_USER_PATH);

	set_path(capture, path, strlen(path) + 1);
	capture->object.fd = dir;
	return capture;
}

/* As the program gave them. */
static void test_user_paths(void **state)
{
	char before[4096];
	int dir = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_non_null(getcwd(before, sizeof(before)));
	assert_true(dir >= 0);
	expect_file(state, user_path("/etc/passwd", AT_FDCWD), "/etc/passwd");
	expect_file(state, user_path("/etc/passwd", 77), "/etc/passwd");
	expect_file(state, user_path("self/maps", dir), "/proc/self/maps");
	expect_file(state, user_path("self/maps", 1000000), "self/maps"); /* closed since */
	expect_file(state, user_path("", AT_FDCWD), "");
	assert_int_equal(chdir("/dev"), 0);
	expect_file(state, user_path("null", AT_FDCWD), "/dev/null");
	assert_int_equal(chdir("/"), 0);
	expect_file(state, user_path("x/../y", AT_FDCWD), "/x/../y");
	assert_int_equal(chdir(before), 0);
	close(dir);
}

/* A nap between two tries of a lock waits for the file that is locked. */
static void test_try_lock(void **state)
{
	struct bp_capture *capture = of_kind(SYS_clock_nanosleep, BP_OBJECT_FILE);
	struct slice slice;

	capture->block.flags = BP_BLOCK_TRY_LOCK;
	SET_PATH(capture, "a.db\0srv");
	slice = classified(state, capture);
	assert_int_equal(slice.cause, CAUSE_FILE);
	assert_string_equal(slice.target.path, "/srv/a.db");
	assert_string_equal(slice.syscall, "clock_nanosleep");
	slice_clear(&slice);
}

static void test_fault(void **state)
{
	char file[] = "/tmp/blockprof-test-XXXXXX";
	struct bp_capture *capture;
	struct slice slice;
	int fd = mkstemp(file);
	char *mapped;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	mapped = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	capture = of_call(BP_NO_SYSCALL);
	capture->block.flags = BP_BLOCK_FAULT;
	capture->block.fault_addr = (uintptr_t)mapped + 5000;
	slice = classified(state, capture);
	assert_int_equal(slice.cause, CAUSE_FAULT);
	assert_int_equal(slice.target.kind, TARGET_FILE);
	assert_string_equal(slice.target.path, file);
	assert_null(slice.syscall);
	slice_clear(&slice);
	munmap(mapped, 8192);
	close(fd);
	unlink(file);

	/* memory that is no file's, and none at all */
	for (int i = 0; i < 3; i++) {
		capture = of_call(BP_NO_SYSCALL);
		capture->block.flags = BP_BLOCK_FAULT;
		capture->block.fault_addr = i == 0 ? (uintptr_t)&capture : i == 1 ? 0 : UINT64_MAX;
		slice = classified(state, capture);
		assert_int_equal(slice.cause, CAUSE_FAULT);
		assert_int_equal(slice.target.kind, TARGET_NONE);
		slice_clear(&slice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_devices),	      cmocka_unit_test(test_paths),
		cmocka_unit_test(test_hostile_paths), cmocka_unit_test(test_user_paths),
		cmocka_unit_test(test_try_lock),      cmocka_unit_test(test_fault),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
