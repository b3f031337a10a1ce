/* SPDX-License-Identifier: GPL-2.0 */
/*
 * impact.h - who waited for a turn: the descriptors that are ready when it has
 * ended, and since when, as far as the kernel keeps that.
 *
 * It is looked at as the wait returns that did not sleep, and only where the turn
 * was longer than the threshold; what one event costs (some 500 ns) bounds how many
 * of them are looked at.
 */
#ifndef BLOCKPROF_IMPACT_H
#define BLOCKPROF_IMPACT_H

#include "share.h"
#include "syscall.h"

#define EVENT_SHIFT   16 /* one event for each 65 us that the turn lasted */
#define STEP_SHIFT    13 /* likewise of TREE_STEPS: each 8 us */
#define EVENTS	      1024
#define EVENTS_WALKED 32 /* on kernels where the verifier walks through each */
#define TREE_STEPS    4096 /* two for each descriptor that an epoll instance has */
#define QUEUE_STEPS   BP_CLIENTS
#define QUEUE_WALKED  8
#define TABLE_STEPS   128 /* descriptors among which the other end is looked for */
#define TABLE_WALKED  16

#define SOCK_STREAM  1
#define IPPROTO_TCP  6
#define TCP_LISTEN   10
#define RCV_SHUTDOWN 1
#define RB_COLOR     3ul

#define HAVE_EPITEMS                                        \
	(bpf_core_field_exists(((struct file *)0)->f_ep) && \
	 bpf_core_field_exists(((struct epitem *)0)->fllink))
#define HAVE_DATA_TIME                                                          \
	(bpf_core_field_exists(((struct inet_connection_sock *)0)->icsk_ack) && \
	 bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_jiffies64))

/* include/uapi/linux/eventpoll.h */
struct user_event {
	u32 events;
	u64 data;
}
#if defined(__TARGET_ARCH_x86)
__attribute__((packed))
#endif
;

/* As REPEAT(), but only so many times where there is no bpf_loop(). */
#define REPEAT_OR(times, walked, step, state)                \
	do {                                                 \
		u32 __i;                                     \
                                                             \
		if (HAVE_LOOP)                               \
			bpf_loop(times, step, state, 0);     \
		else                                         \
			for (__i = 0; __i < (walked); __i++) \
				if (step(__i, state))        \
					break;               \
	} while (0)

/* -- one descriptor -- */

struct table_search {
	struct file **table;
	struct file *file; /* of which the other end is looked for */
	struct file *peer; /* SOCKET: that is it */
	struct inode *inode; /* PIPE: both ends have it */
	u32 nr;
	u32 found;
};

static long table_step(u32 i, struct table_search *search)
{
	struct file *file = NULL;

	if (i >= search->nr)
		return 1;
	bpf_probe_read_kernel(&file, sizeof(file), &search->table[i]);
	if (!file || file == search->file)
		return 0;
	search->found =
		search->peer ? file == search->peer : BPF_CORE_READ(file, f_inode) == search->inode;
	return search->found;
}

/*
 * The process has both ends of this pipe or unix socket: that is how it wakes itself. Only
 * asked of those that may be described, as it costs as much as ten of them.
 */
__weak __noinline int is_own_end(u64 file_addr, u64 peer_addr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = (struct file *)file_addr;
	struct table_search search = {
		.table = BPF_CORE_READ(fdt, fd),
		.file = file,
		.peer = (struct file *)peer_addr,
		.inode = BPF_CORE_READ(file, f_inode),
		.nr = BPF_CORE_READ(fdt, max_fds),
	};

	REPEAT_OR(TABLE_STEPS, TABLE_WALKED, table_step, &search);
	return search.found;
}

static __always_inline u64 unix_peer_file(struct sock *sk)
{
	struct sock *peer = BPF_CORE_READ((struct unix_sock *)sk, peer);

	return peer ? (u64)BPF_CORE_READ(peer, sk_socket, file) : 0;
}

/* Since its last data came, if some of that is not read yet. */
static __always_inline u32 ticks_of(struct sock *sk)
{
	struct inet_connection_sock *icsk = (struct inet_connection_sock *)sk;
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	u32 unread;

	if (!HAVE_DATA_TIME || BPF_CORE_READ_BITFIELD_PROBED(sk, sk_type) != SOCK_STREAM ||
	    BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol) != IPPROTO_TCP)
		return BP_TICKS_UNKNOWN;
	unread = BPF_CORE_READ(tp, rcv_nxt) - BPF_CORE_READ(tp, copied_seq);
	/* the end of the stream counts as a byte, and has no time */
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_shutdown) & RCV_SHUTDOWN)
		unread--;
	if ((s32)unread <= 0)
		return BP_TICKS_UNKNOWN;
	return (u32)bpf_jiffies64() - BPF_CORE_READ(icsk, icsk_ack.lrcvtime);
}

