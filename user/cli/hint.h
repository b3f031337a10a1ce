/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hint.h - what the user can do to have names of code made at run time. */
#ifndef BLOCKPROF_CLI_HINT_H
#define BLOCKPROF_CLI_HINT_H

#include "model/model.h"

#define HINT_BYTES 192

struct hints {
	/* Whether a process has mapped a file whose name begins so. */
	bool (*has_mapped)(void *context, pid_t pid, const char *library);
	void *context;
	unsigned int given; /* a bit for each kind of program; 0 at first */
};

/* Puts a hint for this stall's stacks into text, once for each kind of program. false: there is none. */
bool hint_of(struct hints *hints, const struct stall_record *stall, char text[HINT_BYTES]);

#endif
