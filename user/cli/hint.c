// SPDX-License-Identifier: GPL-2.0-or-later
/* hint.c - which programs make code at run time, and how each of them is made to write its names down. */
#include "cli/hint.h"

#include <stdio.h>
#include <string.h>

#include "base/strings.h"

static const struct machine {
	const char *library; /* the begin of its name */
	const char *advice; /* one %d: the pid */
} machines[] = {
	{
		.library = "libjvm.so",
		.advice = "has Java code without names: run jcmd %d Compiler.perfmap; "
			  "whole stacks take java -XX:+PreserveFramePointer",
	},
	{
		.library = "libcoreclr.so",
		.advice = "has .NET code without names: start it with DOTNET_PerfMapEnabled=1",
	},
	{
		.library = "libluajit",
		.advice = "has Lua code without names: LuaJIT has to be built with "
			  "-DLUAJIT_USE_PERFTOOLS",
	},
};

static bool is_nameless(const struct frame *frame)
{
	return frame->kind == FRAME_NATIVE &&
	       (starts_with(frame->fn, "[anon") || starts_with(frame->fn, "memfd:")) &&
	       strstr(frame->fn, "+0x");
}

static bool is_of(const struct machine *machine, const struct frame *frame)
{
	const char *base = frame->module ? strrchr(frame->module, '/') : NULL;

	return base && starts_with(base + 1, machine->library);
}

/* Does a stack have code without names in it that this machine made? Further out are its own frames, if they are found. */
static bool is_meant(const struct hints *hints, const struct machine *machine, pid_t pid,
		     const struct stack *stack)
{
	bool nameless = false, by_machine = false;

	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		nameless = nameless || is_nameless(&stack->frames[i]);
		by_machine = by_machine || is_of(machine, &stack->frames[i]);
	}
	return nameless && (by_machine || hints->has_mapped(hints->context, pid, machine->library));
}

bool hint_of(struct hints *hints, const struct stall_record *stall, char text[HINT_BYTES])
{
	for (size_t i = 0; i < stall->slices.nr; i++)
		for (unsigned int m = 0; m < sizeof(machines) / sizeof(machines[0]); m++) {
			int length;

			if (hints->given & 1u << m ||
			    !is_meant(hints, &machines[m], stall->id.pid, stall->slices.v[i].stack))
				continue;
			hints->given |= 1u << m;
			length = snprintf(text, HINT_BYTES, "process %d ", stall->id.pid);
			snprintf(text + length, HINT_BYTES - (size_t)length, machines[m].advice,
				 stall->id.pid);
			return true;
		}
	return false;
}
