// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/hint.h"

#include <stdio.h>
#include <string.h>

#include "base/strings.h"

/* Who makes code at run time and can be asked to say what it is. */
static const struct machine {
	const char *library; /* begin of its name */
	const char *runtimes[3]; /* loops that run in it */
	const char *advice; /* one %d: the pid */
} machines[] = {
	{
		.library = "libjvm.so",
		.runtimes = { "java-nio", "netty" },
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

static bool runs(const struct machine *machine, const char *runtime)
{
	for (size_t i = 0; runtime && machine->runtimes[i]; i++)
		if (!strcmp(machine->runtimes[i], runtime))
			return true;
	return false;
}

/* Does a stack have such code in it, of this machine's making? */
static bool is_meant(const struct machine *machine, const char *runtime, const struct stack *stack)
{
	bool nameless = false, machines_own = runs(machine, runtime);

	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		nameless = nameless || is_nameless(&stack->frames[i]);
		machines_own = machines_own || is_of(machine, &stack->frames[i]);
	}
	return nameless && machines_own;
}

bool hint_of(const struct stall_record *stall, unsigned int *told, char text[HINT_BYTES])
{
	for (size_t i = 0; i < stall->slices.nr; i++)
		for (unsigned int m = 0; m < sizeof(machines) / sizeof(machines[0]); m++) {
			int length;

			if (*told & 1u << m ||
			    !is_meant(&machines[m], stall->id.runtime, stall->slices.v[i].stack))
				continue;
			*told |= 1u << m;
			length = snprintf(text, HINT_BYTES, "process %d ", stall->id.pid);
			snprintf(text + length, HINT_BYTES - (size_t)length, machines[m].advice,
				 stall->id.pid);
			return true;
		}
	return false;
}
