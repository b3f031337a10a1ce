// SPDX-License-Identifier: GPL-2.0-or-later
/* java.c - which library of a Java virtual machine a thread waits in. */
#include "runtime/java.h"

#include "base/strings.h"
#include "runtime/program.h"

const char *java_caller(const struct moment *moment, unsigned int *wait_class)
{
	const struct bp_candidate *candidate = moment->candidate;
	const struct bp_block *block = moment->block;
	const char *caller;

	*wait_class = candidate ? candidate->wait_class : block ? block->wait_class : BP_WAIT_NONE;
	if (!*wait_class || !program_library(moment->program, "libjvm.so"))
		return NULL;
	caller = program_caller(moment->program, candidate ? candidate->sp : block->sp);
	return caller ? base_name(caller) : NULL;
}
