/* SPDX-License-Identifier: GPL-2.0 */
/* abi_slot.h - the place where the time of one thread is kept, which both sides share. */
#ifndef BLOCKPROF_ABI_SLOT_H
#define BLOCKPROF_ABI_SLOT_H

#include "abi_capture.h"

#define BP_NO_SLOT   0 /* slot 0 is never given to a thread */
#define BP_OLD_SLOTS 16 /* old turns at a time whose runners are noted */
#define BP_SUMS	     8 /* kinds of short blocks that are kept apart */
#define BP_RUNNERS   8 /* processes kept apart that ran while a thread waited for its CPU */
#define BP_CORE	     4 /* descriptors by which a poll is known as a loop's */
#define BP_CELLS     1024 /* sources that several threads may serve; cell 0 is none */
#define BP_SERVERS   8 /* of one source that are known by name */

/* A histogram of turn lengths: 8 steps an octave, so a percentile is within 6.3%. */
#define BP_HIST_STEPS	8
#define BP_HIST_BUCKETS (48 * BP_HIST_STEPS)
#define BP_HIST_BOUNDS	12 /* lengths of which it is known exactly how many turns were longer */

/* Where a thread is now; bpf/README.md shows how one leads to another. */
enum bp_state {
	BP_UNSEEN, /* no switch seen yet: the time since then is unknown */
	BP_RUNNING,
	BP_RUNNABLE, /* woken, or preempted */
	BP_BLOCKED,
	BP_WAITING, /* in the loop's own wait */
};

/* Blocks too short for a slice each, added up by system call. */
struct bp_sum {
	int syscall;
	unsigned int flags; /* enum bp_block_flags, by which causes differ: FAULT STOPPED GIL FDS */
	unsigned int used;
	unsigned int count; /* this turn, not yet sent */
	unsigned int carry_count; /* earlier turns, not yet sent */
	unsigned int pad;
	unsigned long long ns; /* this turn */
	unsigned long long max_ns;
	unsigned long long carry_ns; /* earlier turns, none of which was a stall */
	unsigned long long carry_max_ns;
};

/* A process that ran on the CPU that a thread was ready for, while its turn was old. */
struct bp_runner {
	unsigned int tgid; /* 0: none */
	unsigned int pad;
	unsigned long long ns; /* that ticks on that CPU stand for */
	char comm[BP_COMM_LEN]; /* of the first of its threads that was seen */
};

/* Turns over the threshold that are not sent. */
struct bp_discarded {
	unsigned long long longest_ns; /* since user space set it to 0 */
	unsigned int count;
	unsigned int pad;
};

/* Where the time of a turn went; the parts add up to it. */
struct bp_ledger {
	unsigned long long cpu_ns;
	unsigned long long runqueue_ns;
	unsigned long long throttled_ns;
	unsigned long long blocked_ns;
	unsigned long long unknown_ns;
};

/*
 * A source that several threads may serve, of whatever process. Who enters a wait
 * for it, or leaves one, says so here; nothing is counted up and down, as an event
 * may have been hidden.
 */
struct bp_cell {
	unsigned long long source; /* by user space */
	unsigned long long entries; /* into a wait, and out of one */
	unsigned int
		owner; /* the slot whose thread left last; its turn runs, as long as no other serves */
	unsigned int pad;
	unsigned int
		servers[BP_SERVERS]; /* slots of those that entered last, by slot % BP_SERVERS */
} __attribute__((aligned(64))); /* a line of the cache each */

enum bp_slot_use {
	BP_SLOT_FREE,
	BP_SLOT_THREAD, /* bound, no loop: only with --all-threads */
	BP_SLOT_LOOP,
	BP_SLOT_LEFT, /* by the kernel side: its thread has left it, which a record says */
	BP_SLOT_LOST, /* by user space: that record has not come so far */
};

/*
 * While waits that do not sleep are not seen, several turns may look like one. Such
 * a turn is in doubt: a block ends it and begins the next, and it is discarded.
 */
enum bp_doubt {
	BP_DOUBT_NONE,
	BP_DOUBT_ALL, /* every turn, until user space says otherwise */
	BP_DOUBT_TURN, /* this turn only */
};

/*
 * Where the time of a bound thread is kept. User space maps the array of slots and
 * reads it at any time. The kernel side writes it, but for the fields that say otherwise.
 */
