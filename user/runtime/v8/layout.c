// SPDX-License-Identifier: GPL-2.0-or-later
/* layout.c - the symbols of V8's numbers, and what only the version says. */
#include "runtime/v8/layout.h"

#include <errno.h>

#define MAJOR_MIN      10 /* Node.js 18 */
#define MAJOR_MAX      15
#define FIELD_MAX      512 /* no field that is read is further from its object's start */
#define FUNCTION_TYPES 17 /* functions, class constructors, constructors of typed arrays, ... */
#define TYPE_MAX       0xffff

#define FIELD(name) offsetof(struct v8_layout, name)

const struct v8_number v8_numbers[] = {
	{ "_ZN2v88internal7Version6major_E", FIELD(major) },
	{ "_ZN2v88internal7Version6minor_E", FIELD(minor) },
	{ "v8dbg_off_fp_context", FIELD(fp_context) },
	{ "v8dbg_off_fp_function", FIELD(fp_function) },
	{ "v8dbg_off_fp_bytecode_array", FIELD(fp_bytecode) },
	{ "v8dbg_off_fp_bytecode_offset", FIELD(fp_bytecode_offset) },
	{ "v8dbg_type_Map__MAP_TYPE", FIELD(type_map) },
	/* the first of its kind, where the next is not exported */
	{ "v8dbg_type_JSFunction__JS_FUNCTION_TYPE", FIELD(type_function_first) },
	{ "v8dbg_FirstJSFunctionType", FIELD(type_function_first) },
	{ "v8dbg_LastJSFunctionType", FIELD(type_function_last) },
	{ "v8dbg_type_SharedFunctionInfo__SHARED_FUNCTION_INFO_TYPE", FIELD(type_shared) },
	{ "v8dbg_type_SharedFunctionInfoWrapper__SHARED_FUNCTION_INFO_WRAPPER_TYPE",
	  FIELD(type_shared_wrapper) },
	{ "v8dbg_type_Script__SCRIPT_TYPE", FIELD(type_script) },
	{ "v8dbg_type_DebugInfo__DEBUG_INFO_TYPE", FIELD(type_debug_info) },
	{ "v8dbg_type_ScopeInfo__SCOPE_INFO_TYPE", FIELD(type_scope_info) },
	{ "v8dbg_type_BytecodeArray__BYTECODE_ARRAY_TYPE", FIELD(type_bytecode) },
	{ "v8dbg_type_Code__CODE_TYPE", FIELD(type_code) },
	{ "v8dbg_type_InstructionStream__INSTRUCTION_STREAM_TYPE", FIELD(type_instructions) },
	{ "v8dbg_type_ByteArray__BYTE_ARRAY_TYPE", FIELD(type_byte_array) },
	{ "v8dbg_type_TrustedByteArray__TRUSTED_BYTE_ARRAY_TYPE", FIELD(type_trusted_byte_array) },
	{ "v8dbg_FirstNonstringType", FIELD(types_string_end) },
	{ "v8dbg_class_Map__instance_type__uint16_t", FIELD(map_instance_type) },
	{ "v8dbg_class_JSFunction__shared__SharedFunctionInfo", FIELD(function_shared) },
	/* each version spells the type of the field in its own way */
	{ "v8dbg_class_SharedFunctionInfo__name_or_scope_info__Object", FIELD(shared_name) },
	{ "v8dbg_class_SharedFunctionInfo__name_or_scope_info__Tagged_Object_",
	  FIELD(shared_name) },
	{ "v8dbg_class_SharedFunctionInfo__name_or_scope_info__Tagged_NameOrScopeInfoT_",
	  FIELD(shared_name) },
	{ "v8dbg_class_SharedFunctionInfo__script_or_debug_info__HeapObject",
	  FIELD(shared_script) },
	{ "v8dbg_class_SharedFunctionInfo__script__Tagged_HeapObject_", FIELD(shared_script) },
	{ "v8dbg_class_Script__source__Object", FIELD(script_source) },
	{ "v8dbg_class_Script__name__Object", FIELD(script_name) },
	{ "v8dbg_class_Script__line_ends__Object", FIELD(script_line_ends) },
	{ "v8dbg_class_BytecodeArray__data__uintptr_t", FIELD(bytecode_data) },
	{ "v8dbg_DeoptimizationDataLiteralArrayIndex", FIELD(deoptimization_literals) },
	{ "v8dbg_DeoptimizationDataSharedFunctionInfoIndex", FIELD(deoptimization_shared) },
	{ "v8dbg_DeoptimizationDataWrappedSharedFunctionInfoIndex", FIELD(deoptimization_shared) },
	{ "v8dbg_DeoptimizationDataInliningPositionsIndex", FIELD(deoptimization_inlining) },
};

