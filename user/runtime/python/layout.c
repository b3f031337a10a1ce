// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * layout.c - one row a minor version. The numbers are what the debug
 * information of release builds for x86-64 says (pahole/gdb "ptype /o"), from
 * 3.14 on offsetof() of the internal headers, and what the unit test finds in
 * running interpreters.
 */
#include "runtime/python/layout.h"

#include <errno.h>
#include <string.h>

/* struct _gil_runtime_state (pycore_gil.h), the same from 3.8 to 3.15. */
#define GIL_FIELDS .gil_bytes = 208, .gil_last_holder = 8, .gil_locked = 16

/* PyDictObject and PyDictKeysObject (pycore_dict.h) before and from 3.11. */
#define DICT_3_8                                                                          \
	.dict_keys = 32, .keys_nentries = 32, .keys_log2_index_bytes = 0, .keys_size = 8, \
	.keys_kind = 0, .keys_indices = 40
#define DICT_3_11                                                                         \
	.dict_keys = 32, .keys_nentries = 24, .keys_log2_index_bytes = 9, .keys_size = 0, \
	.keys_kind = 10, .keys_indices = 32

/* PyFrameObject of 3.8 to 3.10, to which thread states point. */
#define FRAME_3_8                                                                                \
	.interp_threads_head = 8, .tstate_next = 8, .tstate_thread_id = 176, .tstate_frame = 24, \
	.frame_back = 24, .frame_code = 32, .instr_is_lasti = 1

/* PyCodeObject before and from 3.11. */
#define CODE_3_8                                                                           \
	.code_filename = 104, .code_name = 112, .code_firstlineno = 40, .code_lines = 120, \
	.code_locals = 72, .code_flags_before = 4
#define CODE_3_11 .code_filename = 112, .code_name = 128, .code_lines = 136, .code_locals = 96

/* PyGenObject, and what of its frame says where it stands, before and from 3.11. */
#define CORO_3_8 .coro_frame = 16, .frame_valuestack = 64, .code_bytes = 48
#define CORO_3_12                                                                     \
	.coro_qualname = 32, .coro_frame = 72, .coro_state = 67, .coro_awaits_at = 1, \
	.frame_stacktop = 64

/* TaskObj (Modules/_asynciomodule.c) of 3.14 and 3.15. */
#define TASK_3_14 .task_coro = 128, .task_name = 136, .task_state = 104, .task_waiter = 120

