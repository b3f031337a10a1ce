// SPDX-License-Identifier: GPL-2.0-or-later
/* records.c - how much may wait in the backlog, and what is left out when that is much. */
#include "probe/records.h"

#include <errno.h>
#include <stdlib.h>
#include <bpf/libbpf.h>

#include "probe/backlog.h"

/*
 * Records that wait to be dealt with, besides those in the ring buffer. When the
 * backlog is full the rest stays in the ring, and the kernel side counts what does
 * not fit into that.
 */
#define BACKLOG_BYTES	 (16 << 20)
#define RECORD_BYTES_MAX (128 << 10)
_Static_assert(sizeof(struct bp_stack_copy) <= RECORD_BYTES_MAX, "the largest record");
_Static_assert(sizeof(struct bp_slice) <= RECORD_BYTES_MAX, "the largest but one");

struct records {
	struct ring_buffer *ring;
	struct backlog *backlog;
	uint64_t copies_left_out; /* as that was half full */
};

static int ring_record(void *context, void *data, size_t bytes)
{
	struct records *records = context;
	struct backlog *backlog = records->backlog;
	const struct bp_header *header = data;

	if (bytes < sizeof(*header) || bytes > RECORD_BYTES_MAX)
		;
	else if (header->type == BP_RECORD_STACK_COPY && !backlog_fits(backlog, BACKLOG_BYTES / 2))
		records->copies_left_out++; /* as in the ring buffer: room for what is small */
	else
		backlog_add(backlog, data, bytes);
	/* an error ends the reading behind this record */
	return backlog_fits(backlog, RECORD_BYTES_MAX) ? 0 : -ENOSPC;
}

void records_collect(struct records *records)
{
	if (backlog_fits(records->backlog, RECORD_BYTES_MAX))
		ring_buffer__consume(records->ring);
}

void records_read(struct records *records, probe_record_fn *fn, void *context)
{
	const struct bp_header *record;
	size_t bytes;

	/* until nothing has come while the last of them were dealt with */
	for (records_collect(records); backlog_first(records->backlog, &bytes);
	     records_collect(records))
		while ((record = backlog_first(records->backlog, &bytes))) {
			fn(context, record, bytes);
			backlog_drop(records->backlog);
		}
}

int records_fd(const struct records *records)
{
	return ring_buffer__epoll_fd(records->ring);
}

uint64_t records_copies_left_out(const struct records *records)
{
	return records->copies_left_out;
}

int records_new(struct records **out, int ring_fd)
{
	struct records *records = calloc(1, sizeof(*records));
	int err;

	if (!records)
		return -ENOMEM;
	err = backlog_new(&records->backlog, BACKLOG_BYTES);
	if (!err) {
		records->ring = ring_buffer__new(ring_fd, ring_record, records, NULL);
		err = records->ring ? 0 : -errno;
	}
	if (err) {
		records_free(records);
		return err;
	}
	*out = records;
	return 0;
}

void records_free(struct records *records)
{
	if (!records)
		return;
	ring_buffer__free(records->ring);
	backlog_free(records->backlog);
	free(records);
}
