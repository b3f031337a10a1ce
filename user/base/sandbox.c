// SPDX-License-Identifier: GPL-2.0-or-later
/* sandbox.c - in which order uid, capabilities, descriptors, memory and system calls are taken. */
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

static int limit_resources(const struct sandbox *sandbox)
{
	int err = limit(RLIMIT_CORE, 0);

	if (!err)
		err = limit(RLIMIT_FSIZE, 0);
	if (!err)
		err = limit(RLIMIT_NOFILE, sandbox->files);
	if (!err)
		err = limit(RLIMIT_CPU, sandbox->cpu_seconds);
#ifndef WITH_SANITIZER
	/* A sanitizer's shadow memory is terabytes of address space. */
	if (!err)
		err = limit(RLIMIT_DATA, sandbox->memory_bytes);
	if (!err)
		err = limit(RLIMIT_AS, sandbox->mapped_bytes);
#endif
	return err;
}

/*
 * Signals for the whole group or service (Ctrl-C, systemctl stop) are the
 * parent's to act on: it still needs this process for its last report.
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

/* To the numbers from SANDBOX_FIRST on; by way of others: one's number may be another's place. */
static int place_kept(const int *kept, size_t nr)
{
	int aside[SANDBOX_KEPT_MAX];

	if (nr > SANDBOX_KEPT_MAX)
		return -EINVAL;
	for (size_t i = 0; i < nr; i++) {
		aside[i] = fcntl(kept[i], F_DUPFD, SANDBOX_FIRST + (int)nr);
		if (aside[i] < 0)
			return -errno;
	}
	for (size_t i = 0; i < nr; i++)
		if (dup2(aside[i], SANDBOX_FIRST + (int)i) < 0)
			return -errno;
	return 0;
}

