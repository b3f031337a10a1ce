/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * home.h - where a process belongs, besides its cgroup: what its container is called, and its
 * pod. Asked of files that the kubelet, Docker and Podman leave on the machine, and of what the
 * pod itself shows; no API server, no socket of an engine.
 *
 * A cgroup is asked about once, a few times more where not all was to be found. Names are
 * checked: what no engine would allow is not known.
 */
#ifndef BLOCKPROF_PROC_HOME_HOME_H
#define BLOCKPROF_PROC_HOME_HOME_H

#include <stdint.h>
#include <sys/types.h>

#include "base/memory.h"
#include "proc/process.h"

#define HOME_CONTAINER_BYTES 256
#define HOME_POD_BYTES	     254 /* a DNS subdomain */
#define HOME_NAMESPACE_BYTES 64 /* a DNS label */
#define HOME_HOST_NAME_BYTES 65

/* "": not known, or there is none. */
struct process_home {
	char container_name[HOME_CONTAINER_BYTES];
	char pod[HOME_POD_BYTES];
	char namespace[HOME_NAMESPACE_BYTES];
};

/* Who is asked. */
struct home_sources {
	struct memory_source *memory; /* all files are read by way of this one */
	/* The host name that a process sees. 0 or -errno. */
	int (*host_name)(void *context, pid_t pid, char name[HOME_HOST_NAME_BYTES]);
	void *context;
};

struct homes;

int homes_new(struct homes **out, const struct home_sources *sources); /* 0 or -ENOMEM */
void homes_free(struct homes *homes);
/*
 * *next_ns: when there may be more to be known, 0: never. The home stays as it is until
 * this is called again. NULL: it is in no container, or not known yet.
 */
const struct process_home *homes_find(struct homes *homes, pid_t pid,
				      const struct process_cgroup *cgroup, uint64_t now_ns,
				      uint64_t *next_ns);

#endif
