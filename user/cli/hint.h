/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hint.h - what the user can do to have names of code made at run time. */
#ifndef BLOCKPROF_CLI_HINT_H
#define BLOCKPROF_CLI_HINT_H

#include "model/model.h"

#define HINT_BYTES 192

/*
 * Says it into text, once for each kind of program: told, zeroed at first, keeps
 * which were. false: there is nothing to say about this stall's stacks.
 */
bool hint_of(const struct stall_record *stall, unsigned int *told, char text[HINT_BYTES]);

#endif
