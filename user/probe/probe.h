/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.h - the kernel side as seen from user space: load it, attach it by the
 * mechanisms that this kernel has, read its records, look at its slots.
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

/* How things are done on this kernel: {name, mechanism}, nr of them. */
const struct name_value *probe_features(const struct probe *probe, size_t *nr);

/* -- what is watched -- */

/* Threads of pid that exist are under watch after the next probe_iterate(). -errno: the map is full. */
int probe_watch(struct probe *probe, pid_t pid, bool follow);
/* Its threads, and what it forks from now on, are no longer watched after the next probe_iterate(). */
void probe_unwatch(struct probe *probe, pid_t pid);
/* Tells the kernel side how to read the process's interpreter; NULL: it has none. */
int probe_python(struct probe *probe, pid_t pid, const struct bp_python *python);
/* The process has workers that park: its futexes are shown from the next probe_iterate() on. */
int probe_parks(struct probe *probe, pid_t pid);
/* Done by the next probe_iterate(). */
int probe_bind(struct probe *probe, pid_t tid, const struct bp_bind *bind);
/* No longer wanted: the thread was not there. */
void probe_unbind(struct probe *probe, pid_t tid);

typedef void probe_watched_fn(void *context, const struct bp_watched_snapshot *info);
/*
 * A look at every thread: new ones come under watch, those to be bound are
 * bound. fn (may be NULL) is called for each that is watched, and once with
 * info->own set for the calling thread. 0 or -errno.
 */
int probe_iterate(struct probe *probe, probe_watched_fn *fn, void *context);
/* The same for the threads of one process, or for one thread; some kernels look at all of them (before 6.1). */
int probe_iterate_process(struct probe *probe, pid_t pid, probe_watched_fn *fn, void *context);
int probe_iterate_thread(struct probe *probe, pid_t tid, probe_watched_fn *fn, void *context);

/* -- slots -- */

unsigned int probe_slots(const struct probe *probe); /* valid numbers: 1 to this */
/* Written by the kernel at any moment: copy, then judge. */
struct bp_slot *probe_slot(struct probe *probe, unsigned int slot);
const struct bp_slice *probe_slice(struct probe *probe, unsigned int slot);
/*
 * The copy of the stack of a slot's thread that is blocked since since_ns. 0, -ENOENT: there is
 * none, -EAGAIN: it moved meanwhile; or -errno.
 */
int probe_stack_copy(struct probe *probe, unsigned int slot, uint64_t since_ns,
		     struct bp_stack_copy *copy);
/* How many bytes of the stacks of threads without a slot are wanted from now on. */
void probe_stack_copy_bytes(struct probe *probe, uint32_t bytes);
/* After its EXIT or EXEC record was dealt with: the slot may be given to another thread. */
void probe_slot_free(struct probe *probe, unsigned int slot);

/* -- what costs, only while a turn grows old -- */

/* Returns of waits that did not sleep. 0 or -errno. */
int probe_waits(struct probe *probe, bool on);
/* Whether they are seen all the time, as that is cheap here (or the threshold is too short for a switch). */
bool probe_waits_always(const struct probe *probe);
int probe_samples(struct probe *probe, bool on);

/* Turns that are old: who runs on the CPUs that their threads are ready for is noted while samples are on. */
void probe_old_slots(struct probe *probe, const unsigned int *slots, size_t nr);

/* -- processes that an old turn waits for, which need not be watched -- */

typedef void probe_observed_fn(void *context, const struct bp_observed_snapshot *info);
/* A look at its threads, now: fn for each. 0 or -errno. */
int probe_observe_process(struct probe *probe, pid_t pid, probe_observed_fn *fn, void *context);
/* The same for one thread, or for others of the process too (before 6.1). */
int probe_observe_thread(struct probe *probe, pid_t pid, pid_t tid, probe_observed_fn *fn,
			 void *context);
/* While samples are on its cpu time is sampled: BP_RECORD_OBSERVED_SAMPLE. python may be NULL. 0 or -errno: too many. */
int probe_observed_add(struct probe *probe, pid_t pid, const struct bp_python *python);
void probe_observed_clear(struct probe *probe);
/* The descriptor that the thread waits for, as only user space could find it: for the next look. -1: no longer. */
void probe_observed_fd(struct probe *probe, pid_t tid, int fd);

/* -- records -- */

typedef void probe_record_fn(void *context, const struct bp_header *record, size_t bytes);
int probe_fd(const struct probe *probe); /* readable when there are records */
/* Hands every record that is there to fn. */
void probe_read(struct probe *probe, probe_record_fn *fn, void *context);
/*
 * Makes room in the ring buffer: what is there waits for the next probe_read(),
 * or for the one that runs, while fn takes long.
 */
void probe_collect(struct probe *probe);

/* -- losses -- */

/* How much was lost so far of a kind that the kernel side counts: below LOSS_KERNEL_NR. */
uint64_t probe_loss(const struct probe *probe, enum loss loss);

/* Whether libbpf's own messages are shown. */
void probe_libbpf_log(bool shown);

/* CLOCK_MONOTONIC: the time that records are in. */
uint64_t probe_now_ns(void);

#endif
