/* SPDX-License-Identifier: GPL-2.0 */
/*
 * object.h - what a file descriptor or path argument stands for, read while
 * the call is under way: afterwards the descriptor may be closed.
 *
 * The larger functions are global: the verifier checks those once, not once a
 * call. Kernel objects go in and out of them as plain addresses.
 */
#ifndef BLOCKPROF_OBJECT_H
#define BLOCKPROF_OBJECT_H

#include "regs.h"
#include "repeat.h"
#include "state.h"

#define S_IFMT	 00170000
#define S_IFSOCK 0140000
#define S_IFREG	 0100000
#define S_IFBLK	 0060000
#define S_IFDIR	 0040000
#define S_IFCHR	 0020000
#define S_IFIFO	 0010000

#define PID_FS_MAGIC 0x50494446 /* include/uapi/linux/magic.h, 6.9 */
#define PIDFD_NAME   0x005d64666469705bull /* "[pidfd]" */

#define AF_UNIX	 1
#define AF_INET	 2
#define AF_INET6 10

#define PATH_NAMES   32
#define SELECT_WORDS 16 /* FD_SETSIZE bits */
#define IOCB_FD	     20 /* aio_fildes of struct iocb: include/uapi/linux/aio_abi.h */

struct pollfd {
	int fd;
	short events;
	short revents;
};

static __always_inline struct file *task_file(struct task_struct *task, int fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(fdt, fd);
	struct file *file = NULL;

	if (fd < 0 || (u32)fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), &files[fd]);
	return file;
}

static __always_inline void *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

struct path_walk {
	struct bp_object *object;
	struct dentry *dentry;
	struct vfsmount *mnt;
};

static long path_step(u32 i, struct path_walk *walk)
{
	struct dentry *dentry = walk->dentry, *parent = BPF_CORE_READ(dentry, d_parent);
	struct bp_object *object = walk->object;
	struct vfsmount *mnt = walk->mnt;
	u32 used = object->path_bytes;
	long len;

	if (dentry == parent || dentry == BPF_CORE_READ(mnt, mnt_root)) {
		struct mount *mount = mount_of(mnt);
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);

		if (above == mount || !above) {
			object->path_cut = 0;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mnt = (void *)above + bpf_core_field_offset(struct mount, mnt);
		return 0;
	}
	if (used >= BP_PATH_BYTES - BP_PATH_NAME_BYTES)
		return 1;
	/* the bound again, where the verifier sees it and the compiler does not */
	barrier_var(used);
	used &= BP_PATH_BYTES - BP_PATH_NAME_BYTES - 1;
	len = bpf_probe_read_kernel_str(&object->path[used], BP_PATH_NAME_BYTES,
					BPF_CORE_READ(dentry, d_name.name));
	if (len <= 0)
		return 1;
	object->path_bytes = used + len;
	walk->dentry = parent;
	return 0;
}

/* Names from the innermost outwards, over mount points, to the root of the mount namespace. */
__weak __noinline int object_path(struct bp_object *object, u64 file_addr)
{
	struct file *file = (struct file *)file_addr;
	struct path_walk walk = { .object = object };

	if (!object)
		return 0;
	object->path_cut = 1;
	object->path_bytes = 0;
	walk.dentry = BPF_CORE_READ(file, f_path.dentry);
	walk.mnt = BPF_CORE_READ(file, f_path.mnt);
	REPEAT(PATH_NAMES, path_step, &walk);
	return 0;
}

static __always_inline void object_unix(struct bp_object *object, struct sock *sk)
{
	struct unix_sock *us = (struct unix_sock *)sk;
	struct unix_sock *peer = (struct unix_sock *)BPF_CORE_READ(us, peer);
	struct unix_address *addr = NULL;
	u32 len;

	if (peer)
		addr = BPF_CORE_READ(peer, addr);
	if (!addr)
		addr = BPF_CORE_READ(us, addr);
	if (!addr)
		return;
	len = BPF_CORE_READ(addr, len);
	if (len <= sizeof(u16))
		return;
	len -= sizeof(u16);
	if (len > 108)
		len = 108;
	if (bpf_probe_read_kernel(object->path, len & 127, addr->name[0].sun_path))
		return;
	object->path_bytes = len;
}

