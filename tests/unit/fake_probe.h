/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_probe.h - a kernel side that a test plays, in place of user/probe: it
 * queues records, sets slots and the clock; include it in one file of a test
 * program.
 */
#ifndef BLOCKPROF_TESTS_UNIT_FAKE_PROBE_H
#define BLOCKPROF_TESTS_UNIT_FAKE_PROBE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <cmocka.h>

#include "probe/probe.h"

#define MS 1000000ull
#define S  1000000000ull

#define SLOTS	4
#define SLOT	1 /* of the loop under test */
#define RECORDS 1024

struct queued {
	struct bp_header *record;
	size_t bytes;
};

struct probe {
	struct bp_slot slot[SLOTS + 1];
	struct bp_slice slice[SLOTS + 1];
	struct bp_cell cell[SLOTS + 1];
	struct queued queue[RECORDS];
	size_t nr_queued;
	size_t read_most; /* of them at a time; 0: all */
	struct bp_watched_snapshot thread; /* the one thread that a look shows */
	struct bp_bind bind; /* for it at the next look */
	bool bind_pending;
	unsigned int bind_slot; /* that it gets; 0: SLOT */
	bool started, waits, samples, waits_always;
	unsigned int collected;
	int iterate_error; /* of one process's threads */
	pid_t watched;
	pid_t parks; /* the process whose futexes are shown */
	bool follow;
	struct bp_python python;
	unsigned int freed[SLOTS + 1];
	struct bp_observed_snapshot suspect; /* the one thread of a process that is looked at */
	unsigned int suspect_looks;
	pid_t suspected;
	size_t nr_old;
	unsigned int old;
	struct bp_stack_copy *copy; /* of the stack of the thread that is blocked */
	uint32_t copy_bytes; /* wanted of threads without a slot */
	uint64_t losses[LOSS_PROBE_NR];
	pid_t loser; /* whose records found no room */
	uint32_t loser_lost;
	uint64_t switches_unseen;
	uint64_t source; /* that was said to be known last */
	/* Who else waits for a loop's source: that process, or why that is not seen. */
	pid_t server;
	int servers_error;
	char host_name[BP_HOST_NAME_LEN]; /* of every process */
	unsigned int server_looks;
	bool no_slots; /* whoever is to be bound gets none */
	uint64_t closed; /* source that was closed */
	uint64_t closed_ns; /* when; 0: that is not shown */
};

static uint64_t now_ns;

uint64_t probe_now_ns(void)
{
	return now_ns;
}

void probe_stop(struct probe *probe)
{
	probe->started = false;
}

void probe_start(struct probe *probe)
{
	probe->started = true;
}

int probe_watch(struct probe *probe, pid_t pid, bool follow)
{
	probe->watched = pid;
	probe->follow = follow;
	return 0;
}

int probe_python(struct probe *probe, pid_t pid, const struct bp_python *python)
{
	(void)pid;
	probe->python = *python;
	return 0;
}

int probe_parks(struct probe *probe, pid_t pid, enum bp_parks parks)
{
	(void)parks;
	probe->parks = pid;
	return 0;
}

int probe_bind(struct probe *probe, pid_t tid, const struct bp_bind *bind)
{
	assert_int_equal(tid, probe->thread.tid);
	probe->bind = *bind;
	probe->bind_pending = true;
	return 0;
}

int probe_iterate(struct probe *probe, probe_watched_fn *fn, void *context)
{
	struct bp_watched_snapshot own = { .own = 1,
					   .state = BP_RUNNING,
					   .since_ns = now_ns,
					   .sched_arrival_ns = now_ns + 5 * S };
	unsigned int number = probe->bind_slot ? probe->bind_slot : SLOT;
	struct bp_slot *slot = &probe->slot[number];

	if (probe->bind_pending && !probe->no_slots) {
		probe->thread.slot = number;
		slot->use = probe->bind.use;
		slot->wait_class = probe->bind.wait_class;
		slot->wait_id = probe->bind.wait_id;
		slot->loop_object = probe->bind.loop_object;
		slot->tid = probe->thread.tid;
		slot->tgid = probe->thread.tgid;
		slot->state = probe->thread.state;
		slot->since_ns = probe->bind.blocked_since_ns ? probe->bind.blocked_since_ns
							      : probe->thread.since_ns;
		if (probe->bind.turn_start_ns) {
			slot->in_turn = 1;
			slot->turn_seq = 1;
			slot->turn_start_ns = probe->bind.turn_start_ns;
		}
		probe->bind_pending = false;
	}
	if (fn) {
		fn(context, &own);
		if (probe->thread.tid)
			fn(context, &probe->thread);
	}
	return 0;
}

int probe_iterate_process(struct probe *probe, pid_t pid, probe_watched_fn *fn, void *context)
{
	assert_true(!probe->thread.tid || pid != (pid_t)probe->thread.tgid || fn);
	if (probe->iterate_error)
		return probe->iterate_error;
	return probe_iterate(probe, fn, context);
}

int probe_iterate_thread(struct probe *probe, pid_t tid, probe_watched_fn *fn, void *context)
{
	assert_int_equal(tid, probe->thread.tid);
	return probe_iterate(probe, fn, context);
}

void probe_unbind(struct probe *probe, pid_t tid)
{
	if (probe->thread.tid == (unsigned int)tid)
		probe->bind_pending = false;
}

void probe_unwatch(struct probe *probe, pid_t pid)
{
	if (probe->watched == pid)
		probe->watched = 0;
}

unsigned int probe_slots(const struct probe *probe)
{
	(void)probe;
	return SLOTS;
}

