/* SPDX-License-Identifier: GPL-2.0-or-later */
/* engine_private.h - what the parts of the engine share. */
#ifndef BLOCKPROF_STALL_ENGINE_PRIVATE_H
#define BLOCKPROF_STALL_ENGINE_PRIVATE_H

#include "base/memory.h"
#include "bpf/abi.h"
#include "capture/classify.h"
#include "capture/copies.h"
#include "probe/probe.h"
#include "runtime/runtime.h"
#include "stall/engine.h"
#include "stall/loop.h"
#include "stall/loops/watched.h"

/* A thread that is to get a slot at the next look: what to know of it then. */
struct binding {
	struct binding *next;
	pid_t pid;
	pid_t tid;
	struct verdict verdict;
};

/* What a slice is made of. */
struct evidence {
	const struct bp_capture *capture; /* a private copy */
	const struct bp_copy *own; /* of the thread's stack; NULL: none */
	const struct bp_copy *other; /* of its waker's; likewise */
};

struct engine {
	struct engine_options options;
	struct engine_sink sink;
	struct probe *probe;
	struct symbols *symbols;
	struct namer *namer;
	struct classify classify;
	struct copies *copies;
	struct copy_size others_size; /* of copies of threads without a slot */
	struct watched_table *watched;
	struct foreign *foreign;
	uint64_t
		inquiries_paid_ns; /* until when looks at those that loops wait for have used up their time */
	struct loop **loops; /* by slot, up to probe_slots() */
	uint64_t loops_seen; /* so many so far */
	struct binding *bindings;
	struct loop_summary *ended; /* loops whose threads are gone */
	size_t nr_ended;
	uint64_t started_ns;
	uint64_t period_ns; /* the summary is of what came after */
	struct loss_count *losses; /* counted before that */
	size_t nr_losses;
	uint64_t part_ns; /* of the threshold: turns older than this are looked at closely */
	uint64_t needed_ns; /* when the costly probes were needed last, 0: not in use */
	uint64_t armed_ns; /* since when they are on */
	uint64_t paced_ns; /* when pace() was asked last */
	uint64_t rested_ns; /* of loops that were too busy to be watched all the time */
	uint64_t next_scan_ns;
	uint64_t next_blocked_ns;
	uint64_t next_exhaustion_ns;
	uint64_t next_pools_ns; /* no pools are looked at before that, whatever process's */
	int64_t sched_clock_ns; /* add to the scheduler's clock to get CLOCK_MONOTONIC */
	bool sched_clock_known;
	bool look_again; /* more of a process is shown now than at the last look */
	uint64_t slices_placeless; /* more places in one turn, or ten seconds, than are kept */
	uint64_t stacks_cut; /* outer frames missing */
	uint64_t turns_doubtful; /* may have been several: not told */
	uint64_t processes_unwatched; /* wanted, but more than fit */
	uint64_t ledgers_cut; /* did not add up: counted as lost */
};

/* -- recognise.c: which threads are loops -- */

/* A look at all threads: new ones are judged, those in bindings are bound. */
int recognise_look(struct engine *engine);
void recognise_candidate(struct engine *engine, const struct bp_candidate *candidate);
/* Looks for interpreters and loops where it is time to. */
void recognise_scan(struct engine *engine, uint64_t now_ns);
/* The process is due for such a look: maybe before the next one. */
void recognise_soon(struct engine *engine, const struct watched *watched);
/*
 * A loop's thread slept in a call like a wait that is not the one we know:
 * whether it is the loop's wait all the same (the loop was made anew). Then it
 * is known as that from now on. left: no loop runs on the thread's stack any more.
 */
bool recognise_wait(struct engine *engine, struct loop *loop, const struct bp_capture *capture,
		    bool *left);
/* Where a pool's worker parks is not known yet: its futexes may be idle time. */
bool recognise_may_park(struct engine *engine, const struct loop *loop);
/*
 * Whether a thread that was a pool's worker has handed that on, so as to block as
 * it likes. block: what it is blocked in now; NULL: it runs.
 */
