// SPDX-License-Identifier: GPL-2.0-or-later
/* sink.c - when bytes are written, how they are compressed, and how a closed pipe shows. */
#include "output/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"
#include "base/strings.h"
#include "output/made_file.h"
#include "output/queue.h"

#define BUFFER_BYTES	    (64 * 1024)
#define GZIP_FLUSH_EVERY_NS (200 * NS_PER_MS)
#define GZIP_WINDOW_BITS    (15 + 16) /* zlib.h: 16 more than the window is a gzip header */
#define GZIP_MEMORY_LEVEL   8
/* Messages come in pieces of a few bytes, for each of which zlib would be called. */
#define GATHER_BYTES (16 * 1024)
/*
 * The longest line of a recording, which its reader is to have at once, and not part by part
 * as it takes those. Anyone may have so much (fs.pipe-max-size).
 */
#define PIPE_BYTES	 (1 << 20)
#define PIPE_USUAL_BYTES (64 << 10) /* as the kernel makes them: pipe(7) */
/* Of a reader that takes nothing. */
#define LAST_WAIT_NS NS_PER_SEC

struct sink {
	int fd;
	int error; /* first -errno */
	bool close_fd;
	bool may_sigpipe;
	bool gzip;
	size_t at_once; /* 0: there is no queue; so many bytes do not block if poll(2) says so */
	uint64_t until_ns; /* how long the last of it is waited for; 0: a second */
	struct queue queue;
	uint64_t passed_bytes;
	z_stream stream;
	uint64_t gzip_flushed_ns;
	size_t used;
	unsigned char buffer[BUFFER_BYTES];
	size_t gathered_bytes;
	unsigned char gathered[GATHER_BYTES]; /* not compressed yet */
};

/*
 * write(2) without SIGPIPE. Its disposition belongs to the process (and would
 * be inherited by a started command), so it is blocked around the call and,
 * when it was this call that raised it, taken back.
 */
static ssize_t write_quietly(const struct sink *sink, const unsigned char *data, size_t size)
{
	static const struct timespec at_once = { 0 };
	sigset_t sigpipe, pending, kept;
	bool was_pending;
	ssize_t written;
	int error;

	if (!sink->may_sigpipe)
		return write(sink->fd, data, size);
	sigemptyset(&sigpipe);
	sigaddset(&sigpipe, SIGPIPE);
	sigpending(&pending);
	was_pending = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &sigpipe, &kept);
	written = write(sink->fd, data, size);
	error = errno;
	if (written < 0 && error == EPIPE && !was_pending)
		while (sigtimedwait(&sigpipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &kept, NULL);
	errno = error;
	return written;
}

static int write_all(struct sink *sink, const unsigned char *data, size_t size)
{
	while (size && !sink->error) {
		ssize_t written = write_quietly(sink, data, size);

		if (written >= 0) {
			data += written;
			size -= (size_t)written;
		} else if (errno == EAGAIN) {
			/* Someone made the descriptor non-blocking, as a shared terminal or pipe may be. */
			struct pollfd ready = { .fd = sink->fd, .events = POLLOUT };

			poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			sink->error = -errno;
		}
	}
	return sink->error;
}

/* Whether the reader takes something within so many milliseconds. */
static bool is_ready(const struct sink *sink, int wait_ms)
{
	struct pollfd ready = { .fd = sink->fd, .events = POLLOUT };

	return poll(&ready, 1, wait_ms) > 0;
}

/* Writes what the reader takes by then, without ever waiting in write(2). */
static void write_queued(struct sink *sink, uint64_t until_ns)
{
	const unsigned char *bytes;

	while (!sink->error && !queue_is_empty(&sink->queue)) {
		uint64_t now_ns = clock_now_ns();
		int wait_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / NS_PER_MS) + 1 : 0;
		size_t nr = queue_first(&sink->queue, sink->at_once, &bytes);
		ssize_t written;

		if (!is_ready(sink, wait_ms))
			return;
		written = write_quietly(sink, bytes, nr);
		if (written >= 0)
			queue_take(&sink->queue, (size_t)written);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			sink->error = -errno;
	}
}

/* To the file, or by way of the queue. */
static int pass_on(struct sink *sink, const unsigned char *data, size_t size)
{
	sink->passed_bytes += size;
	if (!sink->at_once)
		return write_all(sink, data, size);
	if (!sink->error)
		sink->error = queue_add(&sink->queue, data, size);
	write_queued(sink, 0);
	return sink->error;
}

static int drain(struct sink *sink)
{
	size_t used = sink->used;

	sink->used = 0;
	return pass_on(sink, sink->buffer, used);
}

/* Through zlib into the buffer, which is written whenever it is full. */
static int compress_bytes(struct sink *sink, const void *data, size_t size, int flush)
{
	z_stream *stream = &sink->stream;
	int err = Z_OK;

	stream->next_in = (Bytef *)(uintptr_t)data;
	stream->avail_in = (uInt)size;
	do {
		if (sink->used == sizeof(sink->buffer))
			drain(sink);
		if (sink->error)
			return sink->error;
		stream->next_out = sink->buffer + sink->used;
		stream->avail_out = (uInt)(sizeof(sink->buffer) - sink->used);
		err = deflate(stream, flush);
		sink->used = sizeof(sink->buffer) - stream->avail_out;
		/* Z_BUF_ERROR: nothing was left to do, which is no error (zlib.h). */
		if (err == Z_STREAM_ERROR)
			sink->error = -EIO;
	} while (stream->avail_out == 0);
	return sink->error;
}

static int compress_gathered(struct sink *sink, int flush)
{
	size_t size = sink->gathered_bytes;

	sink->gathered_bytes = 0;
	return compress_bytes(sink, sink->gathered, size, flush);
}