struct bp_cell *probe_cell(struct probe *probe, unsigned int number)
{
	return number >= 1 && number <= SLOTS ? &probe->cell[number] : NULL;
}

void probe_source(struct probe *probe, uint64_t source, bool known)
{
	probe->source = known ? source : 0;
}

int probe_host_name(struct probe *probe, pid_t pid, char name[BP_HOST_NAME_LEN])
{
	(void)pid;
	snprintf(name, BP_HOST_NAME_LEN, "%s", probe->host_name);
	return probe->host_name[0] ? 0 : -ESRCH;
}

int probe_servers(struct probe *probe, const struct bp_slot *slot, probe_server_fn *fn,
		  void *context)
{
	assert_true(slot->source);
	probe->server_looks++;
	if (!probe->servers_error && probe->server)
		fn(context, probe->server, probe->server);
	return probe->servers_error;
}

bool probe_shows_closed(const struct probe *probe)
{
	return probe->closed_ns != 0;
}

uint64_t probe_source_closed_ns(struct probe *probe, uint64_t source)
{
	return source && source == probe->closed ? probe->closed_ns : 0;
}

uint64_t probe_switches_unseen(const struct probe *probe)
{
	return probe->switches_unseen;
}

struct bp_slot *probe_slot(struct probe *probe, unsigned int slot)
{
	return slot >= 1 && slot <= SLOTS ? &probe->slot[slot] : NULL;
}

const struct bp_slice *probe_slice(struct probe *probe, unsigned int slot)
{
	return slot >= 1 && slot <= SLOTS ? &probe->slice[slot] : NULL;
}

int probe_stack_copy(struct probe *probe, unsigned int slot, uint64_t since_ns,
		     struct bp_stack_copy *copy)
{
	if (!probe->copy)
		return -ENOENT;
	assert_int_equal(slot, SLOT);
	if (probe->copy->since_ns != since_ns)
		return -EAGAIN;
	*copy = *probe->copy;
	return 0;
}

void probe_stack_copy_bytes(struct probe *probe, uint32_t bytes)
{
	probe->copy_bytes = bytes;
}

void probe_slot_free(struct probe *probe, unsigned int slot)
{
	if (slot < 1 || slot > SLOTS)
		return;
	probe->freed[slot]++;
	memset(&probe->slot[slot], 0, sizeof(probe->slot[slot]));
}

int probe_waits(struct probe *probe, bool on)
{
	probe->waits = on;
	return 0;
}

bool probe_waits_always(const struct probe *probe)
{
	return probe->waits_always;
}

int probe_samples(struct probe *probe, bool on)
{
	probe->samples = on;
	return 0;
}

int probe_observe_process(struct probe *probe, pid_t pid, probe_observed_fn *fn, void *context)
{
	probe->suspect_looks++;
	if (pid != (pid_t)probe->suspect.tgid)
		return -ESRCH;
	probe->suspect.time_ns = now_ns;
	fn(context, &probe->suspect);
	return 0;
}

int probe_observe_thread(struct probe *probe, pid_t pid, pid_t tid, probe_observed_fn *fn,
			 void *context)
{
	(void)tid;
	if (pid != (pid_t)probe->suspect.tgid)
		return -ESRCH;
	probe->suspect.time_ns = now_ns;
	fn(context, &probe->suspect);
	return 0;
}

/* One thread that writes out any file system: that of the process that is observed. */
int probe_syncers(struct probe *probe, uint32_t dev, probe_syncer_fn *fn, void *context)
{
	struct bp_sync_snapshot snapshot = { .tid = probe->suspect.tid,
					     .tgid = probe->suspect.tgid };

	(void)dev;
	if (snapshot.tid)
		fn(context, &snapshot);
	return 0;
}

int probe_observed_add(struct probe *probe, pid_t pid, const struct bp_python *python)
{
	(void)python;
	probe->suspected = pid;
	return 0;
}

void probe_observed_clear(struct probe *probe)
{
	probe->suspected = 0;
}

void probe_observed_fd(struct probe *probe, pid_t tid, int fd)
{
	(void)probe;
	(void)tid;
	(void)fd;
}

void probe_old_slots(struct probe *probe, const unsigned int *slots, size_t nr)
{
	probe->nr_old = nr;
	probe->old = nr ? slots[0] : 0;
}

bool probe_read(struct probe *probe, probe_record_fn *fn, void *context)
{
	size_t nr = probe->nr_queued;

	if (probe->read_most && nr > probe->read_most)
		nr = probe->read_most;
	for (size_t i = 0; i < nr; i++) {
		fn(context, probe->queue[i].record, probe->queue[i].bytes);
		free(probe->queue[i].record);
	}
	probe->nr_queued -= nr;
	memmove(probe->queue, probe->queue + nr, probe->nr_queued * sizeof(probe->queue[0]));
	return !probe->nr_queued;
}

/* What a test has sent is read by probe_read(). */
void probe_collect(struct probe *probe)
{
	probe->collected++;
}

bool probe_unread(const struct probe *probe, pid_t pid)
{
	for (size_t i = 0; i < probe->nr_queued; i++)
		if (probe->queue[i].record->tgid == (unsigned int)pid)
			return true;
	return false;
}

void probe_losers(struct probe *probe, probe_loser_fn *fn, void *context)
{
	if (probe->loser)
		fn(context, probe->loser, probe->loser_lost);
	probe->loser = 0;
}

uint64_t probe_loss(const struct probe *probe, enum loss loss)
{
	return probe->losses[loss];
}

#endif
