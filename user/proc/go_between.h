/* SPDX-License-Identifier: GPL-2.0-or-later */
/* go_between.h - which files are between every program and the kernel. */
#ifndef BLOCKPROF_PROC_GO_BETWEEN_H
#define BLOCKPROF_PROC_GO_BETWEEN_H

#include <stdbool.h>

/* By its path: the C library, and what stands in for its calls. No loop's code is in it. */
bool is_go_between(const char *path);

#endif
