// SPDX-License-Identifier: GPL-2.0-or-later
/* features.c - what blockprof needs of a kernel and of its privileges, and what to do where that is missing. */
#include "probe/features.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/passing.h"
#include "features.skel.h"

void features_describe(const struct features *features, struct name_value described[FEATURES_NR])
{
	static const char *const mechanisms[] = {
		[WAIT_FEXIT] = "fexit",
		[WAIT_KRETPROBE] = "kretprobe",
		[WAIT_SYS_EXIT] = "tp_btf/sys_exit",
	};
	const struct name_value all[FEATURES_NR] = {
		{ "scheduler", "tp_btf" },
		{ "waits", mechanisms[features->waits] },
		{ "waits_attached", features->waits_always ? "always" : "while a turn is old" },
		{ "cpu_samples", features->cpu_samples ? "cpu-clock" : "none" },
		{ "user_stacks", "copies, else frame pointers" },
	};

	memcpy(described, all, sizeof(all));
}

/* Does this program load and attach? Each is tried alone: one that fails takes the others with it. */
static int try_program(const char *name)
{
	struct features_bpf *skel = features_bpf__open();
	struct bpf_program *program;
	struct bpf_link *link;
	int err;

	if (!skel)
		return -errno;
	bpf_object__for_each_program (program, skel->obj)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
	err = features_bpf__load(skel);
	if (!err) {
		link = bpf_program__attach(bpf_object__find_program_by_name(skel->obj, name));
		err = link ? 0 : -errno;
		bpf_link__destroy(link);
	}
	features_bpf__destroy(skel);
	return err;
}

static bool have_capability(cap_value_t cap)
{
	cap_flag_value_t value = CAP_CLEAR;
	cap_t caps = cap_get_proc();

	if (!caps)
		return false;
	if (cap_get_flag(caps, cap, CAP_EFFECTIVE, &value))
		value = CAP_CLEAR;
	cap_free(caps);
	return value == CAP_SET;
}

/*
 * CAP_SYS_ADMIN, or the finer ones that 5.8 took out of it (2c78ee898d8f), for the
 * probes; and CAP_SYS_PTRACE, as without it no frame of an interpreter can be read.
 */
static bool privileged(void)
{
	return have_capability(CAP_SYS_PTRACE) &&
	       (have_capability(CAP_SYS_ADMIN) ||
		(have_capability(CAP_BPF) && have_capability(CAP_PERFMON)));
}

/*
 * In the first pid namespace the numbers of the kernel are those of user space; its inode is
 * fixed (include/linux/proc_ns.h: PROC_PID_INIT_INO, since 98f842e675f9).
 */
#define FIRST_PID_NAMESPACE 0xeffffffcu

bool features_first_pid_namespace(void)
{
	struct stat st;

	return stat("/proc/self/ns/pid", &st) || st.st_ino == FIRST_PID_NAMESPACE;
}

static const char *kernel_reason(int err)
{
	static char reason[256];
	struct utsname name;

	if (error_is_passing(err))
		return features_refusal(err);
	if (uname(&name))
		name.release[0] = 0;
	if (err != -EPERM && strverscmp(name.release, "5.13") > 0)
		return features_refusal(err);
	if (err == -EPERM)
		snprintf(reason, sizeof(reason),
			 "this kernel (%s) does not let us use BPF (%s); look for lockdown or a "
			 "security module, or a container that takes capabilities away",
			 name.release, strerror(-err));
	else
		snprintf(reason, sizeof(reason),
			 "this kernel (%s) has no task storage for tracing programs; "
			 "use Linux 5.13 or newer, built with CONFIG_DEBUG_INFO_BTF",
			 name.release);
	return reason;
}

const char *features_refusal(int err)
{
	switch (err) {
	case -EPERM:
		return "not permitted; run it as root";
	case -ENOMEM:
		return "out of memory, or over this user's or cgroup's limit for BPF; raise it";
	case -EMFILE:
	case -ENFILE:
		return "it may not open that many files; raise the limit (ulimit -n 256)";
	default:
		return "the kernel refused a BPF program; -vvv shows its reason";
	}
}

#define FILES_LEAST 128 /* programs, maps, links, children's boards and what is opened of targets */

static bool may_open_enough(void)
{
	struct rlimit files;

	return getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= FILES_LEAST;
}

int features_basic(const char **reason)
{
	if (!may_open_enough()) {
		*reason = features_refusal(-EMFILE);
		return -EMFILE;
	}
	if (!privileged()) {
		*reason = "not privileged; run it as root, or with CAP_BPF, CAP_PERFMON and "
			  "CAP_SYS_PTRACE";
		return -EPERM;
	}
	if (access("/sys/kernel/btf/vmlinux", R_OK)) {
		*reason = "this kernel has no type information (/sys/kernel/btf/vmlinux); use one "
			  "that is built with CONFIG_DEBUG_INFO_BTF (5.2 or newer, all Debian and "
			  "Ubuntu kernels since 2021)";
		return -EOPNOTSUPP;
	}
	return 0;
}

int features_probe(enum wait_mechanism *waits, const char **reason)
{
	int err = features_basic(reason);

	if (err)
		return err;
	err = try_program("try_storage");
	if (err) {
		*reason = kernel_reason(err);
		return err;
	}
	*waits = !try_program("try_fexit")	 ? WAIT_FEXIT
		 : !try_program("try_kretprobe") ? WAIT_KRETPROBE
						 : WAIT_SYS_EXIT;
	return 0;
}
