/* SPDX-License-Identifier: GPL-2.0-or-later */
/* features.h - what this kernel allows, found by trying. */
#ifndef BLOCKPROF_PROBE_FEATURES_H
#define BLOCKPROF_PROBE_FEATURES_H

#include <stdbool.h>

enum wait_mechanism {
	WAIT_FEXIT, /* trampolines: cheap enough to be in place all the time */
	WAIT_KRETPROBE,
	WAIT_SYS_EXIT, /* the tracepoint of every system call's return */
};

const char *wait_mechanism_name(enum wait_mechanism mechanism);

/* What everything needs: privilege, the first pid namespace, type information. As below. */
int features_basic(const char **reason);
/*
 * 0, or -errno with *reason: what is missing, since which kernel there is it,
 * what to do.
 */
int features_probe(enum wait_mechanism *waits, const char **reason);

/* Whether blockprof runs where processes have the numbers that the kernel gives them first. */
bool features_first_pid_namespace(void);

#endif