static __always_inline void socket_read(struct bp_socket *out, struct sock *sk)
{
	out->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	out->type = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_type);
	out->protocol = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol);
	out->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	if (out->family == AF_INET) {
		BPF_CORE_READ_INTO((u32 *)out->local, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((u32 *)out->peer, sk, __sk_common.skc_daddr);
	} else if (out->family == AF_INET6) {
		BPF_CORE_READ_INTO((struct in6_addr *)out->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)out->peer, sk, __sk_common.skc_v6_daddr);
	}
	if (out->family == AF_INET || out->family == AF_INET6) {
		out->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
		out->peer_port = __builtin_bswap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	}
}

__weak __noinline int object_socket(struct bp_object *object, u64 file_addr)
{
	struct file *file = (struct file *)file_addr;
	struct socket *socket = BPF_CORE_READ(file, private_data);
	struct sock *sk = BPF_CORE_READ(socket, sk);

	if (!sk || !object)
		return 0;
	socket_read(&object->socket, sk);
	if (object->socket.family == AF_UNIX)
		object_unix(object, sk);
	return 0;
}

/* A pidfd is an anonymous inode of its own name; from 6.9 on all of a file system of theirs. */
static __always_inline void object_pidfd(struct bp_object *object, const struct pid *pid)
{
	object->kind = BP_OBJECT_ANON;
	*(u64 *)object->path = PIDFD_NAME;
	object->path_bytes = sizeof(u64);
	object->pid = pid_nested ? pid_number(pid) : BPF_CORE_READ(pid_upid(pid, 0), nr);
}

__weak __noinline int object_file(struct bp_object *object, u64 file_addr)
{
	struct file *file = (struct file *)file_addr;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	long len;

	if (!object)
		return 0;
	object->mode = BPF_CORE_READ(inode, i_mode);
	object->ino = BPF_CORE_READ(inode, i_ino);
	object->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	object->rdev = BPF_CORE_READ(inode, i_rdev);
	object->pid = 0;
	if (BPF_CORE_READ(inode, i_sb, s_magic) == PID_FS_MAGIC) {
		object_pidfd(object, BPF_CORE_READ(inode, i_private));
		return 0;
	}
	switch (object->mode & S_IFMT) {
	case S_IFSOCK:
		object->kind = BP_OBJECT_SOCKET;
		return object_socket(object, file_addr);
	case S_IFIFO:
		object->kind = BP_OBJECT_PIPE;
		return object_path(object, file_addr);
	case S_IFCHR:
		object->kind = BP_OBJECT_CHAR;
		return object_path(object, file_addr);
	case S_IFREG:
	case S_IFDIR:
	case S_IFBLK:
		object->kind = BP_OBJECT_FILE;
		return object_path(object, file_addr);
	}
	/* anon_inodefs gives no file type (fs/anon_inodes.c). */
	object->kind = BP_OBJECT_ANON;
	len = bpf_probe_read_kernel_str(object->path, BP_PATH_NAME_BYTES,
					BPF_CORE_READ(file, f_path.dentry, d_name.name));
	object->path_bytes = len > 0 ? len : 0;
	if (len == sizeof(u64) && *(u64 *)object->path == PIDFD_NAME)
		object_pidfd(object, BPF_CORE_READ(file, private_data));
	return 0;
}

static __always_inline int object_fd(struct bp_object *object, struct task_struct *task, int fd)
{
	struct file *file = task_file(task, fd);

	object->fd = fd;
	if (!file)
		return 0;
	return object_file(object, (u64)file);
}

