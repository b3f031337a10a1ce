/* SPDX-License-Identifier: GPL-2.0 */
/*
 * client.h - who waits at a descriptor that is ready, and since when, as far as the
 * kernel keeps that.
 */
#ifndef BLOCKPROF_CLIENT_H
#define BLOCKPROF_CLIENT_H

#include "syscall.h"

#define QUEUE_STEPS  BP_CLIENTS
#define QUEUE_WALKED 8
#define TABLE_STEPS  128 /* descriptors among which the other end is looked for */
#define TABLE_WALKED 16

#define SOCK_STREAM  1
#define IPPROTO_TCP  6
#define TCP_LISTEN   10
#define RCV_SHUTDOWN 1

#define HAVE_DATA_TIME                                                          \
	(bpf_core_field_exists(((struct inet_connection_sock *)0)->icsk_ack) && \
	 bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_jiffies64))

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

#endif
