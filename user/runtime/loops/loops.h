/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loops.h - the runtimes that list.h names. Nothing outside of runtime/ includes it. */
#ifndef BLOCKPROF_RUNTIME_LOOPS_LOOPS_H
#define BLOCKPROF_RUNTIME_LOOPS_LOOPS_H

#include "runtime/runtime.h"

#define RUNTIME(name) extern const struct runtime runtime_##name;
#include "runtime/loops/list.h"
#undef RUNTIME

/* What asyncio's loops have in common, whoever serves them. */
extern const struct advice *const advice_asyncio[];
extern const struct off_loop off_asyncio;

extern const struct runtime_workers libuv_workers; /* libuv.c */
extern const struct runtime_workers java_workers; /* java_nio.c */

#endif
