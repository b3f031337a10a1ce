// SPDX-License-Identifier: GPL-2.0-or-later
/* javascript.c - which native frames are JavaScript's. */
#include "capture/javascript.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/strings.h"
#include "capture/namer.h"

/* What V8's own code, made when it was built, is called: src/builtins. */
#define BUILTIN "Builtins_"

/* Where the program is stripped, its builtins have no names, as other functions have none. */
static bool is_nameless_node(const struct symbol *symbol)
{
	const char *slash = symbol->module ? strrchr(symbol->module, '/') : NULL;

	return slash && (starts_with(slash, "/node") || starts_with(slash, "/libnode.so")) &&
	       strstr(symbol->fn, "+0x");
}

static bool is_made(const struct symbol *symbol)
{
	return symbol->jit || (symbol->module && starts_with(symbol->module, "[anon"));
}

/* "map" of Builtins_ArrayMap is "Array.map", as it is in a stack of the program's own. */
static void name_builtin(const char *builtin, struct v8_frame *frame)
{
	static const char prototype[] = "Prototype";
	size_t owner = strlen(builtin), length = strlen(frame->fn);
	char name[V8_NAME_BYTES];

	if (owner <= length || strcmp(builtin + owner - length + 1, frame->fn + 1) ||
	    builtin[owner - length] != toupper((unsigned char)frame->fn[0]))
		return;
	owner -= length;
	if (owner > strlen(prototype) &&
	    starts_with(builtin + owner - strlen(prototype), prototype))
		owner -= strlen(prototype);
	if (snprintf(name, sizeof(name), "%.*s.%s", (int)owner, builtin, frame->fn) <
	    (int)sizeof(name))
		memcpy(frame->fn, name, sizeof(name));
}

/* It stays the same for a stack: namer_v8() asks whether the process is still the same one. */
static struct v8 *v8_of(struct javascript *javascript, struct namer *namer, pid_t pid)
{
	if (!javascript->asked)
		javascript->v8 = namer_v8(namer, pid, &javascript->unread);
	javascript->asked = true;
	return javascript->v8;
}

/*
 * V8 did not come in time. What stands for functions is counted: interpreted ones by what enters
 * them, those that code was made for where something of V8's is on the same stack.
 */
static void count_unread(struct javascript *javascript, const struct symbol *symbol)
{
	if (starts_with(symbol->fn, BUILTIN))
		javascript->is_v8 = true;
	if (starts_with(symbol->fn, BUILTIN "InterpreterEntryTrampoline") || is_made(symbol))
		javascript->nr_unread++;
}

int javascript_frames(struct javascript *javascript, struct namer *namer,
		      const struct raw_stack *raw, const struct native_frame *native,
		      struct symbol *symbol)
{
	const struct bp_stack_copy *copy = raw->copy;
	bool builtin = starts_with(symbol->fn, BUILTIN), made = is_made(symbol);
	struct v8_native what = {
		.addr = native->addr,
		.fp = native->fp,
		.exact = native->flags & NATIVE_EXACT,
		.made = made,
		.builtin = builtin,
		.stack = copy ? copy->stack : NULL,
		.stack_bytes = copy ? copy->bytes : 0,
		.sp = copy ? copy->regs.reg[BP_REGISTER_SP] : 0,
	};
	char name[V8_NAME_BYTES];
	struct v8 *v8;
	int nr;

	if (!builtin && !made && !is_nameless_node(symbol))
		return -ENOENT;
	/* a builtin that has no frame of its own is in that of its caller, which comes next */
	if (builtin && native->fp && native->fp == javascript->fp)
		return 0;
	snprintf(name, sizeof(name), "%s", symbol->fn);
	v8 = v8_of(javascript, namer, raw->pid);
	if (!v8 && javascript->unread)
		count_unread(javascript, symbol);
	nr = v8 ? v8_frames(v8, &what, javascript->frames, JAVASCRIPT_INLINED_MAX) : -ENOENT;
	javascript->fp = nr > 0 ? native->fp : 0;
	for (int i = 0; i < nr; i++)
		javascript->nr_unread += javascript->frames[i].unread;
	if (nr > 0 && builtin && !javascript->frames[0].file[0])
		name_builtin(name + strlen(BUILTIN), &javascript->frames[0]);
	if (nr > 0 || (v8 && builtin))
		return nr > 0 ? nr : 0;
	/* asking about V8 may have taken the place of the name */
	symbols_user(namer_symbols(namer), raw->pid, native->addr,
		     native->flags & NATIVE_EXACT ? 0 : SYMBOL_UNWOUND, symbol);
	return -ENOENT;
}

void javascript_end(struct javascript *javascript, struct namer *namer)
{
	for (unsigned int i = 0; i < javascript->nr_unread; i++)
		if (javascript->v8 || javascript->is_v8)
			namer_count_unread(namer, FRAME_JS);
	if (javascript->v8)
		v8_stack_end(javascript->v8);
}
