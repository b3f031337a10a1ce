/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reader.h - targets' memory and files by way of processes that may hang in them.
 *
 * A page of a target may come from a file system that answers late or never, or from
 * a userfaultfd: who reads it sleeps until then, and not even SIGKILL need end that.
 * The same holds for its files and for what of /proc waits for its locks (base/files.h). So
 * children read and open, of which the watcher waits for each answer a bounded time.
 */
#ifndef BLOCKPROF_READER_READER_H
#define BLOCKPROF_READER_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/meanwhile.h"
#include "base/memory.h"

struct readers;
struct zygote;

/*
 * Starts the children, by way of zygote (NULL: without), which outlives them. They end with
 * this process. 0 or -errno.
 */
int readers_new(struct readers **out, struct zygote *zygote);
/* NULL is fine. One that hangs is left behind, not waited for. */
void readers_free(struct readers *readers);

/*
 * Where they read: -ETIMEDOUT from a process in which a reader hangs, or has hung for long,
 * from others of its user while more hang there than are left, and from each while all hang. The readers outlive it.
 */
struct memory_source readers_source(struct readers *readers);

void readers_meanwhile(struct readers *readers, struct meanwhile meanwhile);

/*
 * The next process in whose memory, or files, a reader has hung and of which this did not
 * say so before; 0: none.
 */
pid_t readers_next_hung(struct readers *readers, bool *in_files);

/* How many processes have been given up so far. */
uint64_t readers_given_up(const struct readers *readers);

#endif
