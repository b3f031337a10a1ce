// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames, names and lines, against what each interpreter says of itself. */
#include "python/target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define FRAMES_MAX 512
#define STACK_MAX  (8u << 20)

/* Names as they come all at once. */
struct names {
	const struct bp_python_frame *frames;
	struct python *python;
	int nr;
};

static void same_name(void *context, int err, const struct python_name *name)
{
	struct names *names = context;
	struct python_name one;
	char fn[512], file[4096];

	assert_int_equal(err, 0);
	snprintf(fn, sizeof(fn), "%s", name->fn);
	snprintf(file, sizeof(file), "%s", name->file);
	assert_int_equal(python_frame_name(names->python, &names->frames[names->nr++], &one), 0);
	assert_string_equal(one.fn, fn);
	assert_string_equal(one.file, file);
	assert_int_equal(one.line, name->line);
}

/* Compares a thread's frames with those it reported. Returns how many. */
static int check_thread(struct target *target, const char *name)
{
	static struct bp_python_frame frames[FRAMES_MAX];
	struct python *python = target->python;
	int nr = python_frames(python, target_thread(target, name), frames, FRAMES_MAX);
	struct names names = { .frames = frames, .python = python };
	int seen = 0;

	for (size_t i = 0; i < target->nr; i++) {
		char **fields = target->lines[i].fields;
		struct python_name got;

		if (strcmp(fields[0], "frame") || strcmp(fields[1], name))
			continue;
		assert_true(seen < nr);
		assert_int_equal(python_frame_name(python, &frames[seen], &got), 0);
		if (strcmp(got.fn, fields[2]) || strcmp(got.file, fields[3]) ||
		    got.line != strtoul(fields[4], NULL, 10))
			fail_msg("%s: frame %d is %s %s:%s, not %s %s:%u", name, seen, fields[2],
				 fields[3], fields[4], got.fn, got.file, got.line);
		assert_int_equal(got.suspends, fields[5][0] == '1');
		seen++;
	}
	assert_int_equal(nr, seen);
	python_frame_names(python, frames, (size_t)nr, same_name, &names);
	assert_int_equal(names.nr, nr);
	return nr;
}

static void lines_are_exact(void **state)
{
	struct target *target = target_start(*state, "lines.py");

	target_wait_ready(target);
	target_open(target);
	assert_true(check_thread(target, "lines") > 120);
	/* Once more, from what is remembered now. */
	check_thread(target, "lines");
}

static uint64_t word_of(pid_t pid, uint64_t addr, size_t size)
{
	uint64_t value = 0;
	struct iovec local = { &value, size }, remote = { (void *)(uintptr_t)addr, size };

	assert_int_equal(process_vm_readv(pid, &local, 1, &remote, 1, 0), size);
	return value;
}

/* As the kernel side does it: with nothing but what struct bp_python says. */
static size_t walk(pid_t pid, const struct bp_python *layout, uint64_t fsbase,
		   struct bp_python_frame *frames)
{
	uint64_t interp = word_of(pid, layout->interp_head_addr, 8);
	uint64_t tstate = word_of(pid, interp + layout->interp_threads_head, 8);
	uint64_t frame;
	size_t nr = 0;

	while (tstate && word_of(pid, tstate + layout->tstate_thread_id, 8) != fsbase)
		tstate = word_of(pid, tstate + layout->tstate_next, 8);
	assert_true(tstate);
	frame = word_of(pid, tstate + layout->tstate_frame, 8);
	if (layout->tstate_has_cframe)
		frame = word_of(pid, frame + layout->cframe_frame, 8);
	for (; frame; frame = word_of(pid, frame + layout->frame_back, 8)) {
		struct bp_python_frame *out = &frames[nr];

		if (layout->owner_cstack &&
		    word_of(pid, frame + layout->frame_owner, 1) == layout->owner_cstack) {
			assert_true(nr > 0);
			frames[nr - 1].code |= BP_PYTHON_ENTRY;
			continue;
		}
		assert_true(nr < FRAMES_MAX);
		out->code = word_of(pid, frame + layout->frame_code, 8);
		out->instr =
			word_of(pid, frame + layout->frame_instr, layout->instr_is_lasti ? 4 : 8);
		if (!layout->frame_owner ||
		    (layout->frame_is_entry && word_of(pid, frame + layout->frame_is_entry, 1)))
			out->code |= BP_PYTHON_ENTRY;
		nr++;
	}
	return nr;
}

static void layout_is_enough(void **state)
{
	static struct bp_python_frame walked[FRAMES_MAX], frames[FRAMES_MAX];
	struct target *target = target_start(*state, "lines.py");
	struct bp_python layout;
	size_t nr, entries = 0;
	uint64_t fsbase, loop = 0;

	target_wait_ready(target);
	fsbase = target_thread(target, "lines");
	assert_int_equal(python_layout(target_open(target), &layout), 0);
	nr = walk(target->pid, &layout, fsbase, walked);
	assert_int_equal(python_frames(target->python, fsbase, frames, FRAMES_MAX), nr);
	for (size_t i = 0; i < nr; i++) {
		assert_int_equal(walked[i].code, frames[i].code);
		assert_int_equal(walked[i].instr, frames[i].instr);
		entries += frames[i].code & BP_PYTHON_ENTRY;
		/* from 3.10 on each run of the loop has a place, further out on the C stack each time */
		if (!(frames[i].code & BP_PYTHON_ENTRY) || layout.version < 0x030a) {
			assert_int_equal(frames[i].loop, 0);
			continue;
		}
		assert_true(frames[i].loop > loop && (!loop || frames[i].loop - loop < STACK_MAX));
		loop = frames[i].loop;
	}
	/* sorted(), with, property, asyncio and so on call Python from C; plain calls do not from 3.11. */
	assert_true(frames[nr - 1].code & BP_PYTHON_ENTRY);
	if (layout.version >= 0x030b)
		assert_in_range(entries, 5, nr / 2);
	else
		assert_int_equal(entries, nr);
}

