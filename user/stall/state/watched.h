/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watched.h - the processes under watch, and what is known of each. */
#ifndef BLOCKPROF_STALL_STATE_WATCHED_H
#define BLOCKPROF_STALL_STATE_WATCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc/process.h"
#include "runtime/runtime.h"

struct epoll_waiter;
struct notes;
struct poll_core;
struct program;
struct python;

/* What was found when a thread was asked about. */
struct thread_known {
	bool asked;
	const char *runtime; /* its name; NULL: no loop so far */
	enum way way;
	enum doubt doubt;
	const char *against; /* what spoke against a loop, a constant; NULL: nothing did */
	uint64_t since_ns; /* when it became, or ceased to be, one */
};

/* A thread of a watched process, as it was seen last. */
struct watched_thread {
	pid_t tid;
	uint64_t pthread;
	uint64_t sleeps; /* how often it had gone to sleep when it was seen last */
	uint64_t awake_since_ns; /* since when it is known not to have done so again */
	struct poll_core *core; /* of its polls; NULL: none seen */
	struct thread_known known; /* loops/account.c */
};

/* state/interpreter.c */
struct watched_interpreter {
	struct python *python; /* NULL: none, or not found yet */
	bool pending; /* not initialised yet, or not looked for */
	bool tasks_known; /* the kernel side knows where the current tasks are */
	bool unreadable; /* of a version that cannot be read */
	unsigned int tries; /* since the program started */
	int error; /* what the latest of them gave */
};

/* state/moment.c */
struct watched_program {
	struct program *program; /* NULL: not looked at yet */
	uint64_t since_ns; /* when it was */
	unsigned int renewals; /* how often it was found anew, bounded */
};

/* watched.c: when it is looked at again for an interpreter, or for a loop. */
struct watched_due {
	uint64_t next_ns;
	uint64_t ran_ns; /* how long its main thread had run at the last time */
	bool put_off; /* its threads, which wait already, are asked about only then */
};

/* loops/share.c: with whom it shares slots, besides itself. */
struct watched_share {
	bool known;
	uid_t user; /* 0: root, who is not counted as one */
	uint64_t cgroup; /* a hash; 0: it is in none */
};

/* loops/looks.c: going through all of its threads, or descriptors. */
struct watched_looks {
	uint64_t paid_until_ns; /* until when what was spent has used up its time */
	uint64_t seen_ns; /* when those that wait were */
	struct epoll_waiter *waiters; /* NULL: never */
	size_t nr_waiters;
};

/* loops/busy.c */
struct watched_busy {
	uint64_t since_ns; /* when it was looked at last */
	uint64_t ran_ns; /* how long its threads had run, or been ready to, by then */
	unsigned int octave; /* doublings of the time between two looks */
};

struct watched {
	struct watched *next; /* in the table */
	pid_t pid;
	/* When it was forked, while it runs its parent's program still; 0: not seen. */
	uint64_t forked_ns;
	bool asked_for; /* by the user, rather than a child of one that was */
	char comm[16];
	char *exe;
	struct process_cgroup cgroup;
	struct watched_program program;
	struct watched_interpreter interpreter;
	struct watched_due due;
	struct watched_busy busy;
	struct watched_looks looks;
	struct watched_share share;
	bool blockprof; /* loops/account.c: it is another blockprof */
	bool blockprof_known; /* or it is none for sure */
	unsigned int blind; /* state/blind.c: bits of enum blind, said of it */
	struct pool pool;
	unsigned int loops; /* loops/binding.c: recognised in it so far */
	unsigned int scans; /* loops/scan.c: for a loop, since the program started */
	struct watched_thread *threads;
	size_t nr_threads;
	size_t refused; /* threads that came when it was full */
	size_t threads_room; /* 0, or a power of two */
	uint32_t *index; /* of threads by tid, twice as many: place + 1, 0: free */
	struct notes *notes; /* notes/notes.c; NULL: not looked at yet */
};

struct watched_table;

int watched_table_new(struct watched_table **out);
void watched_table_free(struct watched_table *table);

struct watched *watched_find(struct watched_table *table, pid_t pid);
/* The one there is, or a new one. NULL: no memory. */
struct watched *watched_add(struct watched_table *table, pid_t pid, uint64_t now_ns);
void watched_remove(struct watched_table *table, pid_t pid);
/* It runs another program now: what was known is forgotten. */
void watched_renew(struct watched *watched, uint64_t now_ns);
/* Reads comm, exe and cgroup. */
void watched_identify(struct watched *watched);

/* Its interpreter, where it can be read. NULL: it has none, or it was not found yet. */
struct python *watched_python(const struct watched *watched);

/* It is looked at again at that time. */
void watched_postpone(struct watched *watched, uint64_t next_ns);
/* It began, or its program did, but a moment before then: whatever it does is looked at when that is due. */
bool watched_is_young(const struct watched *watched, uint64_t at_ns);
/* Has it run since this was asked last? Where it has not, a look would show the same once more. */
bool watched_has_moved(struct watched *watched);

void watched_note_thread(struct watched *watched, pid_t tid, uint64_t pthread);
/* What was found of a thread; NULL: there is no room for it. */
struct thread_known *watched_known(struct watched *watched, pid_t tid);
/* 0: not known. */
uint64_t watched_pthread(const struct watched *watched, pid_t tid);
/* It is seen awake at now_ns: for how long it has not slept, as far as that was seen. */
uint64_t watched_awake_ns(struct watched *watched, pid_t tid, uint64_t sleeps, uint64_t now_ns);
/* What its polls have in common; made where there is none yet. NULL: the thread is not known, or no memory. */
struct poll_core *watched_core(struct watched *watched, pid_t tid);
pid_t watched_tid(const struct watched *watched, uint64_t pthread);

size_t watched_count(const struct watched_table *table);
/* For each of them; fn may remove the one that it is called with. */
void watched_each(struct watched_table *table, void (*fn)(void *context, struct watched *watched),
		  void *context);

#endif
