// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings in a directory: names, rotation, the bound, crashes, a disk that is full. */
#include "records.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "recording/recording.h"
#include "serve/recorder.h"

#define KEEP RECORDER_KEEP_MIN_BYTES
#define HOUR (3600 * S)

struct directory {
	char path[64];
};

static int setup(void **state)
{
	struct directory *directory = calloc(1, sizeof(*directory));

	assert_non_null(directory);
	strcpy(directory->path, "/tmp/blockprof-test-XXXXXX");
	assert_non_null(mkdtemp(directory->path));
	*state = directory;
	return 0;
}

/* Names of the files, sorted; both are the caller's. */
static int list(const struct directory *directory, struct dirent ***entries)
{
	int nr = scandir(directory->path, entries, NULL, alphasort);

	assert_true(nr >= 2);
	free((*entries)[0]);
	free((*entries)[1]);
	memmove(*entries, *entries + 2, (size_t)(nr - 2) * sizeof(**entries));
	return nr - 2;
}

static void free_list(struct dirent **entries, int nr)
{
	while (nr)
		free(entries[--nr]);
	free(entries);
}

static const char *path_of(const struct directory *directory, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory->path, name);
	return path;
}

static int teardown(void **state)
{
	struct directory *directory = *state;
	struct dirent **entries;
	int nr = list(directory, &entries);

	for (int i = 0; i < nr; i++)
		unlink(path_of(directory, entries[i]->d_name));
	free_list(entries, nr);
	assert_int_equal(rmdir(directory->path), 0);
	free(directory);
	return 0;
}

static unsigned int count(const struct directory *directory, const char *suffix)
{
	struct dirent **entries;
	int nr = list(directory, &entries);
	unsigned int found = 0;

	for (int i = 0; i < nr; i++) {
		size_t length = strlen(entries[i]->d_name), own = strlen(suffix);

		found += length > own && !strcmp(entries[i]->d_name + length - own, suffix);
	}
	free_list(entries, nr);
	return found;
}

/* Path of the first file with that suffix; valid until the next call of path_of(). */
static const char *first(const struct directory *directory, const char *suffix)
{
	static char name[256];
	struct dirent **entries;
	int nr = list(directory, &entries);

	name[0] = 0;
	for (int i = 0; i < nr && !name[0]; i++) {
		size_t length = strlen(entries[i]->d_name), own = strlen(suffix);

		if (length > own && !strcmp(entries[i]->d_name + length - own, suffix))
			strcpy(name, entries[i]->d_name);
	}
	free_list(entries, nr);
	assert_true(name[0]);
	return path_of(directory, name);
}

static uint64_t all_bytes(const struct directory *directory)
{
	struct dirent **entries;
	int nr = list(directory, &entries);
	uint64_t bytes = 0;
	struct stat st;

	for (int i = 0; i < nr; i++) {
		assert_int_equal(lstat(path_of(directory, entries[i]->d_name), &st), 0);
		bytes += (uint64_t)st.st_size;
	}
	free_list(entries, nr);
	return bytes;
}

static struct recorder *open_recorder(const struct directory *directory)
{
	const struct recorder_options options = {
		.directory = directory->path,
		.keep_bytes = KEEP,
		.rotate_ns = HOUR,
	};
	struct recorder *recorder;

	assert_int_equal(recorder_open(&recorder, &options), 0);
	return recorder;
}

static int begin(struct recorder *recorder, uint64_t seconds)
{
	const struct start_record start = {
		.mono_ns = seconds * S,
		.version = "1",
		.host = "h",
		.threshold_ns = 100 * MS,
	};

	return recorder_begin(recorder, &start);
}

static void feed(struct recorder *recorder)
{
	struct stall_record stall = sleep_stall(false, 500 * MS);

	recorder_stall(recorder, &stall);
	slices_free(&stall.slices);
}

static void end(struct recorder *recorder)
{
	const struct summary_record summary = { .mono_ns = 1, .command_status = -1 };

	recorder_end(recorder, &summary);
}

struct seen {
	unsigned int starts, stalls, summaries;
};

static void on_start(void *context, const struct start_record *record)
{
	struct seen *seen = context;

	(void)record;
	seen->starts++;
}

static void on_stall(void *context, const struct stall_record *record)
{
	struct seen *seen = context;

	(void)record;
	seen->stalls++;
}

static void on_summary(void *context, const struct summary_record *record)
{
	struct seen *seen = context;

	(void)record;
	seen->summaries++;
}

static struct seen read_back(const char *path)
{
	struct seen seen = { 0 };
	const struct recording_reader reader = {
		.context = &seen,
		.start = on_start,
		.stall = on_stall,
		.summary = on_summary,
	};
	struct recording_result result;

	assert_int_equal(recording_read(path, &reader, &result), 0);
	return seen;
}