/* The first fd that is in one of the three sets of a select. */
__weak __noinline int select_first_fd(const struct bp_block *block)
{
	u32 nfds, i;
	int set;

	if (!block)
		return -1;
	nfds = block->args[0];
	for (set = 1; set <= 3; set++) {
		u64 addr = set == 1 ? block->args[1] : set == 2 ? block->args[2] : block->args[3];

		if (!addr)
			continue;
		for (i = 0; i < SELECT_WORDS; i++) {
			u64 bits = 0;

			if (i * 64 >= nfds)
				break;
			bpf_probe_read_user(&bits, sizeof(bits), (void *)(addr + i * 8));
			if (bits) {
				int bit = 0;

				/* no count-trailing-zeros in BPF: halve six times */
				if (!(bits & 0xffffffff)) {
					bit += 32;
					bits >>= 32;
				}
				if (!(bits & 0xffff)) {
					bit += 16;
					bits >>= 16;
				}
				if (!(bits & 0xff)) {
					bit += 8;
					bits >>= 8;
				}
				if (!(bits & 0xf)) {
					bit += 4;
					bits >>= 4;
				}
				if (!(bits & 0x3)) {
					bit += 2;
					bits >>= 2;
				}
				if (!(bits & 0x1))
					bit += 1;
				return i * 64 + bit;
			}
		}
	}
	return -1;
}

/* Fills object with what block waits for. task is current, or blocked in it. own: it is current. */
static __always_inline void object_read(struct bp_object *object, struct task_struct *task,
					const struct bp_block *block, bool own)
{
	u32 nr = block->syscall;
	u16 flags;

	object->kind = BP_OBJECT_NONE;
	object->fd = -1;
	object->nr_fds = 0;
	object->path_bytes = 0;
	object->path_cut = 0;
	if (nr >= BP_SYSCALLS || block->flags & (BP_BLOCK_COMPAT | BP_BLOCK_STOPPED))
		return;
	flags = syscall_flags[nr & (BP_SYSCALLS - 1)];
	if (flags & BP_SYSCALL_POLL)
		object->nr_fds = block->args[1];
	else if (flags & BP_SYSCALL_SELECT)
		object->nr_fds = block->args[0];
	if (flags & BP_SYSCALL_FD) {
		object_fd(object, task, block->args[0]);
	} else if (!own) {
		return; /* the rest is in the task's memory, which only it can read here */
	} else if (flags & (BP_SYSCALL_PATH | BP_SYSCALL_PATHAT)) {
		u64 addr = flags & BP_SYSCALL_PATH ? block->args[0] : block->args[1];
		long len = bpf_probe_read_user_str(object->path, BP_PATH_BYTES, (void *)addr);

		object->kind = BP_OBJECT_USER_PATH;
		object->fd = flags & BP_SYSCALL_PATH ? -100 /* AT_FDCWD */ : (int)block->args[0];
		object->path_bytes = len > 0 ? len : 0;
	} else if (flags & BP_SYSCALL_POLL) {
		struct pollfd pollfd = {};

		if (object->nr_fds &&
		    !bpf_probe_read_user(&pollfd, sizeof(pollfd), (void *)block->args[0]))
			object_fd(object, task, pollfd.fd);
	} else if (flags & BP_SYSCALL_SELECT) {
		object_fd(object, task, select_first_fd(block));
	} else if (flags & BP_SYSCALL_IOCBS) {
		u64 iocb = 0;
		int fd = -1;

		bpf_probe_read_user(&iocb, sizeof(iocb), (void *)block->args[2]);
		if (!bpf_probe_read_user(&fd, sizeof(fd), (void *)iocb + IOCB_FD))
			object_fd(object, task, fd);
	}
}

/* The other descriptor of a call that has two. Returns whether it has. */
static __always_inline bool object_second(struct bp_object *object, struct task_struct *task,
					  const struct bp_block *block)
{
	u32 nr = block->syscall;
	u16 flags;

	if (nr >= BP_SYSCALLS || block->flags & (BP_BLOCK_COMPAT | BP_BLOCK_STOPPED))
		return false;
	flags = syscall_flags[nr & (BP_SYSCALLS - 1)];
	if (!(flags & (BP_SYSCALL_FD_1 | BP_SYSCALL_FD_2)))
		return false;
	object->kind = BP_OBJECT_NONE;
	object->nr_fds = 0;
	object->path_bytes = 0;
	object->path_cut = 0;
	object_fd(object, task, flags & BP_SYSCALL_FD_1 ? block->args[1] : block->args[2]);
	return true;
}

#endif
