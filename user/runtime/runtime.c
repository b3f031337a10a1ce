// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "runtime/python/python.h"
#include "runtime/runtime.h"

/* Asked in this order: the ones that know most come first. */
static const struct runtime *const runtimes[] = {
	&runtime_asyncio,
	&runtime_generic,
};

void runtime_judge(const struct sighting *sighting, struct verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (runtimes[i]->judge(sighting, verdict))
			return;
}

const char *runtime_version(const struct python *python)
{
	return python ? python_version(python) : NULL;
}
