/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arguments.h - what the kernel side could not follow of a blocked thread's system call. */
#ifndef BLOCKPROF_CAPTURE_ARGUMENTS_H
#define BLOCKPROF_CAPTURE_ARGUMENTS_H

#include "bpf/abi.h"

struct memory;

/*
 * What only the thread's own memory says: a path, which goes into the capture's
 * object, or the descriptor of a poll, for the next look to tell of. That
 * descriptor, or -1.
 */
int arguments_read(const struct memory *memory, struct bp_capture *capture);

#endif
