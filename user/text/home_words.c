// SPDX-License-Identifier: GPL-2.0-or-later
/* home_words.c - which of a process's containers and pods is worth naming. */
#include "text/home_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"

static char *pod_words(const char *pod, const char *namespace, const char *container)
{
	char *words;

	return asprintf(&words, "pod %s%s%s%s%s%s", namespace, *namespace ? "/" : "", pod,
			*container ? " (" : "", container, *container ? ")" : "") < 0
		       ? NULL
		       : words;
}

static char *container_words(const char *namespace, const char *container)
{
	char *words;

	return asprintf(&words, "container %s%s%s", container, *namespace ? " in namespace " : "",
			namespace) < 0
		       ? NULL
		       : words;
}

char *home_words(const struct home *home)
{
	static const struct home none;
	const struct home *shown = home ? home : &none;
	char room[HOME_SHORT_BYTES];
	/* beside a pod's name its containers are told apart by theirs only */
	const char *container = shown->pod ? shown->container_name : home_container(shown, room);
	__freeing char *pod = escape_text(shown->pod ? shown->pod : "");
	__freeing char *namespace = escape_text(shown->namespace ? shown->namespace : "");
	__freeing char *name = escape_text(container ? container : "");

	if (!pod || !namespace || !name)
		return NULL;
	if (*pod)
		return pod_words(pod, namespace, name);
	return *name ? container_words(namespace, name) : strdup("");
}