static const struct py_layout layouts[] = {
	{
		.minor = 8,
		.lines = PY_LINES_LNOTAB,
		.instances = PY_INSTANCE_DICT,
		.runtime_interpreters = 32,
		.runtime_gil = 1152,
		.runtime_collecting = 544,
		.interp_modules = 56,
		.tstate_interp = 16,
		.tstate_dict = 152,
		.frame_locals = 360,
		CODE_3_8,
		.str_ascii = 48,
		.str_other = 72,
		.dict_values = 40,
		.type_cached_keys = 872,
		.tuple_items = 24,
		.coro_qualname = 56,
		CORO_3_8,
		.frame_state = 116,
		.frame_stacktop = 72,
		.task_coro = 112,
		.task_name = 120,
		.task_state = 72,
		.task_waiter = 104,
		.kernel = { .version = 0x0308, FRAME_3_8, .frame_instr = 104, GIL_FIELDS, DICT_3_8 },
	},
	{
		.minor = 9,
		.interp_collecting = 816,
		.lines = PY_LINES_LNOTAB,
		.instances = PY_INSTANCE_DICT,
		.runtime_interpreters = 32,
		.runtime_gil = 352,
		.interp_modules = 856,
		.tstate_interp = 16,
		.tstate_dict = 152,
		.frame_locals = 360,
		CODE_3_8,
		.str_ascii = 48,
		.str_other = 72,
		.dict_values = 40,
		.type_cached_keys = 864,
		.tuple_items = 24,
		.coro_qualname = 56,
		CORO_3_8,
		.frame_state = 116,
		.frame_stacktop = 72,
		.task_coro = 152,
		.task_name = 160,
		.task_state = 80,
		.task_waiter = 144,
		.kernel = { .version = 0x0309, FRAME_3_8, .frame_instr = 104, GIL_FIELDS, DICT_3_8 },
	},
	{
		.minor = 10,
		.interp_collecting = 816,
		.lines = PY_LINES_RANGES,
		.instances = PY_INSTANCE_DICT,
		.runtime_interpreters = 32,
		.runtime_gil = 352,
		.interp_modules = 856,
		.tstate_interp = 16,
		.tstate_dict = 152,
		.frame_locals = 352,
		CODE_3_8,
		.str_ascii = 48,
		.str_other = 72,
		.dict_values = 40,
		.type_cached_keys = 872,
		.tuple_items = 24,
		.coro_qualname = 48,
		CORO_3_8,
		.frame_state = 108,
		.frame_stacktop = 80,
		.task_coro = 160,
		.task_name = 168,
		.task_state = 88,
		.task_waiter = 152,
		.kernel = { .version = 0x030a, .tstate_cframe = 48, .cframe_previous = 8, FRAME_3_8, .frame_instr = 96, GIL_FIELDS, DICT_3_8 },
	},
	{
		.minor = 11,
		.interp_collecting = 848,
		.lines = PY_LINES_LOCATIONS,
		.instances = PY_INSTANCE_VALUES_OR_DICT,
		.runtime_interpreters = 40,
		.runtime_gil = 360,
		.interp_modules = 888,
		.tstate_interp = 16,
		.tstate_dict = 128,
		.frame_locals = 72,
		CODE_3_11,
		.code_firstlineno = 72,
		.code_flags_before = 24,
		.code_bytecode = 184,
		.str_ascii = 48,
		.str_other = 72,
		.dict_values = 40,
		.type_cached_keys = 872,
		.tuple_items = 24,
		.coro_qualname = 40,
		.coro_frame = 80,
		.coro_state = 75,
		.coro_awaits_at = 1,
		.coro_created = -2,
		.frame_stacktop = 64,
		.task_coro = 136,
		.task_name = 144,
		.task_state = 88,
		.task_waiter = 128,
		.kernel = {
			.version = 0x030b,
			.interp_threads_head = 16,
			.tstate_next = 8,
			.tstate_thread_id = 152,
			.tstate_frame = 56,
			.tstate_has_cframe = 1,
			.cframe_frame = 8,
			.tstate_cframe = 56,
			.cframe_previous = 16,
			.frame_back = 48,
			.frame_code = 32,
			.frame_instr = 56,
			.frame_owner = 69,
			.frame_is_entry = 68,
			GIL_FIELDS,
			DICT_3_11,
		},
	},
	{
		.minor = 12,
		.interp_collecting = 312,
		.lines = PY_LINES_LOCATIONS,
		.instances = PY_INSTANCE_TAGGED,
		.runtime_interpreters = 40,
		.interp_gil = 384,
		.interp_modules = 944,
		.tstate_interp = 16,
		.tstate_dict = 112,
		.frame_locals = 72,
		CODE_3_11,
		.code_firstlineno = 68,
		.code_flags_before = 20,
		.code_bytecode = 192,
		.str_ascii = 40,
		.str_other = 56,
		.long_digits_shift = 3,
		.dict_values = 40,
		.type_cached_keys = 880,
		.tuple_items = 24,
		CORO_3_12,
		.coro_created = -2,
		.task_coro = 136,
		.task_name = 144,
		.task_state = 88,
		.task_waiter = 128,
		.kernel = {
			.version = 0x030c,
			.interp_threads_head = 72,
			.tstate_next = 8,
			.tstate_thread_id = 136,
			.tstate_frame = 56,
			.tstate_has_cframe = 1,
			.cframe_frame = 0,
			.frame_back = 8,
			.frame_code = 0,
			.frame_instr = 56,
			.frame_owner = 70,
			.owner_cstack = 3,
			GIL_FIELDS,
			DICT_3_11,
		},
	},
	{
		.minor = 13,
		.lines = PY_LINES_LOCATIONS,
		.instances = PY_INSTANCE_INLINE,
		.runtime_interpreters = 632,
		.interp_gil = 16,
		.interp_next = 7264,
		.interp_modules = 7656,
		.tstate_interp = 16,
		.tstate_loop = 304,
		.frame_locals = 72,
		CODE_3_11,
		.code_firstlineno = 68,
		.code_flags_before = 20,
		.code_bytecode = 200,
		.str_ascii = 40,
		.str_other = 56,
		.long_digits_shift = 3,
		.dict_values = 40,
		.values_header = 8,
		.type_cached_keys = 880,
		.tuple_items = 24,
		CORO_3_12,
		.coro_created = -3,
		.coro_awaiting = -1,
		.task_coro = 120,
		.task_name = 128,
		.task_state = 96,
		.task_waiter = 112,
		.kernel = {
			.version = 0x030d,
			.interp_threads_head = 7344,
			.tstate_next = 8,
			.tstate_thread_id = 152,
			.tstate_frame = 72,
			.frame_back = 8,
			.frame_code = 0,
			.frame_instr = 56,
			.frame_owner = 70,
			.owner_cstack = 3,
			GIL_FIELDS,
			DICT_3_11,
		},
	},
	{
		.minor = 14,
		.lines = PY_LINES_LOCATIONS,
		.instances = PY_INSTANCE_INLINE,
		.runtime_interpreters = 808,
		.interp_gil = 16,
		.interp_next = 7272,
		.interp_modules = 7688,
		.tstate_interp = 16,
		.frame_locals = 80,
		CODE_3_11,
		.code_firstlineno = 68,
		.code_flags_before = 20,
		.code_bytecode = 208,
		.str_ascii = 40,
		.str_other = 56,
		.long_digits_shift = 3,
		.dict_values = 40,
		.values_header = 8,
		.type_cached_keys = 880,
		.tuple_items = 32,
		CORO_3_12,
		.coro_created = -3,
		.coro_awaiting = -1,
		TASK_3_14,
		.kernel = {
			.version = 0x030e,
			.interp_threads_head = 7344,
			.tstate_next = 8,
			.tstate_thread_id = 152,
			.tstate_frame = 72,
			.frame_back = 8,
			.frame_code = 0,
			.frame_instr = 56,
			.frame_owner = 74,
			.owner_cstack = 3,
			GIL_FIELDS,
			DICT_3_11,
		},
	},
	{
		.minor = 15,
		.lines = PY_LINES_LOCATIONS,
		.instances = PY_INSTANCE_INLINE,
		.runtime_interpreters = 936,
		.interp_gil = 16,
		.interp_next = 7264,
		.interp_modules = 7592,
		.tstate_interp = 16,
		.frame_locals = 80,
		CODE_3_11,
		.code_firstlineno = 68,
		.code_flags_before = 20,
		.code_bytecode = 208,
		.str_ascii = 40,
		.str_other = 56,
		.long_digits_shift = 3,
		.dict_values = 40,
		.values_header = 8,
		.type_cached_keys = 888,
		.tuple_items = 32,
		.coro_qualname = 32,
		.coro_frame = 72,
		.coro_state = 67,
		.coro_awaits_at = 2,
		.frame_stacktop = 64,
		.coro_awaiting = 2,
		.coro_executing = 4,
		TASK_3_14,
		.kernel = {
			.version = 0x030f,
			.interp_threads_head = 7336,
			.tstate_next = 8,
			.tstate_thread_id = 176,
			.tstate_frame = 72,
			.frame_back = 8,
			.frame_code = 0,
			.frame_instr = 56,
			.frame_owner = 74,
			.owner_cstack = 3,
			GIL_FIELDS,
			DICT_3_11,
		},
	},
};