/* A connection that nobody has accepted has been waiting since it was made, or since its last data. */
static __always_inline u32 ticks_of_queued(struct sock *sk)
{
	if (!HAVE_DATA_TIME)
		return BP_TICKS_UNKNOWN;
	return (u32)bpf_jiffies64() -
	       BPF_CORE_READ((struct inet_connection_sock *)sk, icsk_ack.lrcvtime);
}

static __always_inline void ticks_note(struct bp_impact *impact, u32 ticks)
{
	if (ticks != BP_TICKS_UNKNOWN &&
	    (impact->ticks == BP_TICKS_UNKNOWN || ticks > impact->ticks))
		impact->ticks = ticks;
}

/* A place for another client; NULL: there is none. */
static __always_inline struct bp_client *client_next(struct bp_impact *impact)
{
	u32 nr = impact->nr;

	barrier_var(nr);
	if (nr >= BP_CLIENTS)
		return NULL;
	impact->nr = nr + 1;
	return &impact->clients[nr];
}

static __always_inline void client_socket(struct bp_client *client, struct sock *sk, u64 ino,
					  int fd, u32 ticks)
{
	client->fd = fd;
	client->kind = BP_OBJECT_SOCKET;
	client->queued = !ino;
	client->ticks = ticks;
	client->ino = ino;
	socket_read(&client->socket, sk);
}

struct queue_walk {
	struct bp_impact *impact;
	struct request_sock *request;
	int fd;
	u32 pad;
};

static long queue_step(u32 i, struct queue_walk *walk)
{
	struct request_sock *request = walk->request;
	struct bp_client *client;
	struct sock *sk;
	u32 ticks;

	if (!request)
		return 1;
	sk = BPF_CORE_READ(request, sk);
	walk->request = BPF_CORE_READ(request, dl_next);
	if (!sk)
		return 0;
	ticks = ticks_of_queued(sk);
	ticks_note(walk->impact, ticks);
	client = client_next(walk->impact);
	if (!client)
		return 1;
	client_socket(client, sk, 0, walk->fd, ticks);
	return 0;
}

/* The connections that wait at a socket that listens. */
__weak __noinline int impact_queue(struct bp_impact *impact, u64 sk_addr, int fd)
{
	struct inet_connection_sock *icsk = (struct inet_connection_sock *)sk_addr;
	struct queue_walk walk = { .impact = impact, .fd = fd };

	if (!impact)
		return 0;
	walk.request = BPF_CORE_READ(icsk, icsk_accept_queue.rskq_accept_head);
	impact->waiting += BPF_CORE_READ((struct sock *)sk_addr, sk_ack_backlog);
	REPEAT_OR(QUEUE_STEPS, QUEUE_WALKED, queue_step, &walk);
	return 0;
}

__weak __noinline int impact_socket(struct bp_impact *impact, u64 file_addr, int fd)
{
	struct file *file = (struct file *)file_addr;
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);
	u32 family, ticks = BP_TICKS_UNKNOWN;
	struct bp_client *client;
	u64 peer;

	if (!sk || !impact)
		return 0;
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family == AF_UNIX) {
		peer = unix_peer_file(sk);
		if (peer && impact->nr < BP_CLIENTS && is_own_end(file_addr, peer))
			return 0;
	} else if (family != AF_INET && family != AF_INET6) {
		return 0;
	} else if (BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN) {
		return impact_queue(impact, (u64)sk, fd);
	} else {
		ticks = ticks_of(sk);
		ticks_note(impact, ticks);
	}
	impact->waiting++;
	client = client_next(impact);
	if (client)
		client_socket(client, sk, BPF_CORE_READ(file, f_inode, i_ino), fd, ticks);
	return 0;
}

/* fd, which is ready, stands for this file. */
__weak __noinline int impact_file(struct bp_impact *impact, u64 file_addr, int fd)
{
	struct file *file = (struct file *)file_addr;
	struct bp_client *client;
	char name[8] = {};

	if (!impact || !file)
		return 0;
	switch (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) {
	case S_IFSOCK:
		return impact_socket(impact, file_addr, fd);
	case S_IFIFO:
		if (impact->nr < BP_CLIENTS && is_own_end(file_addr, 0))
			return 0;
		impact->waiting++;
		client = client_next(impact);
		if (!client)
			return 0;
		client->fd = fd;
		client->kind = BP_OBJECT_PIPE;
		client->queued = 0;
		client->ticks = BP_TICKS_UNKNOWN;
		client->ino = BPF_CORE_READ(file, f_inode, i_ino);
		return 0;
	case 0: /* anonymous */
		bpf_probe_read_kernel(name, sizeof(name),
				      BPF_CORE_READ(file, f_path.dentry, d_name.name));
		if (!__builtin_memcmp(name, "[timerfd", sizeof(name)))
			impact->timers++;
	}
	return 0;
}

