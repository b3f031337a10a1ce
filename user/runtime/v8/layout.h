/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - where V8 keeps what, by the numbers that it exports for debuggers
 * (v8dbg_*, V8's tools/gen-postmortem-metadata.py), and by its version where it
 * exports none. Offsets are from the start of an object, in bytes.
 */
#ifndef BLOCKPROF_RUNTIME_V8_LAYOUT_H
#define BLOCKPROF_RUNTIME_V8_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct v8_layout {
	int32_t major; /* of V8, not of Node.js */
	int32_t minor;
	/* from the frame pointer */
	int32_t fp_context;
	int32_t fp_function;
	int32_t fp_bytecode;
	int32_t fp_bytecode_offset;
	/* instance types */
	int32_t type_map;
	int32_t type_function_first;
	int32_t type_function_last;
	int32_t type_shared;
	int32_t type_shared_wrapper;
	int32_t type_script;
	int32_t type_debug_info;
	int32_t type_scope_info;
	int32_t type_bytecode;
	int32_t type_code;
	int32_t type_instructions; /* the object around code that was made at run time */
	int32_t type_byte_array;
	int32_t type_trusted_byte_array;
	int32_t types_string_end; /* all below are strings */
	/* fields */
	int32_t map_instance_type;
	int32_t function_shared;
	int32_t shared_name;
	int32_t shared_script;
	int32_t script_source;
	int32_t script_name;
	int32_t script_line_ends;
	int32_t bytecode_data;
	int32_t bytecode_positions;
	int32_t code_deoptimization; /* of baseline code: its bytecode */
	int32_t code_positions; /* of baseline code: its table of bytecode offsets */
	int32_t code_start; /* 0: the code stands in the object, behind code_header */
	int32_t code_header;
	int32_t code_size;
	int32_t instructions_code; /* 0: the object is the Code itself */
	/* elements of the array of deoptimisation data */
	int32_t deoptimization_literals;
	int32_t deoptimization_shared;
	int32_t deoptimization_inlining;
	/* what only the version says */
	bool scope_flags_are_smi; /* else a 32-bit number */
	bool scope_has_positions_first;
	int32_t scope_function; /* ScopeType::FUNCTION_SCOPE */
	bool positions_have_two_bits; /* see v8_position_find() */
};

/* One number: the symbol that has it, and where it goes. */
struct v8_number {
	const char *symbol;
	size_t field; /* offset of an int32_t in struct v8_layout */
};

extern const struct v8_number v8_numbers[];
extern const size_t v8_numbers_nr;

/*
 * Fills what has no number (those are -1) for the version, which must be known.
 * 0, or -ENOTSUP: a version that is not known, or numbers that do not fit it.
 */
int v8_layout_complete(struct v8_layout *layout);

#endif
