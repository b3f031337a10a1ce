/* SPDX-License-Identifier: GPL-2.0-or-later */
/* private.h - the places in which a home is looked for. */
#ifndef BLOCKPROF_PROC_HOME_PRIVATE_H
#define BLOCKPROF_PROC_HOME_PRIVATE_H

#include <stdbool.h>

#include "proc/home/home.h"

#define CONTAINER_ID_LENGTH 64

/* Is it 64 hexadecimal digits, and so fit for a path? */
bool home_is_container_id(const char *id);

/*
 * Takes the name where it is allowed by Kubernetes (a DNS label, or a subdomain, which has
 * dots: RFC 1123) or by Docker and Podman ([a-zA-Z0-9][a-zA-Z0-9_.-]*). false: it is not.
 */
struct name_room {
	char *to;
	size_t size;
};

bool home_take_label(const struct name_room *room, const char *text, size_t length);
bool home_take_subdomain(const struct name_room *room, const char *text, size_t length);
bool home_take_engine_name(const struct name_room *room, const char *text);
#define NAME_ROOM(field) (&(const struct name_room){ (field), sizeof(field) })

/* -- kubelet.c: each adds what it finds and is not known yet -- */

/* By the link /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log. */
void kubelet_by_container(struct memory_source *source, const char *id, struct process_home *home);
/* By the directory /var/log/pods/NAMESPACE_POD_UID. */
void kubelet_by_pod(struct memory_source *source, const char *uid, struct process_home *home);

/* -- engines.c: Docker's and Podman's name of a container -- */

void engines_name(struct memory_source *source, const char *id, struct process_home *home);

/* -- inside.c: what a process of a pod sees itself -- */

void inside_pod(const struct home_sources *sources, pid_t pid, const char *pod_uid,
		struct process_home *home);

#endif
