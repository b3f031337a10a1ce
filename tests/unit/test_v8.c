// SPDX-License-Identifier: GPL-2.0-or-later
/* JavaScript frames, of recorded stacks and of memory that makes no sense. */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "runtime/v8/v8.h"
#include "tests/unit/v8/snapshot.h"

#define FRAMES_MAX 16
/* Reads for one frame of garbage: more would be felt. */
#define READS_MAX 20000

static void replay(struct snapshot *snapshot, size_t *nr)
{
	struct v8 *v8 = snapshot_v8(snapshot);
	struct v8_frame got[FRAMES_MAX];

	assert_non_null(v8);
	for (size_t i = 0; i < snapshot->nr_frames; i++) {
		const struct snapshot_frame *frame = &snapshot->frames[i];

		print_message("%s: %llx\n", snapshot->name, (unsigned long long)frame->native.addr);
		assert_int_equal(v8_frames(v8, &frame->native, got, FRAMES_MAX), frame->nr_names);
		for (size_t n = 0; n < frame->nr_names; n++) {
			const struct v8_frame *name = &snapshot->names[frame->first_name + n];

			assert_string_equal(got[n].fn, name->fn);
			assert_string_equal(got[n].file, name->file);
			assert_int_equal(got[n].line, name->line);
			(*nr)++;
		}
	}
	v8_close(v8);
}

