/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hub.h - what the loops of gevent and trio have in common. */
#ifndef BLOCKPROF_RUNTIME_HUB_H
#define BLOCKPROF_RUNTIME_HUB_H

#include "runtime/python/python.h"
#include "runtime/runtime.h"

/* Fills verdict for a thread whose Python frames are those of hub's wait; whether they are hub's. */
bool hub_judge(const struct runtime *runtime, const struct sighting *sighting, enum python_hub hub,
	       struct verdict *verdict);

#endif