const struct py_layout *py_layout_of(unsigned int minor)
{
	if (minor < PY_MINOR_MIN || minor > PY_MINOR_MAX)
		return NULL;
	return &layouts[minor - PY_MINOR_MIN];
}

/* Offsets in _Py_DebugOffsets itself (pycore_runtime.h of 3.13, then pycore_debug_offsets.h). */
#define DEBUG_COOKIE	    "xdebugpy"
#define DEBUG_VERSION	    8
#define DEBUG_FREE_THREADED 16
#define DEBUG_BYTES	    1024 /* more than any has: in all of them _PyRuntime goes on behind it */

/* It grew in the middle, and does not say its length: one column for each of 3.13, 3.14 and 3.15. */
#define DEBUG_MINOR_MIN 13
#define DEBUG_VERSIONS	(PY_MINOR_MAX - DEBUG_MINOR_MIN + 1)

#define FIELD(name) offsetof(struct py_layout, name)

/*
 * Which field of the layout stands where. Those of one structure stand behind
 * its size, which each of them must be below. 0: it is not there.
 */
static const struct {
	size_t field;
	unsigned short size_at[DEBUG_VERSIONS];
	unsigned short at[DEBUG_VERSIONS];
} debug_fields[] = {
	{ FIELD(runtime_interpreters), { 24, 24, 24 }, { 40, 40, 40 } },
	{ FIELD(interp_next), { 48, 48, 48 }, { 64, 64, 64 } },
	{ FIELD(kernel.interp_threads_head), { 48, 48, 48 }, { 72, 72, 72 } },
	{ FIELD(interp_modules), { 48, 48, 48 }, { 88, 96, 96 } },
	{ FIELD(interp_gil), { 48, 48, 48 }, { 112, 120, 120 } },
	{ FIELD(kernel.tstate_next), { 152, 176, 176 }, { 168, 192, 192 } },
	{ FIELD(tstate_interp), { 152, 176, 176 }, { 176, 200, 200 } },
	{ FIELD(kernel.tstate_frame), { 152, 176, 176 }, { 184, 208, 208 } },
	{ FIELD(kernel.tstate_thread_id), { 152, 176, 176 }, { 192, 216, 240 } },
	{ FIELD(kernel.frame_back), { 224, 248, 312 }, { 232, 256, 320 } },
	{ FIELD(kernel.frame_code), { 224, 248, 312 }, { 240, 264, 328 } },
	{ FIELD(kernel.frame_instr), { 224, 248, 312 }, { 248, 272, 336 } },
	{ FIELD(frame_locals), { 224, 248, 312 }, { 256, 280, 344 } },
	{ FIELD(kernel.frame_owner), { 224, 248, 312 }, { 264, 288, 352 } },
	{ FIELD(frame_stacktop), { 0, 248, 312 }, { 0, 296, 360 } },
	{ FIELD(code_filename), { 272, 312, 376 }, { 280, 320, 384 } },
	{ FIELD(code_name), { 272, 312, 376 }, { 296, 336, 400 } },
	{ FIELD(code_lines), { 272, 312, 376 }, { 304, 344, 408 } },
	{ FIELD(code_firstlineno), { 272, 312, 376 }, { 312, 352, 416 } },
	{ FIELD(code_locals), { 272, 312, 376 }, { 328, 368, 432 } },
	{ FIELD(code_bytecode), { 272, 312, 376 }, { 344, 384, 448 } },
	{ FIELD(tuple_items), { 400, 448, 544 }, { 408, 456, 552 } },
	{ FIELD(coro_frame), { 0, 664, 792 }, { 0, 680, 808 } },
	{ FIELD(coro_state), { 0, 664, 792 }, { 0, 688, 816 } },
};

