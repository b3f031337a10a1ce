// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inside.c - what a process of a pod sees itself of that: the host name, which is the pod's,
 * and the namespace beside the token of its service account.
 */
#include <string.h>

#include "base/files.h"
#include "base/strings.h"
#include "proc/home/private.h"

#define DEPTH_MAX 32 /* processes from one of the pod up to one that is not */

/* The nearest ancestor outside of the pod: it sees the name of the node. 0: not known. */
static pid_t outsider(pid_t pid, const char *pod_uid)
{
	for (int i = 0; i < DEPTH_MAX; i++) {
		struct process_cgroup cgroup;
		bool inside;

		pid = process_parent(pid);
		if (pid <= 0 || process_cgroup(pid, &cgroup))
			return 0;
		inside = same_string(cgroup.pod_uid, pod_uid);
		process_cgroup_free(&cgroup);
		if (!inside)
			return pid;
	}
	return 0;
}

/*
 * With setHostnameAsFQDN it is POD.SUBDOMAIN.NAMESPACE.svc.DOMAIN; else it may be a name
 * with dots. One of 63 bytes may be the beginning of a longer one (kubelet_pods.go).
 */
static void take_pod(const char *host_name, struct process_home *home)
{
	const char *service = strstr(host_name, ".svc.");
	size_t length = service ? strcspn(host_name, ".") : strlen(host_name);

	if (strlen(host_name) < HOME_HOST_NAME_BYTES - 2)
		home_take_subdomain(NAME_ROOM(home->pod), host_name, length);
}

/* With hostNetwork it is the node's, and says nothing of the pod. */
static void find_pod(const struct home_sources *sources, pid_t pid, const char *pod_uid,
		     struct process_home *home)
{
	char own[HOME_HOST_NAME_BYTES], node[HOME_HOST_NAME_BYTES];
	pid_t outside = outsider(pid, pod_uid);

	if (!outside || sources->host_name(sources->context, pid, own) ||
	    sources->host_name(sources->context, outside, node) || !strcmp(own, node))
		return;
	take_pod(own, home);
}

/* A pod need not have it: automountServiceAccountToken. */
static void find_namespace(const struct home_sources *sources, pid_t pid, struct process_home *home)
{
	const struct file_wanted file = {
		.pid = pid,
		.path = "/var/run/secrets/kubernetes.io/serviceaccount/namespace",
	};
	char text[HOME_NAMESPACE_BYTES + 1];
	ssize_t got = files_content(sources->memory, &file, 0, text, sizeof(text));

	if (got > 0 && text[got - 1] == '\n')
		got--;
	if (got > 0)
		home_take_label(NAME_ROOM(home->namespace), text, (size_t)got);
}

void inside_pod(const struct home_sources *sources, pid_t pid, const char *pod_uid,
		struct process_home *home)
{
	if (!home->pod[0])
		find_pod(sources, pid, pod_uid, home);
	if (!home->namespace[0])
		find_namespace(sources, pid, home);
}
