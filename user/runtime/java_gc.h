/* SPDX-License-Identifier: GPL-2.0-or-later */
/* java_gc.h - whether a Java virtual machine has collected garbage of late, by its own counters. */
#ifndef BLOCKPROF_RUNTIME_JAVA_GC_H
#define BLOCKPROF_RUNTIME_JAVA_GC_H

#include <stdint.h>

#include "base/memory.h"

/*
 * Did a collector of this process run within the last so many nanoseconds? 1, 0; -ENOENT: it is
 * no JVM; -ENODATA: one that does not say (-XX:-UsePerfData), or whose counters make no sense.
 */
int java_collected(const struct memory *memory, uint64_t within_ns);

/* Does one run now, and since when? Within 50 ms. Likewise. */
int java_collects(const struct memory *memory, uint64_t *for_ns);

#endif
