/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame_owner.h - whose a frame is: who reads a stack can act on his own frames,
 * less on those of libraries, and not on those of what carries either.
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

/* By what the frame itself says. Native code of a file that is none of the others is the user's. */
enum frame_owner frame_owner(const struct frame *frame);

/* Python, JavaScript, or other code that was made at run time. */
bool frame_is_managed(const struct frame *frame);
/* Managed, and the user's. */
bool frame_is_own(const struct frame *frame);

/*
 * A native frame of a Python interpreter that only leads from one call to the
 * next. It has several ways for that, and takes others as a line gets warm
 * (PEP 659): they neither tell two places apart nor say anything of one.
 */
bool frame_is_plumbing(const struct frame *frame);

/* The path of a mapped file: is it the C library, one that belongs to it, or the loader? */
bool module_is_libc(const char *module);

#endif
