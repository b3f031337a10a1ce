// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * go.c - programs written in Go have no event loop: whichever of their threads has
 * nothing to do waits for network events, and a goroutine that blocks holds up no
 * other. The linker's section stays when symbols are stripped.
 */
#include "runtime/program.h"
#include "runtime/runtime.h"

static bool judge(const struct runtime *runtime, const struct sighting *sighting,
		  struct verdict *verdict)
{
	(void)verdict;
	return (sighting->candidate || sighting->block) && sighting->program &&
	       program_defines(sighting->program, runtime->function);
}

const struct runtime runtime_go = { .name = "go", .judge = judge, .function = ".note.go.buildid" };
