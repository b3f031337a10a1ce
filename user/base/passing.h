/* SPDX-License-Identifier: GPL-2.0-or-later */
/* passing.h - which errors say nothing about what was asked for, and are worth another try. */
#ifndef BLOCKPROF_BASE_PASSING_H
#define BLOCKPROF_BASE_PASSING_H

#include <errno.h>
#include <stdbool.h>

/* A descriptor or memory was not to be had now, or a disk did not read. */
static inline bool error_is_passing(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM || err == -EIO;
}

#endif
