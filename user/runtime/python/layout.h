/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layout.h - where things are in the structures of one CPython minor version (LP64, release, GIL). */
#ifndef BLOCKPROF_RUNTIME_PYTHON_LAYOUT_H
#define BLOCKPROF_RUNTIME_PYTHON_LAYOUT_H

#include "base/memory.h"
#include "bpf/abi.h"

#define PY_MINOR_MIN 8
#define PY_MINOR_MAX 15

enum py_line_format {
	PY_LINES_LNOTAB, /* <= 3.9: Objects/lnotab_notes.txt of 3.9 */
	PY_LINES_RANGES, /* 3.10: PEP 626, Objects/lnotab_notes.txt of 3.10 */
	PY_LINES_LOCATIONS, /* >= 3.11: PEP 657, Objects/locations.md */
};

/* Where the attributes of an instance are. */
enum py_instance_format {
	PY_INSTANCE_DICT, /* a dict at tp_dictoffset */
	PY_INSTANCE_VALUES_OR_DICT, /* 3.11: values at -32 or a dict at -24 */
	PY_INSTANCE_TAGGED, /* 3.12: one word at -24, bit 0 says values */
	PY_INSTANCE_INLINE, /* 3.13: a dict at -24, else values behind the object */
};

/* Offsets in bytes. */
struct py_layout {
	unsigned int minor;
	enum py_line_format lines;
	enum py_instance_format instances;

	unsigned int runtime_interpreters; /* interpreters.head */
	unsigned int runtime_gil; /* the struct; 0: it is the interpreter's */
	unsigned int interp_gil; /* pointer to the struct */
	unsigned int interp_next;
	unsigned int interp_modules;
	/* The int that says that the collector runs; both 0: not known. */
	unsigned int runtime_collecting; /* 3.8 */
	unsigned int interp_collecting;
	unsigned int tstate_interp;
	unsigned int
		tstate_dict; /* <= 3.12: has the loop that the thread runs, among other things */
	unsigned int tstate_loop; /* 3.13: that loop, the first of what is behind the public part */

	unsigned int frame_locals;

	unsigned int code_filename;
	unsigned int code_name; /* the qualified name where there is one */
	unsigned int code_firstlineno;
	unsigned int code_flags_before; /* that: co_flags */
	unsigned int code_lines;
	unsigned int code_locals; /* names of local variables */
	unsigned int code_bytecode; /* 0: frames hold lasti */

	unsigned int str_ascii; /* data of compact ASCII strings */
	unsigned int str_other; /* data of other compact strings; of the rest, the pointer to it */
	unsigned int long_digits_shift; /* number of digits is the word at 16 shifted by this */
	unsigned int dict_values; /* PyDictObject.ma_values */
	unsigned int values_header; /* bytes before the first value */
	unsigned int type_cached_keys; /* PyHeapTypeObject.ht_cached_keys */

	unsigned int tuple_items;

	unsigned int coro_qualname;
	unsigned int coro_frame; /* pointer to the frame; from 3.11 on the frame itself */
	unsigned int coro_state; /* 3.11 on: a signed byte */
	int coro_created; /* its value before the start */
	int coro_awaiting; /* and in a yield from or await; 0: the instruction says it */
	int coro_executing; /* and while it runs; larger ones have ended */
	unsigned int coro_awaits_at; /* what it awaits, counted in objects from its stack's top */
	unsigned int frame_state; /* <= 3.9: a byte, it runs; 3.10: a signed byte */
	unsigned int frame_valuestack; /* <= 3.10: pointer to the bottom of its stack */
	unsigned int
		frame_stacktop; /* <= 3.9, >= 3.14: pointer; number of objects, from 3.11 on with locals */
	unsigned int code_bytes; /* <= 3.10: the bytes object of its instructions */
	unsigned int task_coro;
	unsigned int task_name;
	unsigned int task_state;
	unsigned int task_waiter;

	struct bp_python kernel; /* its addresses are 0 here */
};

/* The same in every supported version (Include/object.h and friends). */
#define PY_INTERPRETERS_MAIN 8 /* interpreters.main, from interpreters.head */
#define PY_OBJECT_TYPE	     8
#define PY_VAR_SIZE	     16 /* ob_size of tuple, bytes, code */
#define PY_BYTES_DATA	     32
#define PY_FLOAT_VALUE	     16
#define PY_LONG_DIGITS	     24
#define PY_MODULE_DICT	     16
#define PY_TYPE_NAME	     24
#define PY_TYPE_BASICSIZE    32
#define PY_TYPE_FLAGS	     168
#define PY_TYPE_BASE	     256
#define PY_TYPE_DICTOFFSET   288
#define PY_EPOLL_FD	     16
#define PY_WEAKREF_OBJECT    16
#define PY_TASK_LOOP	     16 /* futures and tasks of _asyncio */
#define PY_WRAPPED	     16 /* what FutureIter, coroutine_wrapper, asend() and the like stand for */
#define PY_LIST_ITEMS	     24

/* No interpreter's state is as large, and nothing in an interpreter is larger. */
#define PY_INTERPRETER_BYTES_MAX (1u << 20)

/* tp_flags (Include/object.h). */
#define PY_FLAG_INLINE_VALUES (1ul << 2) /* 3.13 */
#define PY_FLAG_MANAGED_DICT  (1ul << 4) /* 3.11 on */
#define PY_FLAG_HEAP_TYPE     (1ul << 9)
#define PY_FLAG_READY	      (1ul << 12)
#define PY_FLAG_LONG	      (1ul << 24)
#define PY_FLAG_TUPLE	      (1ul << 26)
#define PY_FLAG_BYTES	      (1ul << 27)
#define PY_FLAG_STR	      (1ul << 28)
#define PY_FLAG_DICT	      (1ul << 29)

/* NULL: not a version that can be read. */
const struct py_layout *py_layout_of(unsigned int minor);

/* Objects in frames from 3.14 on have marks in their lowest bits (pycore_stackref.h). */
#define PY_REF_MARKS  3ull
#define PY_REF_IS_INT 3ull

/* The object a frame's slot refers to; 0: none. */
static inline uint64_t py_ref_object(uint64_t ref)
{
	return (ref & PY_REF_MARKS) == PY_REF_IS_INT ? 0 : ref & ~PY_REF_MARKS;
}

/*
 * What _Py_DebugOffsets (3.13 on) at the start of _PyRuntime says. version is
 * a PY_VERSION_HEX. -ENOENT: there is none.
 */
struct py_debug_offsets {
	uint32_t version;
	int free_threaded;
};

int py_debug_offsets_read(const struct memory *memory, uint64_t runtime,
			  struct py_debug_offsets *out);

/* Takes the offsets of a 3.13 or later from its own _Py_DebugOffsets. -ENOTSUP: they make no sense. */
int py_layout_refine(struct py_layout *layout, const struct memory *memory, uint64_t runtime);

#endif
