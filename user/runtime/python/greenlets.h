/* SPDX-License-Identifier: GPL-2.0-or-later */
/* greenlets.h - greenlets that stand still while another one runs on their thread. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_GREENLETS_H
#define BLOCKPROF_RUNTIME_PYTHON_GREENLETS_H

#include <stddef.h>
#include <stdint.h>

#include "runtime/python/frames.h"

struct python;

/*
 * The frames on which this object, a greenlet that was started and has not ended,
 * stands still, innermost first. How many, or -errno: -ENOENT, it has none.
 */
int py_greenlet_frames(struct python *python, uint64_t greenlet, struct py_frame *frames,
		       size_t max);

#endif