static __always_inline void impact_fd(struct bp_impact *impact, int fd)
{
	impact_file(impact, (u64)task_file(bpf_get_current_task_btf(), fd), fd);
}

/* -- what the wait returned -- */

/* By which the steps go through what a wait has returned. */
struct event_walk {
	struct bp_impact *impact;
	u64 addr; /* EPOLL: of the events; POLL: of the pollfds */
	u64 ep; /* EPOLL: the instance */
	u64 sets[3]; /* SELECT: their addresses */
	u64 word; /* SELECT: of the three sets, the bits of 64 descriptors */
	u32 nr; /* events, pollfds, or descriptors in a set */
	u32 left; /* POLL, SELECT: that are ready, and not found yet */
};

/* Whether an event with this data is the instance's for this file. */
static __always_inline bool is_of_file(u64 ep, struct file *file, u64 data)
{
	struct hlist_head *items = file ? BPF_CORE_READ(file, f_ep) : NULL;
	struct hlist_node *node = items ? BPF_CORE_READ(items, first) : NULL;
	int i;

	/* a file is at one instance, as a rule */
	for (i = 0; i < 3 && node; i++) {
		struct epitem *item = (void *)node - bpf_core_field_offset(struct epitem, fllink);

		if ((u64)BPF_CORE_READ(item, ep) == ep && BPF_CORE_READ(item, event.data) == data)
			return true;
		node = BPF_CORE_READ(node, next);
	}
	return false;
}

/* Most programs let an event carry the descriptor, others a pointer: these are sought. */
static long epoll_step(u32 i, struct event_walk *walk)
{
	struct bp_impact *impact = walk->impact;
	struct user_event event = {};
	struct file *file;
	u32 nr;

	if (i >= walk->nr)
		return 1;
	if (bpf_probe_read_user(&event, sizeof(event), (void *)(walk->addr + i * sizeof(event))))
		return 1;
	file = task_file(bpf_get_current_task_btf(), (int)event.data);
	if (is_of_file(walk->ep, file, event.data)) {
		impact_file(impact, (u64)file, (int)event.data);
		return 0;
	}
	nr = impact->nr_sought;
	barrier_var(nr);
	if (nr < BP_CLIENTS) {
		impact->sought[nr] = event.data;
		impact->nr_sought = nr + 1;
	}
	return 0;
}

static long poll_step(u32 i, struct event_walk *walk)
{
	struct pollfd pollfd = {};

	if (i >= walk->nr || !walk->left)
		return 1;
	if (bpf_probe_read_user(&pollfd, sizeof(pollfd), (void *)(walk->addr + i * sizeof(pollfd))))
		return 1;
	if (!pollfd.revents)
		return 0;
	walk->left--;
	impact_fd(walk->impact, pollfd.fd);
	return 0;
}

static long select_step(u32 i, struct event_walk *walk)
{
	int set;

	if (i >= walk->nr || !walk->left)
		return 1;
	if (!(i & 63)) {
		walk->word = 0;
		for (set = 0; set < 3; set++) {
			u64 word = 0;

			if (walk->sets[set])
				bpf_probe_read_user(&word, sizeof(word),
						    (void *)(walk->sets[set] + i / 8));
			walk->word |= word;
		}
	}
	if (!(walk->word >> (i & 63) & 1))
		return 0;
	walk->left--;
	impact_fd(walk->impact, i);
	return 0;
}

/* -- by what an event carried, among all descriptors of the instance -- */

struct tree_walk {
	struct bp_impact *impact;
	struct rb_node *node;
	struct rb_node *from; /* where the last step came from */
	u64 left; /* steps */
};

__weak __noinline int is_sought(const struct bp_impact *impact, u64 data)
{
	u32 i, nr, found = 0;

	if (!impact)
		return 0;
	nr = impact->nr_sought;
	for (i = 0; i < BP_CLIENTS; i++)
		found |= i < nr && impact->sought[i] == data;
	return found;
}

