/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_owner.h - whose a frame is. Readers of a stack can change their own
 * code, less so that of libraries, and not that of what carries either.
 */
#ifndef BLOCKPROF_MODEL_FRAME_OWNER_H
#define BLOCKPROF_MODEL_FRAME_OWNER_H

#include "model/model.h"

enum frame_owner {
	FRAME_OF_USER, /* the program that is watched */
	FRAME_OF_LIBRARY, /* of its language, or installed */
	FRAME_OF_INTERPRETER, /* what carries other code: interpreters, the C library, the loader */
	FRAME_OF_KERNEL,
};

/* By the frame's own file, module and function. Native code of any other file is the user's. */
enum frame_owner frame_owner(const struct frame *frame);

/* Python, JavaScript, or other code that was made at run time. */
bool frame_is_managed(const struct frame *frame);
/* Managed, and the user's. */
bool frame_is_own(const struct frame *frame);

/*
 * A native frame of a Python interpreter that only leads from one call to the
 * next. The interpreter has several ways for that, and takes others as a line
 * gets warm (PEP 659): which one it took is of no interest.
 */
bool frame_is_plumbing(const struct frame *frame);

/* Is this mapped file the C library, a part of it, or the loader? */
bool module_is_libc(const char *module);

#endif