const size_t v8_numbers_nr = sizeof(v8_numbers) / sizeof(v8_numbers[0]);

static void either(int32_t *field, int32_t value)
{
	if (*field == -1)
		*field = value;
}

/*
 * src/objects/code.h and code.tq: in 10 the instructions stand in the Code
 * object; from 11 on in an InstructionStream, which points to its Code.
 */
static void complete_code(struct v8_layout *layout)
{
	bool old = layout->major <= 11;

	layout->code_deoptimization = old ? 16 : 8;
	layout->code_positions = old ? 24 : 16;
	layout->code_header = 128;
	layout->code_start = layout->major == 10 ? 0 : 40;
	layout->instructions_code = layout->major == 10 ? 0 : 8;
	if (layout->major == 10) {
		layout->code_size = 40;
		layout->type_instructions = layout->type_code;
	} else {
		layout->code_size = layout->major == 12 ? 52 : 56;
	}
}

/* Every number that is used is where an object or a frame can have it. */
static int check(const struct v8_layout *layout)
{
	const char *bytes = (const char *)layout;

	for (size_t at = FIELD(type_map); at <= FIELD(types_string_end); at += sizeof(int32_t)) {
		int32_t type = *(const int32_t *)(bytes + at);

		/* -1: a type that this version does not have */
		if (type < -1 || type > TYPE_MAX)
			return -ENOTSUP;
	}
	for (size_t at = FIELD(map_instance_type); at <= FIELD(deoptimization_inlining);
	     at += sizeof(int32_t)) {
		int32_t field = *(const int32_t *)(bytes + at);

		if (field < 0 || field > FIELD_MAX)
			return -ENOTSUP;
	}
	for (size_t at = FIELD(fp_context); at <= FIELD(fp_bytecode_offset);
	     at += sizeof(int32_t)) {
		int32_t field = *(const int32_t *)(bytes + at);

		if (field >= 0 || field < -FIELD_MAX || field % 8)
			return -ENOTSUP;
	}
	return layout->type_map < 0 || layout->type_function_first < 0 || layout->type_shared < 0 ||
			       layout->type_bytecode < 0 || layout->types_string_end <= 0
		       ? -ENOTSUP
		       : 0;
}

int v8_layout_complete(struct v8_layout *layout)
{
	bool newer = layout->major >= 13;

	if (layout->major < MAJOR_MIN || layout->major > MAJOR_MAX)
		return -ENOTSUP;
	either(&layout->map_instance_type, 12);
	either(&layout->types_string_end, 128);
	either(&layout->type_function_last, layout->type_function_first + FUNCTION_TYPES - 1);
	either(&layout->function_shared, layout->major <= 11 ? 24 : 32);
	either(&layout->shared_name, newer ? 24 : 16);
	either(&layout->shared_script, newer ? 40 : 32);
	either(&layout->script_source, 8);
	either(&layout->script_name, 16);
	either(&layout->script_line_ends, 56);
	either(&layout->bytecode_data, layout->major <= 11 ? 54 : 64);
	/* src/objects/bytecode-array.tq: behind the wrapper from 12 on */
	layout->bytecode_positions = layout->major <= 11 ? 32 : 24;
	either(&layout->deoptimization_literals, newer ? 3 : 2);
	either(&layout->deoptimization_shared, newer ? 7 : 6);
	either(&layout->deoptimization_inlining, newer ? 8 : 7);
	complete_code(layout);
	/* src/objects/scope-info.tq */
	layout->scope_flags_are_smi = !newer;
	layout->scope_has_positions_first = newer;
	layout->scope_function = newer ? 4 : 2;
	/* src/codegen/source-position-table.cc */
	layout->positions_have_two_bits = layout->major >= 14;
	return check(layout);
}
