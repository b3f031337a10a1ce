// SPDX-License-Identifier: GPL-2.0-or-later
/* function.c - where a function's name stands: with it, or in its ScopeInfo. */
#include "runtime/v8/function.h"

#include <errno.h>

#define WRAPPER_SHARED	  8 /* SharedFunctionInfoWrapper::shared_info */
#define DEBUG_INFO_SCRIPT 24 /* DebugInfo::script */

int v8_shared_of(const struct v8_heap *heap, uint64_t object, uint64_t *shared)
{
	const struct v8_layout *layout = &heap->layout;
	int32_t type;
	int err = v8_type(heap, object, &type);

	if (err)
		return err;
	if (type >= layout->type_function_first && type <= layout->type_function_last)
		err = v8_field(heap, object, layout->function_shared, shared);
	else if (type == layout->type_shared_wrapper)
		err = v8_field(heap, object, WRAPPER_SHARED, shared);
	else
		*shared = object;
	if (!err && !v8_is(heap, *shared, layout->type_shared))
		err = -EINVAL;
	return err;
}

/* src/objects/scope-info.tq: ScopeFlags. */
#define SCOPE_TYPE_MASK	   15
#define HAS_SAVED_CLASS	   (1u << 10)
#define FUNCTION_NAME_MASK (3u << 12)
#define HAS_INFERRED_NAME  (1u << 14)

#define SCOPE_FLAGS  8
#define SCOPE_LOCALS 24
#define SCOPE_REST   32
#define LOCALS_MAX   100000
#define LOCALS_INLINED_MAX \
	75 /* more have their names in a table: kScopeInfoMaxInlinedLocalNamesSize */
#define WORD 8

static int scope_flags(const struct v8_heap *heap, uint64_t scope, uint32_t *flags)
{
	uint64_t word;
	int32_t smi;
	int err = v8_field(heap, scope, SCOPE_FLAGS, &word);

	*flags = (uint32_t)word;
	if (err || !heap->layout.scope_flags_are_smi)
		return err;
	err = v8_smi(word, &smi);
	*flags = (uint32_t)smi;
	return err;
}

/* A string that is there and not empty. */
static int name_at(const struct v8_heap *heap, uint64_t object, int32_t offset, char *name,
		   size_t size)
{
	uint64_t string;
	int err = v8_field(heap, object, offset, &string);

	if (!err)
		err = v8_string(heap, string, name, size);
	return err ? err : name[0] ? 0 : -ENOENT;
}

/* The fields of a ScopeInfo are those that its flags say. */
static int scope_name(const struct v8_heap *heap, uint64_t scope, char *name, size_t size)
{
	int32_t at = SCOPE_REST, locals;
	uint32_t flags;
	uint64_t word;
	int err = scope_flags(heap, scope, &flags);

	if (!err)
		err = v8_field(heap, scope, SCOPE_LOCALS, &word);
	if (!err)
		err = v8_smi(word, &locals);
	if (err || locals < 0 || locals > LOCALS_MAX)
		return err ? err : -EINVAL;
	/* a module's, an eval's: the other scopes that have code have no name */
	if ((int32_t)(flags & SCOPE_TYPE_MASK) != heap->layout.scope_function)
		return -ENOENT;
	if (heap->layout.scope_has_positions_first)
		at += 2 * WORD;
	at += locals * WORD + (locals < LOCALS_INLINED_MAX ? locals * WORD : WORD);
	if (flags & HAS_SAVED_CLASS)
		at += WORD;
	err = -ENOENT;
	if (flags & FUNCTION_NAME_MASK) {
		err = name_at(heap, scope, at, name, size);
		at += 2 * WORD;
	}
	if (err && flags & HAS_INFERRED_NAME)
		err = name_at(heap, scope, at, name, size);
	return err;
}

int v8_shared_name(const struct v8_heap *heap, uint64_t shared, char *name, size_t size)
{
	uint64_t value;
	int err = v8_field(heap, shared, heap->layout.shared_name, &value);

	name[0] = '\0';
	if (err)
		return err;
	err = v8_is(heap, value, heap->layout.type_scope_info) ? scope_name(heap, value, name, size)
							       : v8_string(heap, value, name, size);
	if (err)
		name[0] = '\0';
	return 0;
}

int v8_shared_script(const struct v8_heap *heap, uint64_t shared, uint64_t *script)
{
	const struct v8_layout *layout = &heap->layout;
	int err = v8_field(heap, shared, layout->shared_script, script);

	/* a function that is debugged */
	if (!err && v8_is(heap, *script, layout->type_debug_info))
		err = v8_field(heap, *script, DEBUG_INFO_SCRIPT, script);
	return !err && v8_is(heap, *script, layout->type_script) ? 0 : -ENOENT;
}