static void frames_are_cut(void **state)
{
	struct target *target = target_start(*state, "lines.py");
	struct bp_python_frame all[FRAMES_MAX], some[10] = { 0 };
	uint64_t fsbase;

	target_wait_ready(target);
	fsbase = target_thread(target, "lines");
	target_open(target);
	assert_true(python_frames(target->python, fsbase, all, FRAMES_MAX) > 9);
	assert_int_equal(python_frames(target->python, fsbase, some, 9), 9);
	assert_int_equal(some[7].code, all[7].code);
	assert_int_equal(some[9].code, 0);
	assert_int_equal(python_frames(target->python, fsbase, some, 0), 0);
	assert_int_equal(python_frames(target->python, fsbase + 16, some, 9), -ESRCH);
}

static void count_named(void *context, int err, const struct python_name *name)
{
	(void)name;
	*(int *)context += err == 0;
}

/* How many questions the names of a deep stack take whose functions are all new; *nr: of how many. */
static uint64_t asks_for_names(void **state, int *nr)
{
	enum { ASKS = 10000 };
	static struct bp_python_frame frames[FRAMES_MAX];
	struct target *target = target_start(*state, "lines.py");
	struct memory below = { process_memory(), target->pid };
	struct budget_memory budget;
	const struct memory memory = memory_in_time(&budget, below, ASKS);
	int named = 0;

	target_wait_ready(target);
	assert_int_equal(python_open(&target->python, &memory, target_symbols(target)), 0);
	*nr = python_frames(target->python, target_thread(target, "lines"), frames, FRAMES_MAX);
	assert_true(*nr > 120);
	budget.left = ASKS;
	python_frame_names(target->python, frames, (size_t)*nr, count_named, &named);
	assert_int_equal(named, *nr);
	print_message("%d names by %d questions\n", *nr, (int)(ASKS - budget.left));
	return ASKS - budget.left;
}

/*
 * The names are there after a few questions. Of two that take the same place of the cache one is
 * read by itself, which is as the addresses of this process happen to be: or of another one.
 */
static void new_names_are_read_together(void **state)
{
	int nr;

	for (int i = 0; asks_for_names(state, &nr) >= (uint64_t)nr / 4; i++) {
		assert_true(i < 4);
		target_stop(state);
	}
}

static void no_code_no_name(void **state)
{
	struct target *target = target_start(*state, "lines.py");
	struct bp_python_frame frame;
	struct python_name name;

	target_wait_ready(target);
	target_open(target);
	assert_int_equal(python_frames(target->python, target_thread(target, "lines"), &frame, 1),
			 1);
	assert_int_equal(python_frame_name(target->python, &frame, &name), 0);
	/* Not in this function's bytecode: a name, and no line. */
	frame.instr += 1u << 20;
	assert_int_equal(python_frame_name(target->python, &frame, &name), 0);
	assert_string_equal(name.fn, "block");
	/* 0, the NULL page, unaligned, a frame's object, a hole in the address space. */
	frame.code = 0;
	assert_true(python_frame_name(target->python, &frame, &name) < 0);
	frame.code = 8;
	assert_true(python_frame_name(target->python, &frame, &name) < 0);
	frame.code = target_thread(target, "lines") + 4;
	assert_true(python_frame_name(target->python, &frame, &name) < 0);
	frame.code = target_thread(target, "lines");
	assert_true(python_frame_name(target->python, &frame, &name) < 0);
	frame.code = 0xffffffffff600000;
	assert_true(python_frame_name(target->python, &frame, &name) < 0);
}

static int copy_file(const char *from, const char *to)
{
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0700);
	char buf[65536];
	ssize_t got;

	while ((got = read(in, buf, sizeof(buf))) > 0) {
		if (write(out, buf, (size_t)got) != got)
			got = -1;
	}
	close(in);
	close(out);
	return got == 0 ? 0 : -1;
}

/* Where the copy of an interpreter is; "" when there is none. */
static char copy_path[64];

static void remove_copy(void)
{
	if (!copy_path[0])
		return;
	unlink(copy_path);
	*strrchr(copy_path, '/') = '\0';
	rmdir(copy_path);
	copy_path[0] = '\0';
}

static int stop_and_remove(void **state)
{
	remove_copy();
	return target_stop(state);
}

/* A package was upgraded while the program runs: the file that is mapped has no name any more. */
static void executable_is_deleted(void **state)
{
	char directory[] = "/tmp/blockprof-test-XXXXXX", script[512];
	struct target *target;

	(void)state;
	if (access("/usr/bin/python3", X_OK))
		skip();
	assert_non_null(mkdtemp(directory));
	snprintf(copy_path, sizeof(copy_path), "%s/python", directory);
	assert_int_equal(copy_file("/usr/bin/python3", copy_path), 0);
	target_script("lines.py", script, sizeof(script));
	target = target_run((char *[]){ copy_path, script, NULL });
	target_wait_ready(target);
	remove_copy();
	if (geteuid() == 0) {
		target_open(target);
		check_thread(target, "lines");
	} else {
		assert_int_not_equal(target_try(target), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH_PYTHON(lines_are_exact),
		EACH_PYTHON(layout_is_enough),
		EACH_PYTHON(frames_are_cut),
		EACH_PYTHON(new_names_are_read_together),
		EACH_PYTHON(no_code_no_name),
		cmocka_unit_test_teardown(executable_is_deleted, stop_and_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
