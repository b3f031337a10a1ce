// SPDX-License-Identifier: GPL-2.0-or-later
#include "runtime/runtime.h"

#include <string.h>

#include "runtime/python/python.h"

/* Asked in this order: the ones that know most come first, programs before libraries. */
static const struct runtime *const runtimes[] = {
	&runtime_asyncio,  &runtime_gevent, &runtime_trio,     &runtime_uvloop,	   &runtime_node,
	&runtime_redis,	   &runtime_nginx,  &runtime_postgres, &runtime_memcached, &runtime_haproxy,
	&runtime_go,	   &runtime_tokio,  &runtime_netty,    &runtime_java_nio,  &runtime_libuv,
	&runtime_libevent, &runtime_libev,  &runtime_glib,     &runtime_generic,
};

#define RUNTIMES (sizeof(runtimes) / sizeof(runtimes[0]))

_Static_assert(RUNTIMES <= RUNTIMES_MAX, "runtimes");

void runtime_judge(const struct sighting *sighting, struct verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	for (size_t i = 0; i < RUNTIMES; i++)
		if (runtimes[i]->judge(runtimes[i], sighting, verdict))
			return;
}

size_t runtime_functions(const char *names[RUNTIMES_MAX])
{
	size_t nr = 0;

	for (size_t i = 0; i < RUNTIMES; i++)
		if (runtimes[i]->function)
			names[nr++] = runtimes[i]->function;
	return nr;
}

static const struct runtime *named(const char *name)
{
	for (size_t i = 0; name && i < RUNTIMES; i++)
		if (!strcmp(runtimes[i]->name, name))
			return runtimes[i];
	return NULL;
}

bool runtime_nests_for_child(const char *name)
{
	const struct runtime *runtime = named(name);

	return runtime && runtime->nests_for_child;
}

bool runtime_runs_javascript(const char *name)
{
	const struct runtime *runtime = named(name);

	return runtime && runtime->runs_javascript;
}

const char *runtime_version(const char *name, struct program *program, const struct python *python,
			    char version[RUNTIME_VERSION_BYTES])
{
	for (size_t i = 0; name && i < RUNTIMES; i++)
		if (runtimes[i]->version && !strcmp(runtimes[i]->name, name))
			return runtimes[i]->version(program, version, RUNTIME_VERSION_BYTES)
				       ? NULL
				       : version;
	return python ? python_version(python) : NULL;
}