/* All but those; 0 to 2 lead nowhere, so that a library's last words do not get into a file. */
static int close_descriptors(const int *kept, size_t nr)
{
	int err = place_kept(kept, nr), null;

	if (err)
		return err;
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return -errno;
	for (int fd = 0; fd < SANDBOX_FIRST; fd++) {
#ifdef WITH_SANITIZER
		if (fd == STDERR_FILENO)
			continue;
#endif
		if (dup2(null, fd) < 0)
			return -errno;
	}
	return close_range(SANDBOX_FIRST + (unsigned int)nr, ~0U, 0) ? -errno : 0;
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
	int err;

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
	/* what was not read may be mapped still */
	err = ferror(maps) ? -EIO : 0;
	fclose(maps);
	return err;
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

/* What reading of others takes, those first without which it takes the parent's uid. */
static const cap_value_t reading[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH,
				       CAP_CHECKPOINT_RESTORE };
#define READING	      (sizeof(reading) / sizeof(reading[0]))
#define READING_MUSTS 2

/* To another user, without a way back, into an empty root, and before others on a busy machine. */
static const cap_value_t entering[] = { CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_SYS_CHROOT,
					CAP_SYS_NICE };

static bool has_capability(cap_t of, cap_value_t capability)
{
	cap_flag_value_t has = CAP_CLEAR;

	return of && !cap_get_flag(of, capability, CAP_PERMITTED, &has) && has == CAP_SET;
}

/* Of these, those that are there now. */
static int keep(cap_t now, cap_t left, const cap_value_t *kept, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (has_capability(now, kept[i]) &&
		    (cap_set_flag(left, CAP_PERMITTED, 1, &kept[i], CAP_SET) ||
		     cap_set_flag(left, CAP_EFFECTIVE, 1, &kept[i], CAP_SET)))
			return -errno;
	return 0;
}

/* All but those. */
static int drop_capabilities(bool keep_reading, bool keep_entering)
{
	cap_t now = cap_get_proc(), left = cap_init();
	int err = now && left ? 0 : -ENOMEM;

	if (!err && keep_reading)
		err = keep(now, left, reading, READING);
	if (!err && keep_entering)
		err = keep(now, left, entering, sizeof(entering) / sizeof(entering[0]));
	if (!err && cap_set_proc(left))
		err = -errno;
	cap_free(now);
	cap_free(left);
	return err;
}

/* Can it read others without its parent's uid? */
static bool reads_by_capabilities(void)
{
	cap_t now = cap_get_proc();
	bool does = true;

	for (size_t i = 0; i < READING_MUSTS; i++)
		does &= has_capability(now, reading[i]);
	cap_free(now);
	return does;
}

static int drop_identity(const struct sandbox *sandbox)
{
	bool keep_uid = sandbox->reads_processes && !reads_by_capabilities();
	uid_t uid = sandbox->uid;
	int err = 0;

	for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
		cap_drop_bound(cap);
	if (sandbox->reads_processes && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return -errno;
	/* Not allowed without CAP_SETUID: then the uid stays, without the means to use it. */
	if (!keep_uid && setgroups(0, NULL) == 0 && setresgid(uid, uid, uid) == 0 &&
	    setresuid(uid, uid, uid) != 0)
		err = -errno;
	if (err && err != -EPERM && err != -EINVAL)
		return err;
	return drop_capabilities(sandbox->reads_processes, false);
}

/* What libc makes by itself. Memory that can be executed is never needed. */
static const struct sandbox_call common[] = {
	{ .number = SCMP_SYS(read) },
	{ .number = SCMP_SYS(write) },
	{ .number = SCMP_SYS(close) },
	{ .number = SCMP_SYS(brk) },
	{ .number = SCMP_SYS(mmap), .argument = 2, .mask = PROT_EXEC },
	{ .number = SCMP_SYS(mprotect), .argument = 2, .mask = PROT_EXEC },
	{ .number = SCMP_SYS(munmap) },
	{ .number = SCMP_SYS(mremap) },
	{ .number = SCMP_SYS(madvise) },
	{ .number = SCMP_SYS(futex) },
	{ .number = SCMP_SYS(getrandom) },
	{ .number = SCMP_SYS(clock_gettime) },
	{ .number = SCMP_SYS(sched_yield) },
	{ .number = SCMP_SYS(sysinfo) }, /* qsort: how large may its buffer be */
	{ .number = SCMP_SYS(rt_sigreturn) },
	{ .number = SCMP_SYS(restart_syscall) },
	{ .number = SCMP_SYS(exit) },
	{ .number = SCMP_SYS(exit_group) },
#ifdef WITH_SANITIZER
	/* To report what it found. */
	{ .number = SCMP_SYS(getpid) },
	{ .number = SCMP_SYS(gettid) },
	{ .number = SCMP_SYS(sigaltstack) },
	{ .number = SCMP_SYS(rt_sigaction) },
	{ .number = SCMP_SYS(rt_sigprocmask) },
#endif
};

static int add_calls(scmp_filter_ctx filter, const struct sandbox_call *calls, size_t nr)
{
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++) {
		const struct sandbox_call *call = &calls[i];
		struct scmp_arg_cmp compared = {
			.arg = call->argument,
			.op = SCMP_CMP_MASKED_EQ,
			.datum_a = call->mask,
			.datum_b = call->value,
		};

		err = seccomp_rule_add_array(filter,
					     call->error ? SCMP_ACT_ERRNO((uint16_t)call->error)
							 : SCMP_ACT_ALLOW,
					     call->number, call->mask ? 1 : 0, &compared);
	}
	return err;
}

static int filter_syscalls(const struct sandbox *sandbox)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? add_calls(filter, common, sizeof(common) / sizeof(common[0])) : -ENOMEM;

	if (!err)
		err = add_calls(filter, sandbox->calls, sandbox->nr_calls);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

int sandbox_enter(const struct sandbox *sandbox, const int *kept, size_t nr, pid_t parent)
{
	int err;

	ignore_signals();
	err = close_descriptors(kept, nr);
	if (!err)
		err = unmap_shared();
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	if (err)
		return err;
	offer_to_oom_killer();
	/* not everywhere allowed: no system call that takes a path is left below either */
	if (!sandbox->reads_processes)
		no_paths();
	err = limit_resources(sandbox);
	if (!err)
		err = drop_identity(sandbox);
	if (err)
		return err;
	/* Only now: a change of uid undoes both (commit_creds). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	if (getppid() != parent)
		return -ESRCH;
	prctl(PR_SET_NAME, sandbox->name, 0, 0, 0);
	return filter_syscalls(sandbox);
}

int sandbox_prepare(const char *name, int kept, pid_t parent)
{
	int err;

	ignore_signals();
	err = close_descriptors(&kept, 1);
	if (!err)
		err = unmap_shared();
	if (!err && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		err = -errno;
	if (!err)
		err = limit(RLIMIT_CORE, 0);
	if (!err)
		err = limit(RLIMIT_FSIZE, 0);
	if (!err)
		err = drop_capabilities(true, true);
	if (!err && prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		err = -errno;
	if (!err && getppid() != parent)
		err = -ESRCH;
	if (!err)
		prctl(PR_SET_NAME, name, 0, 0, 0);
	return err;
}
