// SPDX-License-Identifier: GPL-2.0-or-later
/* loop_numbers.c - by what two loops of a report are the same one. */
#include "report/loop_numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strings.h"
#include "output/keys.h"

#define HOSTS_MAX 4096

/* What is compared byte by byte. */
struct loop_key {
	uint64_t loop;
	uint32_t host;
	int32_t pid;
	int32_t tid;
	uint32_t unused;
};

struct loop_numbers {
	char **hosts;
	size_t nr_hosts;
	size_t host; /* the one that records are of now */
	struct keys *keys; /* struct loop_key */
	size_t room; /* of keys: they are bounded by their number */
};

int loop_numbers_new(struct loop_numbers **out)
{
	struct loop_numbers *loops = calloc(1, sizeof(*loops));

	*out = NULL;
	if (!loops)
		return -ENOMEM;
	loops->room = SIZE_MAX;
	if (keys_new(&loops->keys, LOOP_NUMBERS_MAX, &loops->room)) {
		free(loops);
		return -ENOMEM;
	}
	*out = loops;
	return 0;
}

void loop_numbers_free(struct loop_numbers *loops)
{
	if (!loops)
		return;
	for (size_t i = 0; i < loops->nr_hosts; i++)
		free(loops->hosts[i]);
	free(loops->hosts);
	keys_free(loops->keys);
	free(loops);
}

int loop_numbers_on_host(struct loop_numbers *loops, const char *host)
{
	char **hosts, *name;

	for (loops->host = 0; loops->host < loops->nr_hosts; loops->host++)
		if (same_string(loops->hosts[loops->host], host))
			return 0;
	if (loops->nr_hosts == HOSTS_MAX)
		return -ENOMEM;
	hosts = reallocarray(loops->hosts, loops->nr_hosts + 1, sizeof(hosts[0]));
	if (!hosts || copy_string(&name, host))
		return -ENOMEM;
	loops->hosts = hosts;
	hosts[loops->nr_hosts++] = name;
	return 0;
}

static struct loop_key key_of(const struct loop_numbers *loops, const struct thread_id *id)
{
	return (struct loop_key){
		.loop = id->loop,
		.host = (uint32_t)loops->host,
		.pid = id->pid,
		.tid = id->tid,
	};
}

size_t loop_numbers_find(const struct loop_numbers *loops, const struct thread_id *id)
{
	struct loop_key key = key_of(loops, id);
	uint32_t number;

	return keys_find(loops->keys, &key, sizeof(key), &number) ? LOOP_NUMBERS_NONE : number;
}

size_t loop_numbers_add(struct loop_numbers *loops, const struct thread_id *id)
{
	struct loop_key key = key_of(loops, id);
	uint32_t number;

	return keys_add(loops->keys, &key, sizeof(key), &number) ? LOOP_NUMBERS_NONE : number;
}

size_t loop_numbers_nr(const struct loop_numbers *loops)
{
	return keys_size(loops->keys);
}

size_t loop_numbers_hosts(const struct loop_numbers *loops)
{
	return loops->nr_hosts;
}

const char *loop_numbers_host_name(const struct loop_numbers *loops, size_t host)
{
	return loops->hosts[host];
}
