/* SPDX-License-Identifier: GPL-2.0 */
/*
 * abi_snapshot.h - thread snapshots: what an iterator over tasks shows of one
 * thread, at the moment when it is asked. Each begins with tid and tgid.
 */
#ifndef BLOCKPROF_ABI_SNAPSHOT_H
#define BLOCKPROF_ABI_SNAPSHOT_H

#include "abi_capture.h"

/* Of a thread that is watched. */
struct bp_watched_snapshot {
	unsigned int tid;
	unsigned int tgid;
	unsigned int state; /* enum bp_state; RUNNING may be ready to be, as well */
	unsigned int slot; /* or BP_NO_SLOT */
	unsigned int own; /* the thread that asks */
	unsigned int before; /* it has not moved since it came under watch: since_ns is too late */
	unsigned long long time_ns; /* of the snapshot */
	unsigned long long since_ns; /* of the state */
	/*
	 * By the scheduler's clock, which differs from CLOCK_MONOTONIC by what the
	 * asking thread's own entry shows: when it last came onto a CPU, and for
	 * how long it then ran. 0: the kernel does not say.
	 */
	unsigned long long sched_arrival_ns;
	unsigned long long sched_ran_ns;
	unsigned long long pthread; /* pthread_self() */
	unsigned long long sleeps; /* since it started */
	/* User stack pointer when it last entered the kernel: it may run. */
	unsigned long long sp;
	struct bp_block block;
	char comm[BP_COMM_LEN];
};

/* Of a thread of a process that is observed, and need not be watched: nothing of it is kept. */
struct bp_observed_snapshot {
	unsigned int tid;
	unsigned int tgid;
	unsigned int state; /* enum bp_state: BLOCKED; or RUNNING: on a CPU, or ready to be */
	unsigned int kernel_nr;
	unsigned long long time_ns;
	unsigned long long switches; /* off a CPU, since it started */
	unsigned long long ran_ns; /* since it started, up to its last tick or switch */
	unsigned long long queued_ns; /* ready, but not on a CPU; likewise */
	unsigned long long sched_arrival_ns; /* as above */
	unsigned long long sched_ran_ns;
	unsigned long long pthread;
	struct bp_registers regs;
	unsigned int on_cpu; /* RUNNING: now, rather than ready to be; or that is not known */
	unsigned int pad;
	struct bp_block block;
	struct bp_object object;
	unsigned long long kernel[BP_KERNEL_FRAMES];
	char comm[BP_COMM_LEN];
};

/* Of a thread of whatever process that waits for one source, or of the one whose loop's that is. */
struct bp_server_snapshot {
	unsigned int tid;
	unsigned int tgid;
	unsigned int waits; /* now, or in its last call */
	unsigned int references; /* to its open file: descriptors, calls under way; 0: not known */
};

#define BP_HOST_NAME_LEN 65 /* include/uapi/linux/utsname.h: __NEW_UTS_LEN + 1 */

/* Of a thread of a process whose host name is asked for. */
struct bp_host_name_snapshot {
	unsigned int tid;
	unsigned int tgid;
	char name[BP_HOST_NAME_LEN + 3]; /* it ends with a NUL; "": not known */
};

/* Of a thread that writes out a file, or file systems. */
struct bp_sync_snapshot {
	unsigned int tid;
	unsigned int tgid;
	char comm[BP_COMM_LEN];
};

#endif
