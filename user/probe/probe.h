/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h - the kernel side as seen from user space: load it, attach it by the
 * mechanisms that this kernel has, read its records, see its slots.
 */
#ifndef BLOCKPROF_PROBE_PROBE_H
#define BLOCKPROF_PROBE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/name_value.h"
#include "bpf/abi.h"
#include "model/loss.h"

struct probe;

struct probe_options {
	uint64_t threshold_ns;
	bool whole_system;
	bool filtered; /* of the whole system only what probe_watch() names */
	bool all_threads;
	unsigned int slots; /* threads whose time can be kept at a time */
	int libbpf_log; /* show libbpf's own messages */
};

/*
 * Loads and attaches everything; nothing is recorded before probe_start(). On
 * failure -errno, and *reason (static text, or valid until the next call) says
 * what is missing and what to do.
 */
int probe_open(struct probe **out, const struct probe_options *options, const char **reason);
void probe_close(struct probe *probe); /* detaches; nothing stays in the kernel */

/* From here on events count. */
void probe_start(struct probe *probe);
/* Nothing more is recorded: what is there is to be read. */
void probe_stop(struct probe *probe);

/* What start.features has: how things are done on this kernel. */
const struct name_value *probe_features(const struct probe *probe, size_t *nr);

/* -- what is watched: watch.c -- */

/* Takes effect for the threads that pid has with the next probe_iterate(). -errno: the map is full. */
int probe_watch(struct probe *probe, pid_t pid, bool follow);
/* Likewise: its threads, and what it forks, are then no longer watched. */
void probe_unwatch(struct probe *probe, pid_t pid);
/* How to read the process's interpreter; NULL: it has none. 0 or -errno. */
int probe_python(struct probe *probe, pid_t pid, const struct bp_python *python);
/* Futexes of the process may be own waits: they are in snapshots from the next probe_iterate() on. */
int probe_parks(struct probe *probe, pid_t pid, enum bp_parks parks);
/* Binds the thread to a slot, with the next probe_iterate(). 0 or -errno. */
int probe_bind(struct probe *probe, pid_t tid, const struct bp_bind *bind);
/* Takes that back: the thread was not there. */
void probe_unbind(struct probe *probe, pid_t tid);

typedef void probe_watched_fn(void *context, const struct bp_watched_snapshot *snapshot);
/*
 * Goes through all threads: new ones of watched processes come under watch, those
 * to be bound are bound. fn (may be NULL) is called for each that is watched, and
 * once with snapshot->own set for the calling thread. 0 or -errno, which is also
 * counted: LOSS_ITERATIONS_FAILED.
 */
int probe_iterate(struct probe *probe, probe_watched_fn *fn, void *context);
/* The same for the threads of one process, or for one thread. */
int probe_iterate_process(struct probe *probe, pid_t pid, probe_watched_fn *fn, void *context);
int probe_iterate_thread(struct probe *probe, pid_t tid, probe_watched_fn *fn, void *context);

/* -- processes that an old turn waits for, which need not be watched: watch.c -- */

typedef void probe_observed_fn(void *context, const struct bp_observed_snapshot *snapshot);
/* Calls fn for each of the process's threads. 0 or -errno, counted as above but for -ESRCH. */
int probe_observe_process(struct probe *probe, pid_t pid, probe_observed_fn *fn, void *context);
/* The same for one thread of it. */
int probe_observe_thread(struct probe *probe, pid_t pid, pid_t tid, probe_observed_fn *fn,
			 void *context);
typedef void probe_syncer_fn(void *context, const struct bp_sync_snapshot *snapshot);
/* Calls fn for each thread of the machine that writes out the file system with this device number now. Likewise. */
int probe_syncers(struct probe *probe, uint32_t dev, probe_syncer_fn *fn, void *context);
/*
 * While samples are on, the process's CPU time is sampled: BP_RECORD_OBSERVED_SAMPLE.
 * python may be NULL. 0 or -errno: too many.
 */
int probe_observed_add(struct probe *probe, pid_t pid, const struct bp_python *python);
void probe_observed_clear(struct probe *probe);
/*
 * The descriptor that the thread waits for, where only user space could find it:
 * the next snapshot says what it stands for. -1: no longer.
 */
void probe_observed_fd(struct probe *probe, pid_t tid, int fd);

/* -- who serves a source, watched or not: servers.c -- */