static void gather(struct sink *sink, const void *data, size_t size)
{
	if (size > GATHER_BYTES - sink->gathered_bytes)
		compress_gathered(sink, Z_NO_FLUSH);
	if (size > GATHER_BYTES) {
		compress_bytes(sink, data, size, Z_NO_FLUSH);
		return;
	}
	memcpy(sink->gathered + sink->gathered_bytes, data, size);
	sink->gathered_bytes += size;
}

static int open_file(struct sink *sink, const char *path, const struct file_owner *owner)
{
	if (!path || strcmp(path, "-") == 0) {
		sink->fd = STDOUT_FILENO;
	} else {
		sink->fd = made_file_open(path, owner);
		if (sink->fd < 0)
			return sink->fd;
		sink->close_fd = true;
	}
	return 0;
}

static void free_sink(struct sink *sink)
{
	if (sink->close_fd)
		close(sink->fd);
	queue_free(&sink->queue);
	free(sink);
}

static int start_gzip(struct sink *sink)
{
	if (deflateInit2(&sink->stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW_BITS,
			 GZIP_MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	sink->gzip = true;
	return 0;
}

/* What depends on the kind of file. */
static int prepare(struct sink *sink, bool gzip)
{
	struct stat st;

	if (fstat(sink->fd, &st) < 0)
		return -errno;
	sink->may_sigpipe = S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode);
	return gzip ? start_gzip(sink) : 0;
}

uint64_t sink_bytes(const struct sink *sink)
{
	return sink->passed_bytes;
}

bool sink_is_terminal(const struct sink *sink)
{
	return isatty(sink->fd);
}

int sink_gzip(struct sink *sink)
{
	return sink->gzip ? 0 : start_gzip(sink);
}

int sink_open(struct sink **out, const char *path, const struct file_owner *owner)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	int err;

	*out = NULL;
	if (!sink)
		return -ENOMEM;
	err = open_file(sink, path, owner);
	if (!err)
		err = prepare(sink, sink->close_fd && ends_with(path, ".gz"));
	if (err) {
		free_sink(sink);
		return err;
	}
	*out = sink;
	return 0;
}

int sink_open_fd(struct sink **out, int fd, bool gzip)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	int err;

	*out = NULL;
	if (!sink) {
		close(fd);
		return -ENOMEM;
	}
	sink->fd = fd;
	sink->close_fd = true;
	err = prepare(sink, gzip);
	if (err) {
		free_sink(sink);
		return err;
	}
	*out = sink;
	return 0;
}

void sink_compress_fast(struct sink *sink)
{
	if (sink->gzip && !sink->error)
		deflateParams(&sink->stream, Z_BEST_SPEED, Z_DEFAULT_STRATEGY);
}

int sink_write(struct sink *sink, const void *data, size_t size)
{
	const unsigned char *rest = data;

	while (sink->gzip && size && !sink->error) {
		size_t part = size < BUFFER_BYTES ? size : BUFFER_BYTES;

		gather(sink, rest, part);
		rest += part;
		size -= part;
	}
	if (sink->gzip || sink->error)
		return sink->error;
	if (size > sizeof(sink->buffer) - sink->used)
		drain(sink);
	if (size > sizeof(sink->buffer))
		return pass_on(sink, rest, size);
	memcpy(sink->buffer + sink->used, rest, size);
	sink->used += size;
	return sink->error;
}

int sink_flush(struct sink *sink)
{
	if (sink->gzip && clock_now_ns() - sink->gzip_flushed_ns < GZIP_FLUSH_EVERY_NS)
		return sink->error;
	return sink_flush_now(sink);
}

int sink_flush_now(struct sink *sink)
{
	if (sink->gzip) {
		sink->gzip_flushed_ns = clock_now_ns();
		compress_gathered(sink, Z_SYNC_FLUSH);
	}
	return drain(sink);
}

void sink_queue(struct sink *sink)
{
	sink->at_once = queue_at_once(sink->fd);
	/* one whose size somebody chose stays as it is */
	if (sink->at_once && fcntl(sink->fd, F_GETPIPE_SZ) == PIPE_USUAL_BYTES)
		fcntl(sink->fd, F_SETPIPE_SZ, PIPE_BYTES);
}

/* Nobody reads any more, which a format that writes only at its end would find out then. */
static bool is_abandoned(const struct sink *sink)
{
	struct pollfd reader = { .fd = sink->fd };

	return sink->at_once && poll(&reader, 1, 0) > 0 && reader.revents & (POLLERR | POLLHUP);
}

bool sink_try(struct sink *sink)
{
	write_queued(sink, 0);
	if (!sink->error && is_abandoned(sink))
		sink->error = -EPIPE;
	return !sink->error && !queue_is_empty(&sink->queue);
}

void sink_hurry(struct sink *sink, uint64_t until_ns)
{
	sink->until_ns = until_ns;
}

int sink_error(const struct sink *sink)
{
	return sink->error;
}

int sink_close(struct sink *sink)
{
	int err;

	if (sink->gzip) {
		compress_gathered(sink, Z_FINISH);
		deflateEnd(&sink->stream);
	}
	err = drain(sink);
	write_queued(sink, sink->until_ns ? sink->until_ns : clock_now_ns() + LAST_WAIT_NS);
	if (!err)
		err = sink->error;
	if (!err && !queue_is_empty(&sink->queue))
		err = -ETIMEDOUT;
	/* Network file systems report a full disk here. */
	if (sink->close_fd && close(sink->fd) < 0 && !err)
		err = -errno;
	sink->close_fd = false;
	free_sink(sink);
	return err;
}