/* Of a thread state of 3.13, behind whose public part its running loop is (struct _PyThreadStateImpl). */
#define DEBUG_TSTATE_SIZE 152
#define DEBUG_INTERP_SIZE 48
#define TSTATE_BYTES_MAX  4096

/* The same in all: where these stand. */
static const unsigned short debug_object_size[DEBUG_VERSIONS] = { 352, 400, 464 };
static const unsigned short debug_object_type[DEBUG_VERSIONS] = { 360, 408, 472 };

static uint64_t debug_value(const unsigned char *bytes, size_t at)
{
	uint64_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

int py_debug_offsets_read(const struct memory *memory, uint64_t runtime,
			  struct py_debug_offsets *out)
{
	unsigned char bytes[DEBUG_FREE_THREADED + 8];
	int err = memory_read(memory, runtime, bytes, sizeof(bytes));

	if (err)
		return err;
	if (memcmp(bytes, DEBUG_COOKIE, strlen(DEBUG_COOKIE)))
		return -ENOENT;
	out->version = (uint32_t)debug_value(bytes, DEBUG_VERSION);
	out->free_threaded = debug_value(bytes, DEBUG_FREE_THREADED) != 0;
	return 0;
}

/* It stands in the interpreter's gc: both offsets as the interpreter says them. 0: they make no sense. */
static unsigned int debug_collecting(const unsigned char *bytes, size_t column)
{
	static const unsigned short gc_at[DEBUG_VERSIONS] = { 80, 88, 88 };
	static const unsigned short size_at[DEBUG_VERSIONS] = { 568, 648, 752 };
	uint64_t interp_size = debug_value(bytes, DEBUG_INTERP_SIZE);
	uint64_t gc = debug_value(bytes, gc_at[column]);
	uint64_t size = debug_value(bytes, size_at[column]);
	uint64_t collecting = debug_value(bytes, size_at[column] + sizeof(size));

	if (interp_size > PY_INTERPRETER_BYTES_MAX || gc >= interp_size ||
	    size > interp_size - gc || collecting >= size || collecting % sizeof(int))
		return 0;
	return (unsigned int)(gc + collecting);
}

int py_layout_refine(struct py_layout *layout, const struct memory *memory, uint64_t runtime)
{
	size_t column = layout->minor - DEBUG_MINOR_MIN;
	unsigned char bytes[DEBUG_BYTES];
	int err;

	if (layout->minor < DEBUG_MINOR_MIN || column >= DEBUG_VERSIONS)
		return -ENOTSUP;
	err = memory_read(memory, runtime, bytes, sizeof(bytes));
	if (err)
		return err;
	if (debug_value(bytes, debug_object_size[column]) != PY_VAR_SIZE ||
	    debug_value(bytes, debug_object_type[column]) != PY_OBJECT_TYPE)
		return -ENOTSUP;

	for (size_t i = 0; i < sizeof(debug_fields) / sizeof(debug_fields[0]); i++) {
		size_t at = debug_fields[i].at[column];
		uint64_t value, size;
		unsigned int offset;

		if (!at)
			continue;
		value = debug_value(bytes, at);
		size = debug_value(bytes, debug_fields[i].size_at[column]);
		if (size > PY_INTERPRETER_BYTES_MAX || value >= size)
			return -ENOTSUP;
		offset = (unsigned int)value;
		memcpy((char *)layout + debug_fields[i].field, &offset, sizeof(offset));
	}
	layout->interp_collecting = debug_collecting(bytes, column);
	if (layout->tstate_loop) {
		uint64_t size = debug_value(bytes, DEBUG_TSTATE_SIZE);

		if (size > TSTATE_BYTES_MAX || size % sizeof(uint64_t))
			return -ENOTSUP;
		layout->tstate_loop = (unsigned int)size;
	}
	return 0;
}
