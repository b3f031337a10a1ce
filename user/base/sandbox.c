// SPDX-License-Identifier: GPL-2.0-or-later
/* sandbox.c - uid, capabilities, descriptors, memory and system calls of the symbolizer. */
#include "base/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/no_paths.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif

/* What is allocated; and with files that are mapped to be read, which is no memory of its own. */
#define MEMORY_BYTES (384UL << 20)
#define MAPPED_BYTES (64UL << 30)
/* In all its life; how long one question may take is the parent's to say. */
#define CPU_SECONDS 600

/* To this, or to what there was where that is less. */
static int limit(__rlimit_resource_t resource, rlim_t value)
{
	struct rlimit limits;

	if (getrlimit(resource, &limits))
		return -errno;
	if (limits.rlim_max > value)
		limits.rlim_max = value;
	limits.rlim_cur = limits.rlim_max;
	return setrlimit(resource, &limits) ? -errno : 0;
}

static int limit_resources(void)
{
	int err = limit(RLIMIT_CORE, 0);

	if (!err)
		err = limit(RLIMIT_FSIZE, 0);
	if (!err)
		err = limit(RLIMIT_NOFILE, SANDBOX_FILES);
	if (!err)
		err = limit(RLIMIT_CPU, CPU_SECONDS);
#ifndef WITH_SANITIZER
	/* A sanitizer's shadow memory is terabytes of address space. */
	if (!err)
		err = limit(RLIMIT_DATA, MEMORY_BYTES);
	if (!err)
		err = limit(RLIMIT_AS, MAPPED_BYTES);
#endif
	return err;
}

/*
 * Signals for the whole group or service (Ctrl-C, systemctl stop) are the
 * parent's to act on: it still needs names for its last report. This process
 * ends when the socket does.
 */
static void ignore_signals(void)
{
	static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGTSTP };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The socket stays; 0 to 2 lead nowhere, so that a library's last words do not get into a file. */
static int close_descriptors(int socket)
{
	int null;

	if (socket != SANDBOX_SOCKET && dup2(socket, SANDBOX_SOCKET) < 0)
		return -errno;
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return -errno;
	for (int fd = 0; fd < SANDBOX_SOCKET; fd++) {
#ifdef WITH_SANITIZER
		if (fd == STDERR_FILENO)
			continue;
#endif
		if (dup2(null, fd) < 0)
			return -errno;
	}
	return close_range(SANDBOX_SOCKET + 1, ~0U, 0) ? -errno : 0;
}

/*
 * When the child is started again, the parent has BPF maps in its memory, some
 * of them writable: a process that a hostile file broke must not reach them.
 */
static int unmap_shared(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	bool whole = true;
	char line[512];

	if (!maps)
		return -errno;
	while (fgets(line, sizeof(line), maps)) {
		bool begins = whole;
		unsigned long start, end;
		char perms[5];

		whole = strchr(line, '\n') != NULL;
		if (begins && sscanf(line, "%lx-%lx %4s", &start, &end, perms) == 3 &&
		    perms[3] == 's')
			munmap((void *)start, end - start);
	}
	fclose(maps);
	return 0;
}

/* Before anything else of the watch, or of the service, this process is to go. */
static void offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "1000", 4);
	close(fd);
}

static int drop_identity(void)
{
	cap_t none;
	int err = 0;

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		cap_drop_bound(cap);
	/* Not allowed without CAP_SETUID: then the uid stays, without the means to use it. */
	if (setgroups(0, NULL) == 0 && setresgid(SANDBOX_UID, SANDBOX_UID, SANDBOX_UID) == 0 &&
	    setresuid(SANDBOX_UID, SANDBOX_UID, SANDBOX_UID) != 0)
		err = -errno;
	if (err && err != -EPERM && err != -EINVAL)
		return err;
	none = cap_init();
	if (!none)
		return -ENOMEM;
	err = cap_set_proc(none) ? -errno : 0;
	cap_free(none);
	return err;
}

/* What malloc, libelf without mmap, and a loop of recvmsg and send need. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(preadv),
	SCMP_SYS(write),
	SCMP_SYS(lseek),
	SCMP_SYS(fstat),
	SCMP_SYS(close),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sysinfo), /* qsort: how large may its buffer be */
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
#ifdef WITH_SANITIZER
	/* To say what it found. */
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
#endif
};

/* What libelf asks of a descriptor; not who gets its signals. */
static const int allowed_fcntl[] = { F_GETFD, F_SETFD, F_GETFL, F_DUPFD, F_DUPFD_CLOEXEC };

/* Memory that can be executed is never needed. */
static int allow_data(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	return err ? err
		   : seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				      SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* Some versions of libc look into /proc when memory is short, and do without. */
static int refuse_paths(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 0);

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(open), 0);
	/* libdw asks for the path of what it is given, and does without (__libdw_debugdir) */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(readlink), 0);
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(readlinkat), 0);
	/* fstat() of glibc 2.33 to 2.38 */
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
				       SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), 1,
				       SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0));
	return err;
}

static int filter_syscalls(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; !err && i < sizeof(allowed_fcntl) / sizeof(allowed_fcntl[0]); i++)
		err = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
			SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)allowed_fcntl[i]));
	if (!err)
		err = allow_data(filter);
	if (!err)
		err = refuse_paths(filter);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

int sandbox_enter(int socket, pid_t parent)
{
	int err;

	ignore_signals();
	err = close_descriptors(socket);
	if (!err)
		err = unmap_shared();
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	if (err)
		return err;
	offer_to_oom_killer();
	/* not everywhere allowed: no system call that takes a path is left below either */
	no_paths();
	err = limit_resources();
	if (!err)
		err = drop_identity();
	if (err)
		return err;
	/* Only now: a change of uid undoes both (commit_creds). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	prctl(PR_SET_NAME, "blockprof-names", 0, 0, 0);
	return filter_syscalls();
}
