/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loops.h - the runtimes that list.h names. Nothing outside of runtime/ includes it. */
#ifndef BLOCKPROF_RUNTIME_LOOPS_LOOPS_H
#define BLOCKPROF_RUNTIME_LOOPS_LOOPS_H

#include "runtime/runtime.h"

#define RUNTIME(name) extern const struct runtime runtime_##name;
#include "runtime/loops/list.h"
#undef RUNTIME

#endif
