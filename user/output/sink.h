/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink.h - where an output's bytes go: a file or stdout, plain or gzip.
 *
 * Bytes are kept until sink_flush(), so what is flushed as one reaches a plain
 * file as one write. The first error is kept: after it nothing more is written
 * and every call gives it. A closed pipe is the error -EPIPE, never SIGPIPE.
 */
#ifndef BLOCKPROF_OUTPUT_SINK_H
#define BLOCKPROF_OUTPUT_SINK_H

#include <stdbool.h>
#include <stddef.h>

struct sink;

/* path "-" or NULL is stdout; gzip by the suffix .gz. 0 or -errno. */
int sink_open(struct sink **out, const char *path);
/* Takes fd, also on failure. */
int sink_open_fd(struct sink **out, int fd, bool gzip);
int sink_write(struct sink *sink, const void *data, size_t size);
/*
 * Makes what was written so far readable. With gzip at most five times a
 * second, since each time costs compression.
 */
int sink_flush(struct sink *sink);
/* Without that limit: the caller has one of its own. */
int sink_flush_now(struct sink *sink);
int sink_error(const struct sink *sink);
int sink_close(struct sink *sink); /* completes, closes, frees; 0 or the first -errno */

#endif
