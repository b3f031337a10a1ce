/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cgroup.h - the text of /proc/PID/cgroup taken apart.
 *
 * The names are parsed here rather than asked of libsystemd: the same path
 * also holds container ids, which that library does not know, and it answers
 * nothing on a machine that runs without systemd.
 */
#ifndef BLOCKPROF_PROC_CGROUP_H
#define BLOCKPROF_PROC_CGROUP_H

#include "proc/process.h"

/* 0, -ENOMEM, or -ENOENT when there is no usable line; then out holds nothing. */
int cgroup_parse(const char *text, struct process_cgroup *out);

/*
 * The innermost systemd unit of a path: a user's own unit rather than
 * user@UID.service. The id of the innermost container, or the name of a
 * systemd-nspawn or LXC one. The uid of the innermost pod. Caller frees; NULL:
 * there is none.
 */
char *cgroup_unit(const char *path);
char *cgroup_container(const char *path);
char *cgroup_pod_uid(const char *path);

/* The text of /proc/PID/cgroup; caller frees; NULL: not known. */
char *process_cgroup_text(pid_t pid);
/*
 * Of such a text, in any of its hierarchies: is the unit, .service may be left
 * out, the one that the process is in, or one above it? Is path ("/a/b", "": the
 * root) its cgroup, or above it?
 */
bool cgroup_in_unit(const char *text, const char *unit);
bool cgroup_is_below(const char *text, const char *path);

#endif
