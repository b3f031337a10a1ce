/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.h - the process that reads targets' memory for blockprof, from its start to its end. */
#ifndef BLOCKPROF_READER_CHILD_H
#define BLOCKPROF_READER_CHILD_H

#include "base/zygote.h"

/*
 * To be called in a fresh child of parent: keeps no right but that to read the memory
 * and the files of others, and answers what stands on the board in the file fds[0]. What it
 * opens it sends to fds[1]. Does not return.
 */
zygote_child_fn reader_main;

#endif
