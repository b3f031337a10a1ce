// SPDX-License-Identifier: GPL-2.0-or-later
/* syscall.c - the table of system calls. */
#include "probe/syscall.h"

#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define FD     BP_SYSCALL_FD
#define PATH   BP_SYSCALL_PATH
#define PATHAT BP_SYSCALL_PATHAT
#define FD_1   BP_SYSCALL_FD_1
#define FD_2   BP_SYSCALL_FD_2

#define CALL(name, cause, flags)                 \
	{                                        \
		SYS_##name, flags, CAUSE_##cause \
	}

/* The cause of what reads and writes a descriptor depends on what that is: see capture/classify.c. */
static const struct syscall_info calls[] = {
	CALL(read, FILE, FD),
	CALL(write, FILE, FD),
	CALL(readv, FILE, FD),
	CALL(writev, FILE, FD),
	CALL(pread64, FILE, FD),
	CALL(pwrite64, FILE, FD),
	CALL(preadv, FILE, FD),
	CALL(pwritev, FILE, FD),
	CALL(preadv2, FILE, FD),
	CALL(pwritev2, FILE, FD),
	CALL(sendfile, FILE, FD | FD_1),
	CALL(splice, FILE, FD | FD_2),
	CALL(tee, FILE, FD | FD_1),
	CALL(copy_file_range, FILE, FD | FD_2),
	CALL(vmsplice, FILE, FD),
	CALL(fsync, FILE, FD | BP_SYSCALL_SYNC),
	CALL(fdatasync, FILE, FD | BP_SYSCALL_SYNC),
	CALL(sync_file_range, FILE, FD | BP_SYSCALL_SYNC),
	CALL(syncfs, FILE, FD | BP_SYSCALL_SYNC),
	CALL(ftruncate, FILE, FD),
	CALL(fallocate, FILE, FD),
	CALL(fadvise64, FILE, FD),
	CALL(readahead, FILE, FD),
	CALL(fstat, FILE, FD),
	CALL(fstatfs, FILE, FD),
	CALL(fchmod, FILE, FD),
	CALL(fchown, FILE, FD),
	CALL(fchdir, FILE, FD),
	CALL(getdents64, FILE, FD),
	CALL(lseek, FILE, FD),
	CALL(flock, FILE, FD),
	CALL(fcntl, FILE, FD),
	CALL(ioctl, FILE, FD),
	CALL(close, FILE, FD),
	CALL(sync, FILE, BP_SYSCALL_SYNC),
	CALL(msync, FILE, BP_SYSCALL_SYNC),
	CALL(io_getevents, FILE, 0),
	CALL(io_pgetevents, FILE, 0),
	CALL(io_submit, FILE, BP_SYSCALL_IOCBS),
	CALL(truncate, FILE, PATH),
	CALL(chdir, FILE, PATH),
	CALL(chroot, FILE, PATH),
	CALL(statfs, FILE, PATH),
	CALL(setxattr, FILE, PATH),
	CALL(getxattr, FILE, PATH),
	CALL(listxattr, FILE, PATH),
	CALL(umount2, FILE, PATH),
	CALL(execve, FILE, PATH),
	CALL(openat, FILE, PATHAT),
	CALL(openat2, FILE, PATHAT),
	CALL(newfstatat, FILE, PATHAT),
	CALL(statx, FILE, PATHAT),
	CALL(faccessat, FILE, PATHAT),
	CALL(faccessat2, FILE, PATHAT),
	CALL(readlinkat, FILE, PATHAT),
	CALL(unlinkat, FILE, PATHAT),
	CALL(mkdirat, FILE, PATHAT),
	CALL(mknodat, FILE, PATHAT),
	CALL(renameat, FILE, PATHAT),
	CALL(renameat2, FILE, PATHAT),
	CALL(linkat, FILE, PATHAT),
	CALL(fchmodat, FILE, PATHAT),
	CALL(fchownat, FILE, PATHAT),
	CALL(utimensat, FILE, PATHAT),
	CALL(execveat, FILE, PATHAT),

	CALL(connect, SOCKET, FD),
	CALL(accept, SOCKET, FD),
	CALL(accept4, SOCKET, FD),
	CALL(recvfrom, SOCKET, FD),
	CALL(recvmsg, SOCKET, FD),
	CALL(recvmmsg, SOCKET, FD),
	CALL(sendto, SOCKET, FD),
	CALL(sendmsg, SOCKET, FD),
	CALL(sendmmsg, SOCKET, FD),
	CALL(shutdown, SOCKET, FD),
	CALL(bind, SOCKET, FD),
	CALL(setsockopt, SOCKET, FD),
	CALL(getsockopt, SOCKET, FD),

	CALL(ppoll, POLL, BP_SYSCALL_POLL),
	CALL(pselect6, POLL, BP_SYSCALL_SELECT),
	CALL(epoll_pwait, POLL, FD),
	CALL(epoll_pwait2, POLL, FD),
	CALL(io_uring_enter, POLL, FD),

	CALL(nanosleep, SLEEP, BP_SYSCALL_SLEEP),
	CALL(clock_nanosleep, SLEEP, BP_SYSCALL_SLEEP),
	CALL(sched_yield, SLEEP, BP_SYSCALL_SLEEP),

	CALL(futex, LOCK, 0),
#ifdef SYS_futex_waitv
	CALL(futex_waitv, LOCK, 0),
#endif
	CALL(wait4, CHILD, 0),
	CALL(waitid, CHILD, 0),
	CALL(clone, CHILD, 0), /* blocked in it only for CLONE_VFORK */
	CALL(clone3, CHILD, 0),

	CALL(msgrcv, IPC, 0),
	CALL(msgsnd, IPC, 0),
	CALL(semop, IPC, 0),
	CALL(semtimedop, IPC, 0),
	CALL(mq_timedreceive, IPC, FD),
	CALL(mq_timedsend, IPC, FD),

/* what arm64 never had */
#ifdef SYS_open
	CALL(open, FILE, PATH),
	CALL(creat, FILE, PATH),
	CALL(stat, FILE, PATH),
	CALL(lstat, FILE, PATH),
	CALL(access, FILE, PATH),
	CALL(readlink, FILE, PATH),
	CALL(unlink, FILE, PATH),
	CALL(mkdir, FILE, PATH),
	CALL(rmdir, FILE, PATH),
	CALL(rename, FILE, PATH),
	CALL(link, FILE, PATH),
	CALL(symlink, FILE, PATH),
	CALL(chmod, FILE, PATH),
	CALL(chown, FILE, PATH),
	CALL(mknod, FILE, PATH),
	CALL(utime, FILE, PATH),
	CALL(utimes, FILE, PATH),
	CALL(getdents, FILE, FD),
	CALL(poll, POLL, BP_SYSCALL_POLL),
	CALL(select, POLL, BP_SYSCALL_SELECT),
	CALL(epoll_wait, POLL, FD),
	CALL(fork, CHILD, 0),
	CALL(vfork, CHILD, 0),
#endif
};

const struct syscall_info *syscall_info(int nr)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

const char *syscall_name(int nr, char *buf, size_t size)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);

	if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "syscall_%d", nr);
	free(name);
	return buf;
}

void syscall_fill_flags(unsigned short flags[BP_SYSCALLS])
{
	memset(flags, 0, BP_SYSCALLS * sizeof(flags[0]));
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		int nr = calls[i].nr;

		if (nr >= 0 && nr < BP_SYSCALLS)
			flags[nr] = calls[i].flags;
		/* some programs sleep by these, without descriptors: Python up to 3.10 by select() */
		if (calls[i].flags & (BP_SYSCALL_POLL | BP_SYSCALL_SELECT))
			flags[nr] |= BP_SYSCALL_SLEEP;
	}
}
