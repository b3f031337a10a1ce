/* SPDX-License-Identifier: GPL-2.0-or-later */
/* features.h - what this kernel allows, found by trying. */
#ifndef BLOCKPROF_PROBE_FEATURES_H
#define BLOCKPROF_PROBE_FEATURES_H

#include <stdbool.h>

#include "base/name_value.h"

enum wait_mechanism {
	WAIT_FEXIT, /* trampolines: cheap enough to be in place all the time */
	WAIT_KRETPROBE,
	WAIT_SYS_EXIT, /* the tracepoint of every system call's return */
};

/* How things are done on this kernel. */
struct features {
	enum wait_mechanism waits;
	bool waits_always; /* the programs of waits stay attached */
	bool cpu_samples;
};

#define FEATURES_NR 5

/* The rows of start.features: what is done, and by what. Static text. */
void features_describe(const struct features *features, struct name_value described[FEATURES_NR]);

/* Why the kernel took no BPF program: "REASON; REMEDY". */
const char *features_refusal(int err);

/* What everything needs: privilege and type information. 0 or -errno and *reason, as below. */
int features_basic(const char **reason);
/*
 * 0 and the best mechanism that there is for waits; or -errno and *reason: what is
 * missing, since which kernel it exists, what to do.
 */
int features_probe(enum wait_mechanism *waits, const char **reason);

/* Whether blockprof runs where processes have the numbers that the kernel gives them first. */
bool features_first_pid_namespace(void);

#endif
