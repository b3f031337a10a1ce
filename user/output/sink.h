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
#include <stdint.h>

struct file_owner;
struct sink;

/*
 * path "-" or NULL is stdout; gzip by the suffix .gz; whose a file is that is made, and when
 * it cannot be opened now (-EAGAIN): made_file.h. 0 or -errno.
 */
int sink_open(struct sink **out, const char *path, const struct file_owner *owner);
/* Takes fd, also on failure. */
int sink_open_fd(struct sink **out, int fd, bool gzip);
bool sink_is_terminal(const struct sink *sink);
/* Through gzip, whatever it is called; before anything is written. 0 or -ENOMEM. */
int sink_gzip(struct sink *sink);
/* With gzip: soon rather than small; before anything is written. */
void sink_compress_fast(struct sink *sink);
int sink_write(struct sink *sink, const void *data, size_t size);
/*
 * From now on a reader of a pipe, socket or terminal that takes nothing holds up nobody:
 * what is written is kept, up to a bound (then the error is -ENOBUFS), until it is taken.
 */
void sink_queue(struct sink *sink);
/* Writes of that what is taken now, and sees whether there still is a reader. Whether something is left. */
bool sink_try(struct sink *sink);
/* Of what is left at the end no more is waited for than until then (CLOCK_MONOTONIC), rather than for a second. */
void sink_hurry(struct sink *sink, uint64_t until_ns);
/*
 * Makes what was written so far readable. With gzip at most five times a
 * second, since each time costs compression.
 */
int sink_flush(struct sink *sink);
/* Without that limit: the caller has one of its own. */
int sink_flush_now(struct sink *sink);
int sink_error(const struct sink *sink);
/* So many bytes have gone there, or wait for its reader; what is not flushed is not counted. */
uint64_t sink_bytes(const struct sink *sink);
int sink_close(
	struct
	sink *sink); /* completes, closes, frees; 0 or the first -errno; -ETIMEDOUT: the last of it was not taken */

#endif
