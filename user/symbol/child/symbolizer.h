/* SPDX-License-Identifier: GPL-2.0-or-later */
/* symbolizer.h - the process that reads targets' files for blockprof, from its start to its end. */
#ifndef BLOCKPROF_SYMBOL_CHILD_SYMBOLIZER_H
#define BLOCKPROF_SYMBOL_CHILD_SYMBOLIZER_H

#include <sys/types.h>

#include "base/sandbox.h"

/*
 * To be called in a fresh child of parent: gives up all rights and answers requests
 * until the other side closes the socket. files: where files come that do not come along;
 * -1: nowhere. The process is to end when it returns.
 */
void symbolizer_main(int socket, int files, pid_t parent);

extern const struct sandbox symbolizer_sandbox;

#endif