bool recognise_in_place(struct engine *engine, const struct loop *loop,
			const struct bp_block *block);
/* A thread that had left its loop runs one again (asyncio.run() once more): its turns count again. */
void recognise_return(struct engine *engine, struct loop *loop, uint64_t now_ns);
/* Do the frames of this loop's slices show whether its thread is still in the loop? */
bool recognise_shows_end(const struct loop *loop);
/* Does the loop itself note when its turn began? */
bool recognise_notes_start(const struct loop *loop);
/* Is the interpreter of this process known? Looks for it if it is time to. */
struct python *recognise_python(struct engine *engine, struct watched *watched);

/* -- binding.c: their slots -- */

/* Asks for a slot for a thread; it gets it at the next look. info: where it is blocked, NULL: not known. */
void binding_ask(struct engine *engine, pid_t pid, pid_t tid, const struct verdict *verdict,
		 const struct bp_thread_info *info);
/* What is left after a look is of threads that have ended, or got no slot, which is counted. */
void binding_forget(struct engine *engine);
/* The thread of a slot that the kernel side bound by itself, or that was bound before. */
struct loop *binding_slot(struct engine *engine, unsigned int slot, pid_t pid, pid_t tid);
/* Tells the sink of a loop that it was told of before. */
void binding_tell_again(struct engine *engine, const struct loop *loop);

/* -- discover.c: which processes are watched -- */

/* Where the system is filtered: picks from the processes that are there. 0 or -errno. */
int discover_all(struct engine *engine);
/* A process came, became another program, or ended. */
void discover_process(struct engine *engine, const struct bp_process *record);

/* -- handed.c -- */

/* The loop that a thread ran, whose turn began at since_ns, is another thread's now, or no more. */
bool handed_over(const struct engine *engine, const struct loop *loop, uint64_t since_ns);

/* -- tell.c: slices and stalls -- */

/* The name that a blocked thread's socket.getaddrinfo() asks for; caller frees, NULL: none. */
char *tell_host(struct python *python, uint64_t pthread);
/* Slices of captures. */
void tell_slice(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		struct slice *slice);
void tell_sample(struct engine *engine, struct loop *loop, const struct evidence *evidence,
		 struct slice *slice);
/* Of a thread without a slot. */
void tell_other_copied(struct engine *engine, const struct bp_copy *copy,
		       const struct copy_use *use);
/* Blocks that no slice was sent for: of the turn, or carried over from turns before. */
void tell_sums(struct engine *engine, struct loop *loop, const struct bp_sum *sums, bool carried,
	       struct slices *slices);
void tell_final(struct engine *engine, struct loop *loop, const struct bp_turn *turn);
/* The record shows that the thread had left its loop by then: the turn ended with what came before. */
void tell_left(struct engine *engine, struct loop *loop, const struct bp_slice *record);
/* A turn that lasts, if it is over the threshold and it is time to tell of it; at_end: the watch ends. */
void tell_ongoing(struct engine *engine, struct loop *loop, uint64_t now_ns, bool at_end);
/*
 * Once a long block, while it lasts: its names are looked up, so that they are
 * known by the time it ends, which may be the end of its process.
 */
void tell_early(struct engine *engine, struct loop *loop, uint64_t now_ns);
/* A copy of what the loop's thread is blocked in; the caller's. NULL: it moved meanwhile, or no memory. */
struct bp_capture *tell_capture(struct engine *engine, const struct loop *loop);
/* The watch ends: the block that a thread is in, which is no loop. */
void tell_current(struct engine *engine, struct loop *loop, uint64_t now_ns);
void tell_blocked(struct engine *engine, struct loop *loop);

/* -- pace.c -- */

/* Turns the costly probes on while a turn is old, and off when none has been for a while. */
void pace(struct engine *engine, uint64_t now_ns);

#endif