struct bp_slot {
	/*
	 * What a turn that sleeps in its wait touches is together in three lines of
	 * the cache: with hundreds of loops each event finds them cold.
	 *
	 * Written by user space, read by the kernel side: use to doubt.
	 */
	unsigned int use; /* enum bp_slot_use */
	unsigned int wait_class; /* enum bp_wait_class; BP_WAIT_NONE: not known yet */
	unsigned long long
		wait_id; /* EPOLL, URING: the kernel side follows it to another descriptor of the source */
	unsigned long long park_id; /* of a second own wait, BP_WAIT_FUTEX; 0: none, or not known */
	unsigned int doubt; /* enum bp_doubt; the kernel side ends BP_DOUBT_TURN */
	/* Written by the kernel side from here on. */
	unsigned int state; /* enum bp_state */
	unsigned int in_turn;
	unsigned int nap_flags; /* BP_BLOCK_TRY_*, if the last call was such a try */
	unsigned long long since_ns; /* of the state */
	unsigned long long waking_ns; /* last wakeup that found it not blocked (yet) */
	unsigned short wait_slept; /* the wait before the turn slept: its return begins no turn */
	unsigned short pending; /* a block ended whose slice is to be sent when the thread runs */
	unsigned int
		cell; /* by user space: its source's; 0: no other thread is known to serve that */

	unsigned long long turn_seq; /* number of the turn that runs, or ran last */
	unsigned long long turn_start_ns;
	unsigned long long turn_ran_ns; /* when the thread first ran in it; 0: not yet */
	struct bp_ledger turn;

	unsigned long long idle_ns;
	unsigned long long slept_ns; /* when it was last woken from its own wait */
	unsigned long long cpu_sampled_ns; /* of the turn's cpu_ns, what samples stand for so far */
	unsigned long long throttled_mark_ns; /* its cgroup's throttled time when it became ready */
	unsigned long long turns; /* finished */
	unsigned long long wall_ns; /* of finished turns */
	unsigned long long
		longest_ns; /* of those below the threshold: user space counts those that are sent */
	/* By the threads of other slots: when one of them served the source in this turn, which ends there. */
	unsigned long long cut_ns;

	struct bp_ledger total; /* of all finished turns */
	unsigned int tid;
	unsigned int tgid;
	/* Written by user space. */
	unsigned long long source; /* as in struct bp_block; 0: not known */
	/* A further wait of its own, of another kind or at another source, as deep as the first. */
	unsigned int also_class;
	unsigned int
		core_wanted; /* POLL, SELECT: its own waits are sent, for user space to learn the core */
	unsigned long long also_id;
	/* A poll for all of these is the loop's own, wherever it is called. */
	unsigned int core_nr;
	int core[BP_CORE];
	/* Written by the kernel side. */
	unsigned int closes; /* of epoll instances of the machine, when source was read last */
	unsigned long long wait_sp; /* of the user stack, where its own waits are furthest out */
	/* When the callback began that serves the source further in, as a dialog does; 0: none does. */
	unsigned long long nested_since_ns;
	unsigned long long loop_object; /* by user space: address of asyncio's loop; 0: not known */
	unsigned long long bound_ns; /* when the thread was bound */
	unsigned long long fault_addr; /* of the last page fault, while those are seen; 0: none */
	unsigned long long captures_window_ns; /* since when captures are counted */
	unsigned int captures; /* since then */
	unsigned int nap_fd;
	unsigned long long nap_pid;
	unsigned long long pending_ns; /* length of the block that is pending */
	struct bp_sum sums[BP_SUMS];
	unsigned long long runners_seq; /* the turn that runners is of */
	unsigned long long runners_ns; /* up to when */
	struct bp_runner runners[BP_RUNNERS];
	unsigned int hist[BP_HIST_BUCKETS];
	/* Turns longer than a bound, in whose bucket they are and are not counted. */
	unsigned int hist_over[BP_HIST_BOUNDS];
	struct bp_discarded unvouched; /* they were in doubt */
	struct bp_discarded unsent; /* the ring was full */
	struct bp_discarded provisional; /* before it was bound, as they seemed */
	/* The turn in which the thread blocked while the number of its wait was no epoll instance, and when it first did. */
	unsigned long long closed_seq;
	unsigned long long closed_ns;
	/* When it left what may be its wait, if it was bound after that, and its turn is not known; 0: it was not. */
	unsigned long long left_ns;
	unsigned int stack_copy; /* number of the buffer with its stack while it blocks; 0: none */
	/* Written by user space. */
	unsigned int stack_copy_bytes; /* that are wanted; 0: BP_STACK_COPY_FIRST_BYTES */
	unsigned int stack_copy_holes; /* also those behind pages that are not in memory */
	unsigned int user; /* with whom its process shares: as in struct bp_bind */
	unsigned int cgroup;
	unsigned int pad;
} __attribute__((aligned(64))); /* they stand in an array: each in lines of its own */

#endif
