// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * go.c - programs written in Go have no event loop: whichever of their threads has
 * nothing to do waits for network events, and a goroutine that blocks holds up no
 * other. The linker's section stays when symbols are stripped.
 */
#include "runtime/loops/loops.h"
#include "runtime/program.h"

static bool recognise(const struct runtime *runtime, const struct moment *moment,
		      struct recognised *recognised)
{
	(void)recognised;
	return (moment->candidate || moment->block) && moment->program &&
	       program_defines(moment->program, runtime->function);
}

const struct runtime runtime_go = { .name = "go",
				    .recognise = recognise,
				    .function = ".note.go.buildid" };