static void each_snapshot(void (*fn)(struct snapshot *snapshot, size_t *nr), size_t *nr_files,
			  size_t *nr_stacks, size_t *nr)
{
	glob_t found;

	assert_int_equal(glob("tests/unit/v8/*.gz", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct snapshot *snapshot = snapshot_open(found.gl_pathv[i]);

		assert_non_null(snapshot);
		print_message("%s\n", found.gl_pathv[i]);
		assert_int_equal(v8_layout_complete(&snapshot->heap.layout), 0);
		for (; snapshot_next(snapshot); (*nr_stacks)++)
			fn(snapshot, nr);
		snapshot_close(snapshot);
	}
	*nr_files = found.gl_pathc;
	globfree(&found);
}

static void test_recorded_stacks(void **state)
{
	size_t files = 0, stacks = 0, frames = 0;

	(void)state;
	each_snapshot(replay, &files, &stacks, &frames);
	assert_true(files >= 6);
	assert_true(stacks >= 60);
	assert_true(frames >= 300);
}

static uint32_t dice(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Words of the recorded memory changed: whatever comes of it ends, and soon. */
static void spoil(struct snapshot *snapshot, size_t *nr)
{
	static const uint64_t odd[] = { 0,
					1,
					3,
					UINT64_MAX,
					1ull << 63,
					1ull << 31,
					0x7fffffff00000000ull,
					0x8000000000000000ull };
	struct v8_frame got[FRAMES_MAX];
	uint32_t seed = (uint32_t)*nr + 1;

	for (int round = 0; round < 20; round++) {
		struct v8 *v8 = snapshot_v8(snapshot);

		for (int i = 0; i < 4; i++) {
			struct snapshot_page *page =
				snapshot->pages[dice(&seed) % snapshot->nr_pages];
			struct snapshot_page *other =
				snapshot->pages[dice(&seed) % snapshot->nr_pages];
			uint64_t at = 0;
			uint64_t word;

			for (int tries = 0; tries < 200 && !page->known[at]; tries++)
				at = dice(&seed) % (SNAPSHOT_PAGE / 8) * 8;
			word = dice(&seed) % 2 ? odd[dice(&seed) % 8]
					       : other->addr * SNAPSHOT_PAGE + at + 1;

			memcpy(page->bytes + at, &word, 8);
		}
		for (size_t i = 0; i < snapshot->nr_frames; i++) {
			struct v8_native native = snapshot->frames[i].native;
			int frames;

			native.exact = dice(&seed) % 2;
			snapshot->reads = 0;
			frames = v8_frames(v8, &native, got, FRAMES_MAX);
			assert_true(frames <= FRAMES_MAX);
			assert_true(snapshot->reads < READS_MAX);
			for (int f = 0; f < frames; f++)
				assert_true(got[f].fn[0]);
			(*nr)++;
		}
		v8_close(v8);
	}
}

static void test_spoiled_memory(void **state)
{
	size_t files = 0, stacks = 0, frames = 0;

	(void)state;
	each_snapshot(spoil, &files, &stacks, &frames);
	assert_true(frames > 1000);
}

#define MOVED_TO    0x100000000000ull
#define MOVED_BYTES 128

/* The function of a frame with slots, as its stack has it; 0: none. */
static uint64_t function_of(struct snapshot *snapshot, const struct v8_native *native)
{
	uint64_t function = 0;

	if (snapshot_read(snapshot,
			  native->fp + (uint64_t)(int64_t)snapshot->heap.layout.fp_function,
			  &function, sizeof(function)) ||
	    !v8_is_pointer(function))
		return 0;
	return function - 1;
}

static void put_word(struct snapshot *snapshot, uint64_t addr, uint64_t word)
{
	for (unsigned int at = 0; at < sizeof(word); at++)
		snapshot_byte(snapshot, addr + at, (unsigned int)(word >> 8 * at) & 0xff);
}

/* Young functions move while a stack waits to be named: what it holds is where they were. */
static void move(struct snapshot *snapshot, size_t *nr)
{
	struct {
		uint64_t addr, map;
	} moved[64];
	uint64_t to = MOVED_TO;
	size_t nr_moved = 0;

	for (size_t i = 0; i < snapshot->nr_frames; i++) {
		uint64_t from = function_of(snapshot, &snapshot->frames[i].native), map;

		if (!from || snapshot_read(snapshot, from, &map, sizeof(map)) || !(map & 1))
			continue;
		for (uint64_t at = 0; at < MOVED_BYTES; at++) {
			unsigned char byte;

			if (!snapshot_read(snapshot, from + at, &byte, 1))
				snapshot_byte(snapshot, to + at, byte);
		}
		put_word(snapshot, from, to);
		moved[nr_moved].addr = from;
		moved[nr_moved++].map = map;
		to += MOVED_BYTES;
	}
	replay(snapshot, nr);
	while (nr_moved-- > 0)
		put_word(snapshot, moved[nr_moved].addr, moved[nr_moved].map);
}

static void test_moved_functions(void **state)
{
	size_t files = 0, stacks = 0, frames = 0;

	(void)state;
	each_snapshot(move, &files, &stacks, &frames);
	assert_true(frames >= 300);
}

/* It was moved, and where it was has been given back. */
static void take_away(struct snapshot *snapshot, size_t *nr)
{
	struct v8 *v8 = snapshot_v8(snapshot);
	struct v8_frame got[FRAMES_MAX];

	for (size_t i = 0; i < snapshot->nr_frames; i++) {
		const struct snapshot_frame *frame = &snapshot->frames[i];
		struct v8_native native = frame->native;
		uint64_t function = function_of(snapshot, &native), map;

		native.builtin = true;
		if (!function || native.made || frame->nr_names != 1 ||
		    snapshot_read(snapshot, function, &map, sizeof(map)))
			continue;
		put_word(snapshot, function, 0);
		assert_int_equal(v8_frames(v8, &native, got, FRAMES_MAX), 1);
		assert_string_equal(got[0].fn, "[unknown]");
		assert_string_equal(got[0].file, "");
		assert_true(got[0].unread);
		put_word(snapshot, function, map);
		(*nr)++;
	}
	v8_close(v8);
}

static void test_functions_that_are_gone(void **state)
{
	size_t files = 0, stacks = 0, frames = 0;

	(void)state;
	each_snapshot(take_away, &files, &stacks, &frames);
	assert_true(frames > 20);
}

/* A heap made by hand. */
#define HEAP_BASE  0x100000ull
#define HEAP_WORDS 4096

struct made_heap {
	uint64_t words[HEAP_WORDS];
	size_t used;
	struct v8_heap heap;
	struct made_memory memory;
	uint64_t meta; /* the map of maps */
	size_t reads;
};

static int read_made(void *context, uint64_t addr, void *buf, size_t size)
{
	struct made_heap *made = context;

	made->reads++;
	if (addr < HEAP_BASE || addr - HEAP_BASE > sizeof(made->words) ||
	    size > sizeof(made->words) - (addr - HEAP_BASE))
		return -EFAULT;
	memcpy(buf, (char *)made->words + (addr - HEAP_BASE), size);
	return 0;
}

static uint64_t put(struct made_heap *made, const uint64_t *words, size_t nr)
{
	uint64_t addr = HEAP_BASE + made->used * 8;

	assert_true(made->used + nr + 1 < HEAP_WORDS);
	memcpy(&made->words[made->used], words, nr * 8);
	made->used += nr;
	return addr + 1;
}

static uint64_t *word_of(struct made_heap *made, uint64_t object, size_t index)
{
	return &made->words[(object - 1 - HEAP_BASE) / 8 + index];
}

static uint64_t map_of(struct made_heap *made, uint16_t type)
{
	uint64_t words[] = { made->meta, (uint64_t)type << 32, 0 };
	uint64_t map = put(made, words, 3);

	if (!made->meta)
		*word_of(made, map, 0) = made->meta = map;
	return map;
}

enum { TYPE_MAP = 250 };

static void make_heap(struct made_heap *made)
{
	memset(made, 0, sizeof(*made));
	memset(&made->heap.layout, 0xff, sizeof(made->heap.layout));
	made->heap.layout.type_map = TYPE_MAP;
	made->heap.layout.types_string_end = 128;
	made->heap.layout.map_instance_type = 12;
	made->heap.memory = memory_made(&made->memory, read_made, made);
	map_of(made, TYPE_MAP);
}

static uint64_t put_seq(struct made_heap *made, const char *text, uint32_t length)
{
	uint64_t words[32] = { map_of(made, 8 | 32), (uint64_t)length << 32 };

	memcpy(&words[2], text, strlen(text));
	return put(made, words, 3 + strlen(text) / 8);
}

static uint64_t put_pair(struct made_heap *made, uint16_t type, uint32_t length, uint64_t first,
			 uint64_t second)
{
	uint64_t words[] = { map_of(made, type), (uint64_t)length << 32, first, second };

	return put(made, words, 4);
}

#define CONS   (1 | 8 | 32)
#define SLICED (3 | 8 | 32)
#define THIN   (5 | 8 | 32)
#define TWO    32

static void check_text(struct made_heap *made, uint64_t string, const char *expected)
{
	char text[64];

	assert_int_equal(v8_string(&made->heap, string, text, sizeof(text)), 0);
	assert_string_equal(text, expected);
}

static void test_strings(void **state)
{
	struct made_heap *made = malloc(sizeof(*made));
	static const uint16_t units[] = { 'g', 0xf6, 0x20ac, 0xd83d, 0xde00, 0xd800, 'x', 0 };
	uint64_t plain, cons, two, words[4] = { 0 }, external;
	char cut[6];

	(void)state;
	make_heap(made);
	plain = put_seq(made, "handle", 6);
	check_text(made, plain, "handle");
	cons = put_pair(made, CONS, 12, plain, put_seq(made, "Event\xe9", 6));
	check_text(made, cons, "handleEvent\xc3\xa9");
	check_text(made, put_pair(made, SLICED, 4, cons, 4ull << 32), "leEv");
	check_text(made, put_pair(made, THIN, 12, cons, 0), "handleEvent\xc3\xa9");
	words[0] = map_of(made, TWO);
	words[1] = 7ull << 32;
	memcpy(&words[2], units, sizeof(units));
	two = put(made, words, 4);
	check_text(made, two,
		   "g\xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbd"
		   "x");
	/* its characters are outside of the heap */
	external = put_pair(made, 2 | 8 | 32, 6, 0, plain - 1 + 16);
	check_text(made, external, "handle");
	/* what does not fit is left out, whole characters only */
	assert_int_equal(v8_string(&made->heap, two, cut, sizeof(cut)), 0);
	assert_string_equal(cut, "g\xc3\xb6");
	free(made);
}

static void fails(struct made_heap *made, uint64_t string)
{
	char text[64];

	made->reads = 0;
	assert_true(v8_string(&made->heap, string, text, sizeof(text)) < 0);
	assert_string_equal(text, "");
	assert_true(made->reads < READS_MAX);
}

static void test_hostile_strings(void **state)
{
	struct made_heap *made = malloc(sizeof(*made));
	uint64_t plain, cons, thin, empty;
	char text[64];

	(void)state;
	make_heap(made);
	plain = put_seq(made, "handle", 6);
	/* itself in itself */
	cons = put_pair(made, CONS, 6, 0, plain);
	*word_of(made, cons, 2) = cons;
	fails(made, cons);
	*word_of(made, cons, 3) = cons;
	fails(made, cons);
	thin = put_pair(made, THIN, 6, 0, 0);
	*word_of(made, thin, 2) = thin;
	fails(made, thin);
	/* first parts without characters, for ever */
	empty = put_seq(made, "", 0);
	cons = put_pair(made, CONS, 6, empty, 0);
	*word_of(made, cons, 3) = cons;
	fails(made, cons);
	/* longer than anything */
	fails(made, put_seq(made, "x", 0x80000000));
	fails(made, put_seq(made, "x", 0xffffffff));
	/* parts that are not there */
	fails(made, put_pair(made, SLICED, 4, plain, 4ull << 32));
	fails(made, put_pair(made, SLICED, 4, plain, 0x80000000ull << 32));
	fails(made, put_pair(made, SLICED, 4, plain, 0x7fffffffull << 32));
	fails(made, put_pair(made, CONS, 100, plain, plain));
	/* no string, no object, no address */
	fails(made, put_pair(made, 200, 6, plain, plain));
	fails(made, plain - 1);
	fails(made, 6ull << 32);
	fails(made, 1);
	fails(made, UINT64_MAX);
	/* a map that is none */
	*word_of(made, plain, 0) = plain;
	fails(made, plain);
	/* longer than its memory: no more is read than is wanted of it */
	made->reads = 0;
	assert_int_equal(v8_string(&made->heap, put_seq(made, "x", 0x7fffffff), text, 64), 0);
	assert_true(made->reads < 20);
	made->used = HEAP_WORDS - 16;
	fails(made, put_seq(made, "x", 0x7fffffff));
	free(made);
}

static void test_positions(void **state)
{
	/* entries: offset -1, source 113; offset 0, source 124 (a statement); offset 7, source 134 */
	static const unsigned char one_bit[] = { 0x01, 0xc8, 0x03, 0x02, 0x2c, 0x0f, 0x28 };
	static const unsigned char two_bits[] = { 0x02, 0xc8, 0x03, 0x07, 0x2c, 0x1e, 0x28 };
	static const unsigned char ones[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
					      0x80, 0x80, 0x80, 0x80, 0x80, 0x80 };
	const struct v8_table endless = { ones, sizeof(ones) }, none = { NULL, 0 };
	struct v8_position position;

	(void)state;
	for (int bits = 0; bits < 2; bits++) {
		const struct v8_table table = { bits ? two_bits : one_bit, 7 };
		const struct v8_table cut = { table.bytes, 6 };

		assert_int_equal(v8_position_find(&table, bits, 0, &position), 0);
		assert_int_equal(position.offset, 124);
		assert_int_equal(position.inlining, -1);
		assert_int_equal(v8_position_find(&table, bits, 6, &position), 0);
		assert_int_equal(position.offset, 124);
		assert_int_equal(v8_position_find(&table, bits, 7, &position), 0);
		assert_int_equal(position.offset, 134);
		assert_int_equal(v8_position_find(&table, bits, 70000, &position), 0);
		assert_int_equal(position.offset, 134);
		assert_int_equal(v8_position_find(&table, bits, -2, &position), -ENOENT);
		/* cut within an entry: those before it count */
		assert_int_equal(v8_position_find(&cut, bits, 70000, &position), 0);
		assert_int_equal(position.offset, 124);
	}
	assert_int_equal(v8_position_find(&endless, false, 0, &position), -ENOENT);
	assert_int_equal(v8_position_find(&none, true, 0, &position), -ENOENT);
	/* of another file's, as code of V8's own has them */
	assert_int_equal(v8_position_decode(1, &position), -ENOENT);
	assert_int_equal(v8_position_decode((3ull << 31) | (10 << 1), &position), 0);
	assert_int_equal(position.offset, 9);
	assert_int_equal(position.inlining, 2);
}

static void test_baseline_offsets(void **state)
{
	/* 5: one byte and its operand; 6: none */
	static const struct v8_bytecode_sizes sizes = {
		.nr = 7,
		.sizes = { { [5] = 2, [6] = 1 }, { [5] = 3, [6] = 1 }, { [5] = 5, [6] = 1 } }
	};
	/* 5 with a wide operand (4 bytes), 6, 5, 6 */
	static const unsigned char code_bytes[] = { 0, 5, 1, 2, 6, 5, 1, 6 };
	static const unsigned char table_bytes[] = { 10, 4, 8, 0x80, 1, 3 };
	static const unsigned char unknown_bytes[] = { 3, 3, 3 };
	const struct v8_table code = { code_bytes, 8 }, unknown = { unknown_bytes, 3 };
	const struct v8_table table = { table_bytes, 6 }, none = { table_bytes, 0 };
	const struct v8_table cut = { code_bytes, 1 };
	int32_t offset;

	(void)state;
	assert_int_equal(v8_baseline_find(&table, &code, &sizes, 12, &offset), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(v8_baseline_find(&table, &code, &sizes, 14, &offset), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(v8_baseline_find(&table, &code, &sizes, 15, &offset), 0);
	assert_int_equal(offset, 4);
	assert_int_equal(v8_baseline_find(&table, &code, &sizes, 150, &offset), 0);
	assert_int_equal(offset, 5);
	assert_int_equal(v8_baseline_find(&table, &code, &sizes, 153, &offset), 0);
	assert_int_equal(offset, 7);
	assert_int_equal(v8_baseline_find(&table, &code, &sizes, 154, &offset), -ENOENT);
	assert_int_equal(v8_baseline_find(&table, &unknown, &sizes, 12, &offset), -ENOENT);
	assert_int_equal(v8_baseline_find(&table, &cut, &sizes, 12, &offset), -ENOENT);
	assert_int_equal(v8_baseline_find(&none, &code, &sizes, 12, &offset), -ENOENT);
}

static void test_layouts(void **state)
{
	struct v8_layout layout;

	(void)state;
	memset(&layout, 0xff, sizeof(layout));
	assert_int_equal(v8_layout_complete(&layout), -ENOTSUP);
	/* a version without its numbers */
	layout.major = 12;
	assert_int_equal(v8_layout_complete(&layout), -ENOTSUP);
	/* versions before and after */
	layout.major = 9;
	assert_int_equal(v8_layout_complete(&layout), -ENOTSUP);
	layout.major = 1000;
	assert_int_equal(v8_layout_complete(&layout), -ENOTSUP);
}

static void test_odd_numbers(void **state)
{
	glob_t found;

	(void)state;
	assert_int_equal(glob("tests/unit/v8/*.gz", 0, NULL, &found), 0);
	for (size_t i = 0; i < v8_numbers_nr; i++) {
		static const int32_t odd[] = { INT32_MIN, INT32_MAX, -1000000, 1 << 20 };

		if (v8_numbers[i].field == offsetof(struct v8_layout, minor))
			continue;
		for (size_t o = 0; o < sizeof(odd) / sizeof(odd[0]); o++) {
			struct snapshot *snapshot =
				snapshot_open(found.gl_pathv[found.gl_pathc - 1]);

			*(int32_t *)((char *)&snapshot->heap.layout + v8_numbers[i].field) = odd[o];
			assert_int_equal(v8_layout_complete(&snapshot->heap.layout), -ENOTSUP);
			snapshot_close(snapshot);
		}
	}
	globfree(&found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded_stacks),
		cmocka_unit_test(test_moved_functions),
		cmocka_unit_test(test_functions_that_are_gone),
		cmocka_unit_test(test_spoiled_memory),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_hostile_strings),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_baseline_offsets),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_odd_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