static void recordings_follow_one_another(void **state)
{
	struct directory *directory = *state;
	struct recorder *recorder = open_recorder(directory);
	struct stat st;
	struct seen seen;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(begin(recorder, 10), 0);
		assert_non_null(recorder_name(recorder));
		assert_int_equal(count(directory, ".jsonl.gz.part"), 1);
		assert_int_equal(count(directory, ".folded.part"), 1);
		feed(recorder);
		end(recorder);
		assert_null(recorder_name(recorder));
		assert_int_equal(count(directory, ".part"), 0);
	}
	assert_int_equal(count(directory, "Z.jsonl.gz"), 3);
	assert_int_equal(count(directory, "Z.folded"), 3);
	seen = read_back(first(directory, ".jsonl.gz"));
	assert_int_equal(seen.starts, 1);
	assert_int_equal(seen.stalls, 1);
	assert_int_equal(seen.summaries, 1);
	assert_int_equal(stat(first(directory, ".folded"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_true(st.st_size > 0);
	assert_int_equal(recorder_lost(recorder), 0);
	recorder_close(recorder);
}

static void it_is_time_for_the_next_by_age_and_by_size(void **state)
{
	struct recorder *recorder = open_recorder(*state);
	unsigned int fed = 0;

	assert_int_equal(begin(recorder, 100), 0);
	assert_false(recorder_tick(recorder, 100 * S + HOUR - 1));
	assert_true(recorder_tick(recorder, 100 * S + HOUR));
	end(recorder);
	assert_int_equal(begin(recorder, 100), 0);
	do {
		struct stall_record stall = sleep_stall(false, 500 * MS);

		/* what does not compress well */
		for (int i = 0; i < 15; i++)
			stall.id.comm[i] = (char)('!' + rand() % 90);
		recorder_stall(recorder, &stall);
		slices_free(&stall.slices);
		fed++;
	} while ((fed % 100 || !recorder_tick(recorder, 101 * S)) && fed < 100000);
	assert_in_range(fed, 100, 99999);
	end(recorder);
	recorder_close(recorder);
}

/* A profile stays in memory until its recording ends: a large one does not for an hour. */
static void it_is_time_for_the_next_by_memory(void **state)
{
	const struct recorder_options options = { .directory = ((struct directory *)*state)->path,
						  .keep_bytes = 1 << 30,
						  .rotate_ns = HOUR };
	struct recorder *recorder;
	static char name[16384];

	assert_int_equal(recorder_open(&recorder, &options), 0);
	assert_int_equal(begin(recorder, 100), 0);
	for (unsigned int i = 1; i <= 300; i++) {
		const struct frame frame = { .kind = FRAME_PYTHON, .fn = name, .line = i };
		struct stall_record stall = sleep_stall(false, 500 * MS);

		memset(name, 'a', sizeof(name) - 1);
		/* what is the same is kept once */
		snprintf(name, sizeof(name), "%u", i);
		name[strlen(name)] = 'a';
		stack_put(stall.slices.v[0].stack);
		stall.slices.v[0].stack = stack_new(&frame, 1, false);
		stall.id.tid += (pid_t)i;
		recorder_stall(recorder, &stall);
		slices_free(&stall.slices);
		if (i == 100)
			assert_false(recorder_tick(recorder, 200 * S));
	}
	assert_false(recorder_tick(recorder, 101 * S));
	assert_true(recorder_tick(recorder, 200 * S));
	end(recorder);
	recorder_close(recorder);
}

static void old_ones_are_deleted_in_pairs(void **state)
{
	struct directory *directory = *state;
	char name[128], block[30000];
	struct recorder *recorder;
	int file;

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 100; i++) {
		static const char *const suffixes[] = { "jsonl.gz", "folded" };

		snprintf(name, sizeof(name), "blockprof-20200101T0000%02d.000Z.%s", i / 2,
			 suffixes[i % 2]);
		file = open(path_of(directory, name), O_WRONLY | O_CREAT, 0600);
		assert_int_equal(write(file, block, sizeof(block)), sizeof(block));
		close(file);
	}
	/* of others: never touched */
	file = open(path_of(directory, "blockprof-20200101T000000.000Z.folded.bak"),
		    O_WRONLY | O_CREAT, 0600);
	close(file);
	assert_int_equal(symlink("/etc/passwd", path_of(directory, "blockprof-20190101T000000.000Z."
								   "folded")),
			 0);
	recorder = open_recorder(directory);
	assert_int_equal(begin(recorder, 10), 0);
	assert_true(all_bytes(directory) <= KEEP * 3 / 4 + 8192);
	assert_true(all_bytes(directory) > KEEP / 2);
	assert_int_equal(count(directory, "49.000Z.jsonl.gz"), 1);
	assert_int_equal(count(directory, "49.000Z.folded"), 1);
	assert_int_equal(count(directory, "20200101T000000.000Z.jsonl.gz"), 0);
	assert_int_equal(count(directory, "20200101T000000.000Z.folded"), 0);
	assert_int_equal(count(directory, ".bak"), 1);
	assert_int_equal(count(directory, "20190101T000000.000Z.folded"), 1);
	assert_int_equal(access("/etc/passwd", R_OK), 0);
	feed(recorder);
	end(recorder);
	/* the link is one of them */
	assert_int_equal(count(directory, ".jsonl.gz") + 1, count(directory, ".folded"));
	recorder_close(recorder);
}

/* What a process that is killed leaves: the same without recorder_end(). */
static void what_a_crash_leaves_is_kept_and_readable(void **state)
{
	struct directory *directory = *state;
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (!child) {
		struct recorder *recorder = open_recorder(directory);

		if (begin(recorder, 10))
			_exit(1);
		feed(recorder);
		feed(recorder);
		recorder_tick(recorder, 11 * S);
		feed(recorder);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(count(directory, ".jsonl.gz.part"), 1);
	assert_true(read_back(first(directory, ".jsonl.gz.part")).stalls >= 2);

	recorder_close(open_recorder(directory));
	assert_int_equal(count(directory, ".part"), 0);
	assert_int_equal(count(directory, ".folded"), 0);
	assert_true(read_back(first(directory, ".jsonl.gz")).stalls >= 2);
}

static void names_go_on_though_the_clock_was_put_back(void **state)
{
	struct directory *directory = *state;
	char name[128];
	time_t soon = time(NULL) + 3600;
	struct tm tm;
	struct recorder *recorder;
	int file;

	gmtime_r(&soon, &tm);
	strftime(name, sizeof(name), "blockprof-%Y%m%dT%H%M%S.999Z.jsonl.gz", &tm);
	file = open(path_of(directory, name), O_WRONLY | O_CREAT, 0600);
	close(file);
	recorder = open_recorder(directory);
	assert_int_equal(begin(recorder, 10), 0);
	assert_true(strcmp(recorder_name(recorder), name) > 0);
	end(recorder);
	recorder_close(recorder);
}

static void limit_file_size(rlim_t bytes)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_file_that_cannot_be_written_ends_the_recording_until_it_can(void **state)
{
	struct directory *directory = *state;
	struct recorder *recorder = open_recorder(directory);

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(begin(recorder, 10), 0);
	limit_file_size(10);
	feed(recorder);
	feed(recorder);
	assert_false(recorder_tick(recorder, 11 * S));
	assert_null(recorder_name(recorder));
	assert_int_equal(recorder_error(recorder), -EFBIG);
	assert_int_equal(recorder_lost(recorder), 2);
	feed(recorder);
	end(recorder);
	assert_int_equal(recorder_lost(recorder), 3);
	assert_int_equal(count(directory, ".part"), 0);
	assert_int_equal(count(directory, ".folded"), 0);
	assert_false(recorder_tick(recorder, 12 * S));
	limit_file_size(RLIM_INFINITY);
	assert_true(recorder_tick(recorder, 30 * S));
	assert_int_equal(begin(recorder, 30), 0);
	assert_int_equal(recorder_error(recorder), 0);
	feed(recorder);
	end(recorder);
	assert_int_equal(recorder_lost(recorder), 3);
	assert_int_equal(count(directory, ".folded"), 1);
	recorder_close(recorder);
}

static void directories_that_cannot_be_used(void **state)
{
	struct directory *directory = *state;
	struct recorder_options options = { .keep_bytes = KEEP, .rotate_ns = HOUR };
	struct recorder *recorder, *other;
	char path[128];

	snprintf(path, sizeof(path), "%s/link", directory->path);
	assert_int_equal(symlink(directory->path, path), 0);
	options.directory = path;
	assert_int_equal(recorder_open(&recorder, &options), -ENOTDIR);
	assert_null(recorder);
	options.directory = "/dev/null";
	assert_int_equal(recorder_open(&recorder, &options), -ENOTDIR);
	options.directory = "/dev/null/x";
	assert_int_equal(recorder_open(&recorder, &options), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/no/where", directory->path);
	options.directory = path;
	assert_int_equal(recorder_open(&recorder, &options), -ENOENT);

	snprintf(path, sizeof(path), "%s/new", directory->path);
	options.directory = path;
	assert_int_equal(recorder_open(&recorder, &options), 0);
	assert_int_equal(recorder_open(&other, &options), -EBUSY);
	recorder_close(recorder);
	assert_int_equal(recorder_open(&recorder, &options), 0);
	recorder_close(recorder);
	assert_int_equal(rmdir(path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(recordings_follow_one_another),
		TEST(it_is_time_for_the_next_by_age_and_by_size),
		TEST(it_is_time_for_the_next_by_memory),
		TEST(old_ones_are_deleted_in_pairs),
		TEST(what_a_crash_leaves_is_kept_and_readable),
		TEST(names_go_on_though_the_clock_was_put_back),
		TEST(a_file_that_cannot_be_written_ends_the_recording_until_it_can),
		TEST(directories_that_cannot_be_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
