/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.h - the process that speaks HTTP. */
#ifndef BLOCKPROF_WEB_CHILD_CHILD_H
#define BLOCKPROF_WEB_CHILD_CHILD_H

#include <stddef.h>
#include <sys/types.h>

/* zygote_child_fn: a socket to ask by. Ends with its parent. */
void web_child_main(const int *fds, size_t nr, pid_t parent);

#endif
