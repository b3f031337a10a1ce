/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cleanup.h - variables that let go of what they hold when they leave their scope. */
#ifndef BLOCKPROF_BASE_CLEANUP_H
#define BLOCKPROF_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define __freeing __attribute__((cleanup(cleanup_free)))
#define __closing __attribute__((cleanup(cleanup_close)))

#endif