typedef void probe_server_fn(void *context, pid_t pid, pid_t tid);
/*
 * Calls fn for each other thread of the machine that waits for the slot's source now,
 * or did in its last call. 0; -ENOENT: nobody else has that open, as the slot's thread
 * alone shows; -EPERM: not all processes are to be seen from here; or another -errno.
 */
int probe_servers(struct probe *probe, const struct bp_slot *slot, probe_server_fn *fn,
		  void *context);

/* -- the host name that a process sees, watched or not: host_name.c -- */

/* That of its UTS namespace. 0, or -errno: -ESRCH: there is no such process. */
int probe_host_name(struct probe *probe, pid_t pid, char name[BP_HOST_NAME_LEN]);

/* -- slots: slots.c -- */

unsigned int probe_slots(const struct probe *probe); /* valid numbers: 1 to this */
/* Written by the kernel at any moment: copy it, then decide by the copy. */
struct bp_slot *probe_slot(struct probe *probe, unsigned int slot);
const struct bp_slice *probe_slice(struct probe *probe, unsigned int slot);
/* number: 1 to BP_CELLS - 1, else NULL. Written by the kernel at any moment, likewise. */
struct bp_cell *probe_cell(struct probe *probe, unsigned int number);
/* After its EXIT or EXEC record was dealt with: the slot may be given to another thread. */
void probe_slot_free(struct probe *probe, unsigned int slot);
/*
 * The stack copy of a slot's thread that is blocked since since_ns. 0; -ENOENT: there is
 * none; -EAGAIN: it moved meanwhile; or another -errno.
 */
int probe_stack_copy(struct probe *probe, unsigned int slot, uint64_t since_ns,
		     struct bp_stack_copy *copy);
/* How many bytes of the stacks of threads without a slot are wanted from now on. */
void probe_stack_copy_bytes(struct probe *probe, uint32_t bytes);
/* Turns that are old: while samples are on, it is noted who runs where their threads are ready to. */
void probe_old_slots(struct probe *probe, const unsigned int *slots, size_t nr);

/* -- what costs, and is on only while a turn grows old -- */

/* Returns of waits that did not sleep. 0 or -errno. */
int probe_waits(struct probe *probe, bool on);
/* Whether they are on all the time, as they are cheap here, or the threshold is too short for a switch. */
bool probe_waits_always(const struct probe *probe);
/* Samples of CPU time. 0, or -EOPNOTSUPP. */
int probe_samples(struct probe *probe, bool on);

/* -- records -- */

typedef void probe_record_fn(void *context, const struct bp_header *record, size_t bytes);
int probe_fd(const struct probe *probe); /* readable when there are records */
/*
 * Calls fn for the records that are there: all of them, or as many as a tenth of a second
 * is enough for. Returns whether it was all. Those of one process come in their order; who
 * has many, or such as take long, waits for others that have few.
 */
bool probe_read(struct probe *probe, probe_record_fn *fn, void *context);
/* Whether there are records of the process that were not read then. */
bool probe_unread(const struct probe *probe, pid_t pid);
/*
 * Makes room in the ring buffer: what is there waits for the next probe_read(),
 * or for the one that runs, while fn takes long.
 */
void probe_collect(struct probe *probe);

/* -- losses: losses.c -- */

/* A loop is known to be at this source, or none any more: threads that come to it are candidates at once. */
void probe_source(struct probe *probe, uint64_t source, bool known);
/* Whether it is seen that epoll instances are closed. */
bool probe_shows_closed(const struct probe *probe);
/* When what was at this source was closed for good: the latest of them; 0: not, as far as is known. */
uint64_t probe_source_closed_ns(struct probe *probe, uint64_t source);

/* How often a thread ran that was not seen to come onto its CPU: its time was settled all the same. */
uint64_t probe_switches_unseen(const struct probe *probe);

/* How much was lost so far of a kind below LOSS_PROBE_NR. */
uint64_t probe_loss(const struct probe *probe, enum loss loss);

/* lost: a bit for each enum loss below LOSS_KERNEL_NR. */
typedef void probe_loser_fn(void *context, pid_t pid, uint32_t lost);
/* Calls fn for each process whose records found no room since the last call. */
void probe_losers(struct probe *probe, probe_loser_fn *fn, void *context);

/* Whether libbpf's own messages are shown. */
void probe_libbpf_log(bool shown);

/* CLOCK_MONOTONIC: the time that records are in. */
uint64_t probe_now_ns(void);

#endif
