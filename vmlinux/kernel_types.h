/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kernel_types.h - the kernel's types as far as blockprof reads them, kept by
 * hand: field order and size do not matter, libbpf relocates every access
 * against the running kernel's BTF. So a machine without BTF can build.
 *
 * A name___flavour is the same type on other kernels (libbpf strips ___*).
 */
#ifndef KERNEL_TYPES_H
#define KERNEL_TYPES_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
typedef int pid_t;

enum {
	false = 0,
	true = 1,
};

#define NULL ((void *)0)

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_F_NO_PREALLOC = 1 << 0,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_F_USER_STACK = 1 << 8,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_RING_SIZE = 1,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Only asked for whether they exist. */
enum bpf_func_id {
	BPF_FUNC_jiffies64 = 118,
	BPF_FUNC_task_pt_regs = 175,
	BPF_FUNC_loop = 181,
};

typedef struct {
	int counter;
} atomic_t;

struct thread_info {
	u32 status; /* x86: TS_COMPAT */
	u32 cpu; /* since 5.16 (bcf9033e5449) */
};

struct sched_entity {
	u64 sum_exec_runtime;
	u64 prev_sum_exec_runtime;
};

struct sched_info {
	unsigned long long run_delay;
	unsigned long long last_arrival;
};

struct cfs_bandwidth {
	u64 quota;
	u64 throttled_time;
};

struct cfs_rq {
	int throttle_count;
};

struct task_group {
	struct task_group *parent;
	struct cfs_rq **cfs_rq; /* one a CPU */
	struct cfs_bandwidth cfs_bandwidth;
};

struct thread_struct {
	unsigned long fsbase; /* x86 */
};

/* arm64: thread.uw.tp_value */
struct thread_struct___arm64 {
	struct {
		unsigned long tp_value;
	} uw;
};

struct pid_namespace;

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
};

struct qstr {
	const unsigned char *name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	unsigned int i_rdev;
	struct super_block *i_sb;
	unsigned long i_ino;
	void *i_private;
};

typedef struct {
	long long counter;
} atomic64_t;

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right;
	struct rb_node *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

struct file {
	atomic64_t f_count; /* up to 6.12 */
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
	struct hlist_head *f_ep; /* of struct epitem.fllink; since 5.11 (319c15174757) */
};

/* 6.13 (90ee6ed776c0): one less than the references that there are */
struct file___ref {
	struct {
		atomic64_t refcnt;
	} f_ref;
};

struct eventpoll {
	struct file *file;
	struct rb_root_cached rbr;
};

struct epoll_filefd {
	struct file *file;
	int fd;
};

struct epoll_event {
	u32 events;
	u64 data;
};

struct epitem {
	struct rb_node rbn;
	struct epoll_filefd ffd;
	struct eventpoll *ep;
	struct hlist_node fllink;
	struct epoll_event event;
};

struct io_uring_task {
	struct file *registered_rings[16];
};

struct io_uring {
	u32 head;
	u32 tail;
};

struct io_rings {
	struct io_uring cq;
	u32 cq_ring_entries;
};

struct io_ring_ctx {
	struct io_rings *rings;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
	__be16 skc_dport;
	__u16 skc_num;
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	possible_net_t skc_net;
};

struct socket;

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	u8 sk_shutdown;
	u32 sk_ack_backlog;
	struct socket *sk_socket;
};

struct socket {
	struct sock *sk;
	struct file *file;
};

struct request_sock {
	struct request_sock *dl_next;
	struct sock *sk;
};

struct request_sock_queue {
	struct request_sock *rskq_accept_head;
};

struct inet_connection_sock {
	struct request_sock_queue icsk_accept_queue;
	struct {
		u32 lrcvtime; /* jiffies */
	} icsk_ack;
};

struct tcp_sock {
	u32 rcv_nxt;
	u32 copied_seq;
};

struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct new_utsname {
	char nodename[65];
};

struct uts_namespace {
	struct new_utsname name;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t euid;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	void *stack;
	unsigned int flags;
	int on_cpu;
	struct sched_entity se;
	struct sched_info sched_info;
	struct task_group *sched_task_group;
	pid_t pid;
	pid_t tgid;
	int exit_state;
	int exit_code;
	unsigned long nvcsw;
	unsigned long nivcsw;
	u64 start_time; /* by CLOCK_MONOTONIC */
	char comm[16];
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct io_uring_task *io_uring;
	struct signal_struct *signal;
	struct task_struct *group_leader;
	struct task_struct *real_parent;
	struct pid *thread_pid;
	const struct cred *real_cred;
	struct bpf_local_storage *bpf_storage;
	struct thread_struct thread;
};

/* Before 5.14 (2f064a59a11f "sched: Change task_struct::state"). */
struct task_struct___old {
	long state;
	unsigned int cpu;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif
