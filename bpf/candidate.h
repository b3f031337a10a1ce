/* SPDX-License-Identifier: GPL-2.0 */
/*
 * candidate.h - the calls that may be a loop's wait, to which a thread without a slot
 * comes: how often to each, whatever lies between, and when user space is asked.
 */
#ifndef BLOCKPROF_CANDIDATE_H
#define BLOCKPROF_CANDIDATE_H

#include "capture.h"

#define CANDIDATE_FIRST	  8 /* records of one thread before they get rare */
#define CANDIDATE_GAP_NS  100000000
#define CANDIDATE_RETURNS 4 /* each of the first to one wait is a record */
/* Most threads that come in numbers have ended by then: the returns of a younger one are not counted. */
#define CANDIDATE_YOUNG_NS 50000000

/* include/net/tcp_states.h; AF_UNIX uses them, too */
#define TCP_ESTABLISHED 1
#define TCP_LISTEN	10

/* -- how often -- */

/* The thread sleeps in what is none of its waits but known (NULL: none of them). */
static __always_inline void waits_note_other(struct thread *thread, const struct wait *known)
{
	int i;

	for (i = 0; i < WAITS; i++) {
		struct wait *wait = &thread->waits[i];

		if (!wait->wait_class)
			break;
		if (wait == known)
			continue;
		if (thread->block.sp - wait->sp - BP_OUTER_BYTES < BP_STACK_BYTES)
			wait->outer++;
	}
}

/* The thread, which is current, sleeps elsewhere: the instance that it waited at last is closed meanwhile. */
static __always_inline void wait_check(struct thread *thread, struct task_struct *task)
{
	struct wait *wait = &thread->waits[thread->waited & (WAITS - 1)];

	if (wait->wait_class == BP_WAIT_EPOLL && wait->count && epoll_is_closed(task, wait->number))
		wait->count = 0;
}

static __always_inline bool is_young(struct task_struct *task, u64 now)
{
	return now - BPF_CORE_READ(task, start_time) < CANDIDATE_YOUNG_NS;
}

/* The thread comes to the wait that its block is. */
static __always_inline struct wait *wait_note(struct thread *thread, bool young, u64 now)
{
	u32 wait_class = thread->block.wait_class;
	u64 id = thread->block.source ? thread->block.source : thread->block.wait_id;
	u32 number = wait_class == BP_WAIT_EPOLL ? thread->block.wait_id : 0;
	u32 place = 0, renamed = WAITS;
	u64 oldest_ns = ~0ull;
	struct wait *wait;
	int i;

	thread->left_ns = 0;
	for (i = 0; i < WAITS; i++) {
		wait = &thread->waits[i];
		if (!wait->wait_class || wait->last_ns < oldest_ns) {
			oldest_ns = wait->last_ns;
			place = i;
		}
		if (!wait->wait_class)
			break;
		if (wait->wait_class != wait_class)
			continue;
		if (!is_same_wait(wait_class, wait->id, id)) {
			/* its number stands for another instance: it was closed */
			if (number && wait->number == number)
				renamed = i;
			continue;
		}
		/* another instance, where that one was */
		if (source_closed_since(thread->block.source, wait->last_ns)) {
			renamed = i;
			break;
		}
		wait->count += !young;
		wait->number = number;
		wait->last_ns = now;
		wait->sp = thread->block.sp;
		thread->waited = i;
		return wait;
	}
	if (renamed < WAITS)
		place = renamed;
	thread->waited = place;
	wait = &thread->waits[place & (WAITS - 1)];
	wait->wait_class = wait_class;
	wait->id = id;
	wait->number = number;
	wait->count = 1;
	wait->last_ns = now;
	wait->sp = thread->block.sp;
	wait->outer = 0;
	return wait;
}

/* At once when the wait is new, then each time its count has doubled, with a gap in between; one of a young thread. */
static __always_inline bool candidate_is_due(struct thread *thread, u32 count, bool young, u64 now)
{
	if (young && thread->candidates)
		return false;
	if (count > CANDIDATE_RETURNS && count & (count - 1))
		return false;
	if (thread->candidates >= CANDIDATE_FIRST && now - thread->candidate_ns < CANDIDATE_GAP_NS)
		return false;
	thread->candidates++;
	thread->candidate_ns = now;
	return true;
}

/* -- for which descriptors -- */

struct poll_reading {
	struct bp_candidate *record;
	u64 fds; /* address of the first struct pollfd */
};

/* Of a socket of current: one of the states above; else 0. */
__weak __noinline int socket_state(int fd)
{
	struct file *file = task_file(bpf_get_current_task_btf(), fd);
	struct socket *socket;
	struct sock *sk;

	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	return sk ? BPF_CORE_READ(sk, __sk_common.skc_state) : 0;
}

static __always_inline void socket_note(struct poll_reading *reading, int fd)
{
	int state = socket_state(fd);

	reading->record->listens |= state == TCP_LISTEN;
	reading->record->connected += state == TCP_ESTABLISHED;
}

static long poll_reading_step(u32 i, struct poll_reading *reading)
{
	struct bp_candidate *record = reading->record;
	struct pollfd pollfd = {};

	if (i >= record->nr_fds || i >= BP_POLL_FDS ||
	    bpf_probe_read_user(&pollfd, sizeof(pollfd),
				(void *)(reading->fds + (u64)i * sizeof(pollfd))))
		return 1;
	record->fds[i & (BP_POLL_FDS - 1)] = pollfd.fd;
	socket_note(reading, pollfd.fd);
	return 0;
}

