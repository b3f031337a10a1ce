/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * v8.h - JavaScript frames of Node.js (V8 10 to 15: Node.js 18 to 26), read from
 * the process's memory without stopping it, by what V8 exports for debuggers.
 *
 * Everything read is foreign: sizes are bounded, pointers are followed a limited
 * number of times, types are checked before fields are believed. The thread
 * should be blocked, or have been until now: what has moved since is followed, and
 * what is gone is "[unknown]".
 */
#ifndef BLOCKPROF_RUNTIME_V8_V8_H
#define BLOCKPROF_RUNTIME_V8_V8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct memory;
struct v8;

/* A variable of the file that V8 is in. */
struct v8_variable {
	const char *name;
	void *bytes; /* where its first bytes go, as the file has them */
	size_t size; /* at most so many */
	size_t nr; /* so many there were; 0: there is no such variable */
};

/* Where V8's constants come from: its file, which is foreign, is not read here. */
struct v8_source {
	/*
	 * Reads variables of the file that is mapped at addr in process pid, of those
	 * that it exports or, with local, of all that it names: that takes long. 0 or -errno.
	 */
	int (*read_variables)(void *context, pid_t pid, uint64_t addr, bool local,
			      struct v8_variable *variables, size_t nr);
	void *context;
};

/*
 * Finds V8 in a process. 0; -ENOENT: there is none; -ENOTSUP: a version that
 * cannot be read; other -errno. source, and memory's, are used until v8_close().
 */
int v8_open(struct v8 **out, const struct memory *memory, const struct v8_source *source);
void v8_close(struct v8 *v8);

#define V8_NAME_BYTES 256
#define V8_FILE_BYTES 1024

struct v8_frame {
	char fn[V8_NAME_BYTES]; /* "<anonymous>" where the source gives no name, "[unknown]" */
	char file[V8_FILE_BYTES]; /* "": not known, or a function of V8 itself */
	unsigned int line; /* 0: not known */
	bool unread; /* there is a name, which could not be read */
};

/* Native frame, with the stack as it was then: it goes before what the memory has now. */
struct v8_native {
	const unsigned char *stack; /* its bytes from sp upwards */
	size_t stack_bytes;
	uint64_t sp;
	uint64_t addr;
	uint64_t fp; /* the frame's own frame pointer */
	bool exact; /* addr is where it is, not a return address */
	bool made; /* addr lies in anonymous memory: code that was made at run time */
	bool builtin; /* addr lies in a function that V8 was built with, by its name */
};

/*
 * The JavaScript frames that a native frame stands for, innermost (inlined)
 * first. Returns how many; 0: V8's own way between them; -ENOENT: no frame of V8.
 */
int v8_frames(struct v8 *v8, const struct v8_native *native, struct v8_frame *frames, size_t max);
/* After the last frame of a stack: what was read of the heap is kept no longer than that. */
void v8_stack_end(struct v8 *v8);

#endif
