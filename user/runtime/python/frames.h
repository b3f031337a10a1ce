/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h - thread states and the frames they run. */
#ifndef BLOCKPROF_RUNTIME_PYTHON_FRAMES_H
#define BLOCKPROF_RUNTIME_PYTHON_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/abi.h"

struct python;

struct py_frame {
	uint64_t addr; /* of the frame */
	uint64_t code; /* of its code object */
	uint64_t instr; /* as struct bp_python_frame has it */
	bool is_entry; /* BP_PYTHON_ENTRY */
	uint64_t loop; /* likewise */
};

/* As the kernel side would send it. */
static inline struct bp_python_frame py_frame_sent(const struct py_frame *frame)
{
	return (struct bp_python_frame){
		.code = frame->code | (frame->is_entry ? BP_PYTHON_ENTRY : 0),
		.instr = frame->instr,
		.loop = frame->loop,
	};
}

/* The most frames that are read: four times the usual recursion limit. */
#define PY_FRAMES_MAX 4096

/* Frames of the thread with this pthread_self(), innermost first. How many, or -errno (-ESRCH). */
int py_frames(const struct python *python, uint64_t fsbase, struct py_frame *frames, size_t max);
/* Those from the interpreter's frame at this address outwards. */
int py_frames_from(const struct python *python, uint64_t addr, struct py_frame *frames, size_t max);
/* Those of a coroutine that runs and of what called it, from it outwards, whatever stack the thread is on. */
int py_frames_of_coroutine(const struct python *python, uint64_t coro, struct py_frame *frames,
			   size_t max);
/* The object a local variable of a running frame holds. -ENOENT: no such variable, or not set. */
int py_frame_local(struct python *python, const struct py_frame *frame, const char *name,
		   uint64_t *object);

#endif
