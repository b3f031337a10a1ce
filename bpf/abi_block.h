/* SPDX-License-Identifier: GPL-2.0 */
/* abi_block.h - what a thread is blocked in: the system call, and what its arguments stand for. */
#ifndef BLOCKPROF_ABI_BLOCK_H
#define BLOCKPROF_ABI_BLOCK_H

#define BP_SYSCALLS	   512 /* numbers below this have flags */
#define BP_PATH_BYTES	   512
#define BP_PATH_NAME_BYTES 256

/* Value of bp_block.syscall where the thread was not in a system call. */
#define BP_NO_SYSCALL (-1)

/* What the arguments of a system call are; user space fills a table by number. */
enum bp_syscall_flags {
	BP_SYSCALL_FD = 1 << 0, /* args[0] is a file descriptor */
	BP_SYSCALL_PATH = 1 << 1, /* args[0] is a path */
	BP_SYSCALL_PATHAT = 1 << 2, /* args[0] is a directory's fd, args[1] a path */
	BP_SYSCALL_POLL = 1 << 3, /* args[0] are args[1] struct pollfd */
	BP_SYSCALL_SELECT = 1 << 4, /* args[0] is nfds, args[1..3] are sets */
	BP_SYSCALL_SLEEP = 1 << 5,
	BP_SYSCALL_IOCBS = 1 << 6, /* args[2] are pointers to struct iocb */
	BP_SYSCALL_FD_1 = 1 << 7, /* args[1] is another file descriptor, */
	BP_SYSCALL_FD_2 = 1 << 8, /* or args[2] is */
	BP_SYSCALL_SYNC = 1 << 9, /* writes out a file, or file systems */
};

/* Calls that a loop may wait in, and wait_id, which tells one such wait from others of the thread. */
enum bp_wait_class {
	BP_WAIT_NONE,
	BP_WAIT_EPOLL, /* wait_id: the epoll fd */
	BP_WAIT_POLL, /* wait_id: the user stack pointer, which stands for the call site */
	BP_WAIT_SELECT, /* wait_id: as for poll */
	BP_WAIT_URING, /* wait_id: the ring's fd, or BP_RING_REGISTERED + its index */
	BP_WAIT_AIO, /* io_getevents, io_pgetevents; wait_id: the context, an address of the program's */
	BP_WAIT_FUTEX, /* as enum bp_parks says; wait_id: BP_PARK_ID() or BP_CONDITION_ID() */
};

static inline int bp_is_poll(unsigned int wait_class)
{
	return wait_class == BP_WAIT_POLL || wait_class == BP_WAIT_SELECT;
}

/* Distances of user stack pointers. */
#define BP_SITE_BYTES  64 /* no further apart they stand for one call site */
#define BP_OUTER_BYTES 512 /* further apart one call is clearly further out than the other */
#define BP_STACK_BYTES (8 << 20) /* further apart still they are of two stacks */

#define BP_RING_REGISTERED (1ull << 32)

/*
 * What tells a worker's park from its other futexes: the user stack pointer, which
 * stands for the call site, and the word it waits on, which may be one for all that
 * a thread ever waits for (parking_lot). Never 0 in practice: a futex has an address.
 */
#define BP_PARK_ID(sp, word) ((sp) + (word)*0x9e3779b97f4a7c15ull)
/* glibc's condition variable: its waiters sleep on one of two words beside each other in turn. */
#define BP_CONDITION_ID(word) ((word) & ~7ull)

/* Which futexes of a process may be waits of its loops. */
enum bp_parks {
	BP_PARKS_NONE,
	BP_PARKS_WORKERS, /* without a timeout: a pool's worker parks */
	BP_PARKS_CONDITIONS, /* conditions of the C library: a loop that another thread polls for */
};

enum bp_block_flags {
	BP_BLOCK_FAULT = 1 << 0, /* page fault; fault_addr is set */
	BP_BLOCK_STOPPED = 1 << 1, /* SIGSTOP, tracer, freezer */
	BP_BLOCK_GIL = 1 << 2, /* futex inside the GIL's struct */
	BP_BLOCK_COMPAT = 1 << 3, /* 32-bit system call: numbers and args mean something else */
	BP_BLOCK_DISK = 1 << 4, /* uninterruptible: state D */
	BP_BLOCK_TRY_LOCK = 1 << 5, /* sleep between two tries of a file lock: object is the file */
	BP_BLOCK_TRY_CHILD =
		1 << 6, /* likewise of waiting for a child: args[0] is its pid, or -1 */
	BP_BLOCK_EARLIER = 1 << 7, /* had begun before the thread was bound to its slot: no stack */
	BP_BLOCK_FDS = 1 << 8, /* poll, select: on some descriptor, not for the timeout alone */
	BP_BLOCK_TWO = 1 << 9, /* of two descriptors: the capture has the second object, too */
	BP_BLOCK_COLLECTS = 1 << 10, /* a sample: Python's collector runs, in this thread */
};

struct bp_block {
	int syscall; /* number, or BP_NO_SYSCALL */
	unsigned int flags; /* enum bp_block_flags */
	unsigned int wait_class; /* enum bp_wait_class of the call, 0: it is not such a call */
	unsigned int pad;
	unsigned long long wait_id;
	/* EPOLL, URING: the kernel's object behind wait_id, which other descriptors, threads and processes may have, too; 0: not known */
	unsigned long long source;
	unsigned long long args[6];
	unsigned long long ip; /* user */
	unsigned long long sp;
	unsigned long long fault_addr;
};

enum bp_object_kind {
	BP_OBJECT_NONE,
	BP_OBJECT_FILE, /* regular file, directory, block device */
	BP_OBJECT_SOCKET,
	BP_OBJECT_PIPE,
	BP_OBJECT_CHAR, /* rdev says which */
	BP_OBJECT_ANON, /* anon_inode: eventpoll, eventfd, pidfd, ...: name in path */
	BP_OBJECT_USER_PATH, /* path as the program gave it to open and friends, relative to fd */
};

struct bp_socket {
	unsigned short family; /* AF_* */
	unsigned short type; /* SOCK_* */
	unsigned short protocol; /* IPPROTO_* */
	unsigned short local_port; /* host order */
	unsigned short peer_port;
	unsigned short pad;
	unsigned int netns; /* inode of the network namespace */
	unsigned char local[16]; /* IPv4 in the first four bytes */
	unsigned char peer[16];
};

/* What the file descriptor or path that a system call works on stands for. */
struct bp_object {
	unsigned int kind; /* enum bp_object_kind */
	int fd; /* -1: none; USER_PATH: the directory's fd or AT_FDCWD */
	unsigned int mode; /* i_mode */
	unsigned int dev; /* s_dev, kernel encoding: major << 20 | minor */
	unsigned int rdev; /* i_rdev, likewise */
	unsigned int nr_fds; /* poll, select: how many are waited for; the first is described */
	unsigned long long ino;
	struct bp_socket socket;
	/*
	 * FILE: names from the innermost outwards, each ended by a NUL, up to the
	 * root: path_bytes in all; path_cut when they did not fit.
	 * ANON, USER_PATH: one string. SOCKET of AF_UNIX: the bound path, the peer's or its own.
	 */
	unsigned short path_bytes;
	unsigned short path_cut;
	unsigned int pid; /* ANON, a pidfd: of whom; 0: not known */
	char path[BP_PATH_BYTES];
};

#endif
