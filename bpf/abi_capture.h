/* SPDX-License-Identifier: GPL-2.0 */
/* abi_capture.h - all that is known of one moment in which a slot's thread blocked or was sampled. */
#ifndef BLOCKPROF_ABI_CAPTURE_H
#define BLOCKPROF_ABI_CAPTURE_H

#include "abi_block.h"
#include "abi_stack.h"

#define BP_COMM_LEN	  16
#define BP_SNIPPET_BYTES  184 /* the part of a Task object that is of use */
#define BP_QUESTION_BYTES 4096 /* of the user stack: a resolver's query lies on it */

/* A copy of a piece of the target's memory. addr 0: none. */
struct bp_snippet {
	unsigned long long addr;
	unsigned char bytes[BP_SNIPPET_BYTES];
};

/*
 * What names the asyncio Task that ran. It is copied at once: by the time user
 * space reads it, the Task may have ended and its memory be used for something else.
 */
struct bp_task {
	struct bp_snippet task;
	struct bp_snippet name;
	struct bp_snippet coro;
	struct bp_snippet coro_name;
};

enum bp_other_kind {
	BP_OTHER_NONE,
	BP_OTHER_WAKER, /* the thread that ended the block */
	BP_OTHER_HOLDER, /* the thread that held the GIL; tid may be 0, pthread then says which */
};

enum bp_other_flags {
	BP_OTHER_CHILD = 1 << 0, /* WAKER: it descends from the process that was blocked */
	BP_OTHER_ENDS = 1 << 1, /* WAKER: it ends, or becomes another program */
	BP_OTHER_COLLECTS = 1 << 2, /* HOLDER: Python's collector runs */
	BP_OTHER_REAPS =
		1
		<< 3, /* WAKER: it came onto its CPU just after a child had ended, its process's and the blocked one's */
	BP_OTHER_IN_TURN =
		1 << 4, /* WAKER: it was in a turn of its own loop for most of the block */
	BP_OTHER_KERNEL =
		1 << 5, /* WAKER: it is a thread of the kernel's, which did it for another */
};

/* A process that has ended. */
struct bp_ended {
	unsigned long long ns; /* when */
	unsigned int tgid;
	unsigned int pad;
	char comm[BP_COMM_LEN];
};

struct bp_other {
	unsigned int kind; /* enum bp_other_kind */
	unsigned int tid;
	unsigned int tgid;
	unsigned int flags; /* enum bp_other_flags */
	unsigned long long pthread; /* HOLDER: pthread_self() of it */
	struct bp_ended child; /* REAPS: that child */
	char comm[BP_COMM_LEN];
};

/*
 * One a slot, filled when the slot's thread blocks inside a turn or a CPU sample
 * hits it. seq is odd while it is written. The parts that are rarely there come
 * last: a record ends behind the last part that is used.
 */
struct bp_capture {
	unsigned int seq;
	unsigned int question_bytes; /* of question that are filled */
	unsigned long long since_ns; /* start of the block */
	unsigned long long turn_seq;
	struct bp_block block;
	struct bp_object object;
	struct bp_other other;
	struct bp_task task;
	struct bp_stack stack;
	struct bp_stack other_stack;
	union {
		unsigned char question[BP_QUESTION_BYTES];
		struct bp_object second; /* with BP_BLOCK_TWO */
	};
};

#endif
