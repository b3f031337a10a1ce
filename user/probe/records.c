// SPDX-License-Identifier: GPL-2.0-or-later
/* records.c - how much may wait to be dealt with, for how long that is done, and what is left out when it is much. */
#include "probe/records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/clock.h"
#include "probe/waiting.h"
#include "probe/record_shares.h"

/*
 * Records that wait to be dealt with, besides those in the ring buffer. When there
 * is no more room the rest stays in the ring, and the kernel side counts what does
 * not fit into that.
 */
#define WAITING_BYTES	 (32 << 20)
#define RECORD_BYTES_MAX (128 << 10)
_Static_assert(sizeof(struct bp_stack_copy) <= RECORD_BYTES_MAX, "the largest record");
_Static_assert(sizeof(struct bp_slice) <= RECORD_BYTES_MAX, "the largest but one");

/* In one go: ticks, signals and reports wait meanwhile. */
#define READ_MAX_NS (100 * NS_PER_MS)
/* So often what has come meanwhile gets into its line: it may be who has waited least. */
#define COLLECT_NS (2 * NS_PER_MS)

struct records {
	struct ring_buffer *ring;
	struct records_kernel kernel;
	uint64_t nr_waiting;
	struct waiting *waiting;
	bool full; /* some may have been left in the ring, anybody's */
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

static int ring_record(void *context, void *data, size_t bytes)
{
	struct records *records = context;
	const struct bp_header *header = data;
	struct record_owner owner;

	if (bytes >= sizeof(*header) && bytes <= RECORD_BYTES_MAX) {
		owner = record_owner_of(header, bytes, records->kernel.slots,
					records->kernel.nr_slots);
		if (!record_shares_take(records->shares, header, owner, waiting_room(bytes))) {
			leave_out(records, header);
		} else if (waiting_add(records->waiting, header, bytes, owner)) {
			record_shares_give(records->shares, header, owner, waiting_room(bytes));
			leave_out(records, header);
		} else {
			records->nr_waiting++;
		}
	}
	/* an error ends the reading behind this record */
	return waiting_fits(records->waiting, RECORD_BYTES_MAX) ? 0 : -ENOSPC;
}

void records_collect(struct records *records)
{
	int err = -ENOSPC;

	if (waiting_fits(records->waiting, RECORD_BYTES_MAX))
		err = ring_buffer__consume(records->ring);
	records->full = err == -ENOSPC;
	if (err <= 0)
		return;
	for (int i = 0; i < RECORDS_SENT; i++)
		memset(records->kernel.sent[i].at, 0, records->kernel.sent[i].bytes);
}

bool records_read(struct records *records, probe_record_fn *fn, void *context)
{
	uint64_t began_ns = clock_now_ns(), now_ns = began_ns, collected_ns = began_ns, before_ns;
	const struct bp_header *record;
	struct record_owner owner;
	size_t bytes;

	/* until nothing has come while the last of them were dealt with, or for long enough */
	for (records_collect(records);
	     (record = waiting_first(records->waiting, &bytes, &owner));) {
		before_ns = now_ns;
		fn(context, record, bytes);
		record_shares_give(records->shares, record, owner, waiting_room(bytes));
		records->nr_waiting--;
		now_ns = clock_now_ns();
		waiting_drop(records->waiting, now_ns - before_ns);
		if (now_ns - began_ns > READ_MAX_NS) {
			records_collect(records);
			return !records->nr_waiting;
		}
		if (!records->nr_waiting || now_ns - collected_ns > COLLECT_NS) {
			records_collect(records);
			collected_ns = now_ns;
		}
	}
	return true;
}

bool records_unread(const struct records *records, pid_t pid)
{
	return records->full || waiting_has(records->waiting, pid);
}

uint64_t records_waiting(const struct records *records)
{
	return records->nr_waiting;
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
	err = waiting_new(&records->waiting, WAITING_BYTES, RECORD_BYTES_MAX);
	if (!err)
		err = record_shares_new(&records->shares, WAITING_BYTES);
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
	waiting_free(records->waiting);
	record_shares_free(records->shares);
	free(records);
}
