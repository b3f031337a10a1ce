// SPDX-License-Identifier: GPL-2.0-or-later
/* records.c - how much may wait in the backlog, and what is left out when that is much. */
#include "probe/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "probe/backlog.h"
#include "probe/record_shares.h"

/*
 * Records that wait to be dealt with, besides those in the ring buffer. When the
 * backlog is full the rest stays in the ring, and the kernel side counts what does
 * not fit into that.
 */
#define BACKLOG_BYTES	 (32 << 20)
#define RECORD_BYTES_MAX (128 << 10)
_Static_assert(sizeof(struct bp_stack_copy) <= RECORD_BYTES_MAX, "the largest record");
_Static_assert(sizeof(struct bp_slice) <= RECORD_BYTES_MAX, "the largest but one");

/* In one go: ticks, signals and reports wait meanwhile. */
#define READ_MAX_NS (200 * NS_PER_MS)

struct records {
	struct ring_buffer *ring;
	struct records_kernel kernel;
	uint64_t waiting; /* in the backlog */
	struct backlog *backlog;
	struct record_shares *shares; /* of it */
	uint64_t left_out[LOSS_KERNEL_NR]; /* as a process had its share */
};

/* As the kernel side counts what finds no room in the ring buffer. */
static enum loss loss_of(const struct bp_header *record)
{
	switch (record->type) {
	case BP_RECORD_SAMPLE:
		return LOSS_SAMPLES_RING_FULL;
	case BP_RECORD_CANDIDATE:
		return LOSS_CANDIDATES_RING_FULL;
	case BP_RECORD_OBSERVED_SAMPLE:
		return LOSS_SUSPECT_SAMPLES_RING_FULL;
	case BP_RECORD_STACK_COPY:
		return LOSS_STACK_COPIES_RING_FULL;
	case BP_RECORD_IMPACT:
		return LOSS_IMPACTS_RING_FULL;
	default:
		return LOSS_SLICES_RING_FULL;
	}
}

static void leave_out(struct records *records, const struct bp_header *header)
{
	enum loss loss = loss_of(header);
	uint32_t lost = 0;

	records->left_out[loss]++;
	bpf_map_lookup_elem(records->kernel.losers_fd, &header->tgid, &lost);
	if (lost & 1u << loss)
		return;
	lost |= 1u << loss;
	bpf_map_update_elem(records->kernel.losers_fd, &header->tgid, &lost, BPF_ANY);
}

/* Of a thread that has no slot it is not known. */
static struct record_owner owner_of(const struct records *records, const struct bp_header *header)
{
	const struct bp_slot *slot;

	if (header->slot == BP_NO_SLOT || header->slot > records->kernel.nr_slots)
		return (struct record_owner){ 0, 0 };
	slot = &records->kernel.slots[header->slot];
	return (struct record_owner){ slot->user, slot->cgroup };
}

static uint64_t tag_of(struct record_owner owner)
{
	return (uint64_t)owner.user << 32 | owner.cgroup;
}

static struct record_owner owner_of_tag(uint64_t tag)
{
	return (struct record_owner){ (uint32_t)(tag >> 32), (uint32_t)tag };
}

static int ring_record(void *context, void *data, size_t bytes)
{
	struct records *records = context;
	struct backlog *backlog = records->backlog;
	const struct bp_header *header = data;
	struct record_owner owner;

	if (bytes >= sizeof(*header) && bytes <= RECORD_BYTES_MAX) {
		owner = owner_of(records, header);
		if (record_shares_take(records->shares, header, owner, bytes)) {
			backlog_add(backlog, data, bytes, tag_of(owner));
			records->waiting++;
		} else {
			leave_out(records, header);
		}
	}
	/* an error ends the reading behind this record */
	return backlog_fits(backlog, RECORD_BYTES_MAX) ? 0 : -ENOSPC;
}

void records_collect(struct records *records)
{
	if (!backlog_fits(records->backlog, RECORD_BYTES_MAX) ||
	    ring_buffer__consume(records->ring) <= 0)
		return;
	for (int i = 0; i < RECORDS_SENT; i++)
		memset(records->kernel.sent[i].at, 0, records->kernel.sent[i].bytes);
}

bool records_read(struct records *records, probe_record_fn *fn, void *context)
{
	uint64_t until_ns = clock_now_ns() + READ_MAX_NS;
	const struct bp_header *record;
	size_t bytes;

	/* until nothing has come while the last of them were dealt with, or for long enough */
	for (records_collect(records); backlog_first(records->backlog, &bytes);
	     records_collect(records))
		while ((record = backlog_first(records->backlog, &bytes))) {
			fn(context, record, bytes);
			record_shares_give(records->shares, record,
					   owner_of_tag(backlog_first_tag(records->backlog)),
					   bytes);
			backlog_drop(records->backlog);
			records->waiting--;
			if (clock_now_ns() > until_ns)
				return false;
		}
	return true;
}

uint64_t records_waiting(const struct records *records)
{
	return records->waiting;
}

int records_fd(const struct records *records)
{
	return ring_buffer__epoll_fd(records->ring);
}

uint64_t records_left_out(const struct records *records, enum loss loss)
{
	return loss < LOSS_KERNEL_NR ? records->left_out[loss] : 0;
}

int records_new(struct records **out, const struct records_kernel *kernel)
{
	struct records *records = calloc(1, sizeof(*records));
	int err;

	if (!records)
		return -ENOMEM;
	records->kernel = *kernel;
	err = backlog_new(&records->backlog, BACKLOG_BYTES);
	if (!err)
		err = record_shares_new(&records->shares, BACKLOG_BYTES);
	if (!err) {
		records->ring = ring_buffer__new(kernel->ring_fd, ring_record, records, NULL);
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
	record_shares_free(records->shares);
	free(records);
}