/* Down to the left, then to the right, and up again: each node is entered once from above. */
static long tree_step(u32 i, struct tree_walk *walk)
{
	struct rb_node *node = walk->node, *parent, *left, *right;
	struct epitem *item;

	if (!node || i >= walk->left)
		return 1;
	parent = (struct rb_node *)(BPF_CORE_READ(node, __rb_parent_color) & ~RB_COLOR);
	left = BPF_CORE_READ(node, rb_left);
	right = BPF_CORE_READ(node, rb_right);
	if (walk->from == parent) {
		item = (void *)node - bpf_core_field_offset(struct epitem, rbn);
		if (is_sought(walk->impact, BPF_CORE_READ(item, event.data)))
			impact_file(walk->impact, (u64)BPF_CORE_READ(item, ffd.file),
				    BPF_CORE_READ(item, ffd.fd));
	}
	if (walk->from == parent && left)
		walk->node = left;
	else if (walk->from != right && right)
		walk->node = right;
	else
		walk->node = parent;
	walk->from = node;
	return 0;
}

static __always_inline void impact_seek(struct bp_impact *impact, u64 ep, u64 ns)
{
	struct tree_walk walk = {
		.impact = impact,
		.node = BPF_CORE_READ((struct eventpoll *)ep, rbr.rb_root.rb_node),
		.left = ns >> STEP_SHIFT,
	};

	/* too many steps for those that walk through each */
	if (HAVE_LOOP)
		bpf_loop(TREE_STEPS, tree_step, &walk, 0);
}

/* -- all of it -- */

static __always_inline u32 uring_events(u64 source)
{
	struct io_ring_ctx *ring = (struct io_ring_ctx *)source;
	struct io_rings *rings = source ? BPF_CORE_READ(ring, rings) : NULL;
	u32 events;

	if (!rings)
		return 0;
	events = BPF_CORE_READ(rings, cq.tail) - BPF_CORE_READ(rings, cq.head);
	/* the program writes head */
	return events <= BPF_CORE_READ(rings, cq_ring_entries) ? events : 0;
}

/* What the wait has returned that current comes from, at the end of a turn of ns. */
static __always_inline void impact_fill(struct bp_impact *impact, u32 wait_class, u64 wait_id,
					u32 events, u64 ns)
{
	const struct pt_regs *regs = task_regs(bpf_get_current_task_btf());
	u64 most = ns >> EVENT_SHIFT;
	struct event_walk walk = { .impact = impact, .left = events < most ? events : most };

	impact->events = events;
	switch (wait_class) {
	case BP_WAIT_EPOLL:
		walk.ep = source_of(bpf_get_current_task_btf(), wait_class, wait_id);
		walk.addr = regs_arg(regs, 1);
		walk.nr = walk.left;
		if (!HAVE_EPITEMS || !walk.ep)
			return;
		REPEAT_OR(EVENTS, EVENTS_WALKED, epoll_step, &walk);
		if (impact->nr_sought)
			impact_seek(impact, walk.ep, ns);
		return;
	case BP_WAIT_POLL:
		walk.addr = regs_arg(regs, 0);
		walk.nr = regs_arg(regs, 1);
		REPEAT_OR(EVENTS, EVENTS_WALKED, poll_step, &walk);
		return;
	case BP_WAIT_SELECT:
		walk.nr = regs_arg(regs, 0);
		walk.sets[0] = regs_arg(regs, 1);
		walk.sets[1] = regs_arg(regs, 2);
		walk.sets[2] = regs_arg(regs, 3);
		REPEAT_OR(EVENTS, EVENTS_WALKED, select_step, &walk);
		return;
	case BP_WAIT_URING:
		impact->events =
			uring_events(source_of(bpf_get_current_task_btf(), wait_class, wait_id));
	}
}

/* The turn ends, as the wait of current returns with this result. */
__weak __noinline int impact_send(struct bp_slot *slot, u32 index, u32 wait_class, u64 wait_id,
				  long ret)
{
	u64 now = bpf_ktime_get_ns(), start;
	struct bp_impact *impact;

	/* io_uring_enter() returns something else */
	if (!slot || (ret <= 0 && wait_class != BP_WAIT_URING))
		return 0;
	impact = ring_may_send(index, slot->tgid, sizeof(*impact), RING_OF_SLICES)
			 ? bpf_ringbuf_reserve(&ring, sizeof(*impact), 0)
			 : NULL;
	if (!impact) {
		lose(BP_LOSS_IMPACT_RING);
		return 0;
	}
	header_fill(&impact->header, BP_RECORD_IMPACT, index, slot->tid, slot->tgid, now);
	impact->turn_seq = slot->turn_seq;
	impact->start_ns = start = slot->turn_start_ns;
	impact->timers = 0;
	impact->waiting = 0;
	impact->ticks = BP_TICKS_UNKNOWN;
	impact->nr = 0;
	impact->nr_sought = 0;
	impact_fill(impact, wait_class, wait_id, ret > 0 ? ret : 0, now > start ? now - start : 0);
	bpf_ringbuf_submit(impact, 0);
	return 0;
}

#endif
