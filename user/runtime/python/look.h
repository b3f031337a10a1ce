/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * look.h - one look at an interpreter. What is to be known of it are a few words in each of
 * many objects, most of which lie in few pages: in a look each of these is asked for once.
 *
 * What is read so is as it was when the look began, or later. Whoever waits for something to
 * change takes none.
 */
#ifndef BLOCKPROF_RUNTIME_PYTHON_LOOK_H
#define BLOCKPROF_RUNTIME_PYTHON_LOOK_H

#include "base/memory.h"

struct python;

struct python_look {
	struct python *python; /* NULL: it is a part of one that began before, or there is none */
	struct memory direct;
};

/* struct python_look look PYTHON_LOOKING = python_look_begin(python): until the block's end. python may be NULL. */
#define PYTHON_LOOKING \
	__attribute__((cleanup(python_look_end), unused)) /* nobody asks it anything */
struct python_look python_look_begin(struct python *python);
void python_look_end(struct python_look *look);

#endif