static long select_reading_step(u32 i, struct poll_reading *reading)
{
	struct bp_candidate *record = reading->record;

	if (i >= record->nr_fds)
		return 1;
	if (record->words[(i >> 6) & (BP_SELECT_WORDS - 1)] >> (i & 63) & 1)
		socket_note(reading, (int)i);
	return 0;
}

static __always_inline u64 select_word(u64 addr, u32 at, u32 nr_fds)
{
	u64 word = 0;

	if (addr && at * 64 < nr_fds)
		bpf_probe_read_user(&word, sizeof(word), (void *)(addr + (u64)at * 8));
	return word;
}

/* Of the call that current sleeps in. */
__weak __noinline int descriptors_read(struct bp_candidate *record, const struct bp_block *block)
{
	struct poll_reading reading = { .record = record };
	const u64 *args;
	u32 i;

	if (!record || !block)
		return 0;
	args = block->args;
	reading.fds = args[0];
	record->nr_fds = 0;
	record->listens = 0;
	record->connected = 0;
	if (record->wait_class == BP_WAIT_POLL) {
		record->nr_fds = args[1];
		__builtin_memset(record->fds, -1, sizeof(record->fds));
		REPEAT(BP_POLL_FDS, poll_reading_step, &reading);
	} else if (record->wait_class == BP_WAIT_SELECT) {
		record->nr_fds = args[0];
		/* no loop, as one of these would end by falling into its head, which 6.1 refuses */
#pragma unroll
		for (i = 0; i < BP_SELECT_WORDS; i++)
			record->words[i] = select_word(args[1], i, record->nr_fds) |
					   select_word(args[2], i, record->nr_fds) |
					   select_word(args[3], i, record->nr_fds);
		REPEAT(BP_SELECT_WORDS * 64, select_reading_step, &reading);
	}
	return 0;
}

/* Sources of loops that are known: who else comes to one of them serves that loop. */
__weak struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, u64);
	__type(value, u32);
} known_sources SEC(".maps");

static __always_inline bool source_is_known(u64 source)
{
	return source && bpf_map_lookup_elem(&known_sources, &source);
}

/* -- the record -- */

/* ctx: for its stack; NULL: without. */
static __always_inline int candidate_send(void *ctx, struct thread *thread,
					  struct task_struct *task, const struct wait *wait,
					  u64 now)
{
	struct bp_candidate *record;
	const struct bp_python *py;
	u32 room = 0, bytes;

	record = bpf_map_lookup_elem(&candidate_room, &room);
	if (!record)
		return 0;
	header_fill(&record->header, BP_RECORD_CANDIDATE, thread->slot, task_tid(task),
		    task_tgid(task), now);
	record->wait_class = thread->block.wait_class;
	record->wait_id = thread->block.wait_id;
	record->count = wait->count;
	record->outer = wait->outer;
	record->since_ns = now;
	record->pthread = task_pthread(task);
	record->syscall = thread->block.syscall;
	record->sp = thread->block.sp;
	record->source = thread->block.source;
	record->user = task_user(task);
	BPF_CORE_READ_STR_INTO(&record->comm, task, comm);
	descriptors_read(record, &thread->block);
	if (ctx)
		stack_native(ctx, &record->stack);
	else
		stack_clear(&record->stack);
	py = ctx ? python_of(record->header.tgid) : NULL;
	if (py)
		stack_python(&record->stack, py, task, thread, 0);
	bytes = __builtin_offsetof(struct bp_candidate, stack) + stack_used_bytes(&record->stack);
	if (bytes > sizeof(*record))
		bytes = sizeof(*record);
	if (!ring_may_send(thread->slot, record->header.tgid, record->user, bytes,
			   RING_OF_CANDIDATES) ||
	    bpf_ringbuf_output(&ring, record, bytes, 0))
		lose_of(BP_LOSS_CANDIDATE_RING, record->header.tgid);
	return 0;
}

/* How long it was away from such waits: a turn, if this turns out to be a loop. */
static __always_inline void candidate_note_turn(struct thread *thread, u64 now)
{
	u64 out_ns = thread->left_ns ? now - thread->left_ns : 0;

	if (out_ns < threshold_ns)
		return;
	thread->long_turns++;
	if (out_ns > thread->longest_ns)
		thread->longest_ns = out_ns;
}

/*
 * task is about to sleep in a call that may be a loop's wait: it has no slot, or user
 * space has more to learn of the waits of the one that it has. The verifier walks
 * through this for each call: one is enough.
 */
static __noinline int candidate_note(void *ctx, struct thread *thread, struct task_struct *task,
				     u64 now)
{
	bool young = is_young(task, now);
	struct wait *wait;

	if (thread->slot != BP_NO_SLOT)
		block_read(&thread->block, task, task_state(task), thread->parks);
	else
		candidate_note_turn(thread, now);
	wait = wait_note(thread, young, now);
	if (thread->slot == BP_NO_SLOT)
		waits_note_other(thread, wait);
	if (candidate_is_due(thread, wait->count, young, now) ||
	    (thread->slot == BP_NO_SLOT && source_is_known(thread->block.source)))
		candidate_send(ctx, thread, task, wait, now);
	return 0;
}

/* It returns from such a call, in which it need not have slept; it has no slot. */
static __noinline int candidate_note_return(struct thread *thread, struct task_struct *task,
					    u64 now)
{
	bool young = is_young(task, now);
	struct wait *wait;

	block_read(&thread->block, task, 0, thread->parks);
	candidate_note_turn(thread, now);
	wait = wait_note(thread, young, now);
	thread->left_ns = now;
	if (candidate_is_due(thread, wait->count, young, now) ||
	    source_is_known(thread->block.source))
		candidate_send(NULL, thread, task, wait, now);
	return 0;
}

#endif
