/* SPDX-License-Identifier: GPL-2.0-or-later */
/* records.h - the kernel side's records: the ring buffer, and the lines that it is emptied into. */
#ifndef BLOCKPROF_PROBE_RECORDS_H
#define BLOCKPROF_PROBE_RECORDS_H

#include "probe/probe.h"

struct records;

#define RECORDS_SENT 3

/* The kernel side's: what user space reads and writes of it. */
struct records_kernel {
	int ring_fd; /* of maps, which stay the caller's */
	int losers_fd;
	const struct bp_slot *slots; /* by number */
	unsigned int nr_slots;
	/* Who sent how much since the ring was empty: zeroed then. */
	struct {
		void *at;
		size_t bytes;
	} sent[RECORDS_SENT];
};

/* 0 or -errno. */
int records_new(struct records **out, const struct records_kernel *kernel);
void records_free(struct records *records);

int records_fd(const struct records *records); /* readable when there are some in the ring buffer */
void records_collect(struct records *records); /* see probe_collect() */
bool records_read(struct records *records, probe_record_fn *fn, void *context); /* likewise */
bool records_unread(const struct records *records, pid_t pid); /* see probe_unread() */
/* That have been collected, and not read. */
uint64_t records_waiting(const struct records *records);
/* That were left out as their process had its share of the room, by what they would have been lost as. */
uint64_t records_left_out(const struct records *records, enum loss loss);

#endif
