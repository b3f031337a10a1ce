// SPDX-License-Identifier: GPL-2.0-or-later
/* no_paths.c - an empty root, and a Landlock domain with no rule in it. */
#include "base/no_paths.h"

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct landlock_ruleset_attr as of version 6: a kernel takes what it does not know if it is 0. */
struct ruleset {
	uint64_t handled_access_fs;
	uint64_t handled_access_net;
	uint64_t scoped;
};

/* include/uapi/linux/landlock.h; the syscalls have the same numbers everywhere. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self  446
#endif
#define CREATE_RULESET_VERSION 1
#define ALL(bits)	       ((1ULL << (bits)) - 1)

/* What each version can forbid. */
static struct ruleset everything(int version)
{
	return (struct ruleset){
		.handled_access_fs = version >= 5   ? ALL(16) /* ioctl of devices */
				     : version >= 3 ? ALL(15) /* truncate */
				     : version == 2 ? ALL(14) /* to another directory */
						    : ALL(13),
		.handled_access_net = version >= 4 ? ALL(2) : 0, /* bind, connect */
		.scoped = version >= 6 ? ALL(2) : 0, /* abstract sockets, signals */
	};
}

static bool landlock(void)
{
	int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	struct ruleset ruleset;
	bool done;
	int fd;

	if (version < 1)
		return false;
	ruleset = everything(version);
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return false;
	done = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	close(fd);
	return done;
}

bool no_paths(void)
{
	/* of our own descriptors; for root only, as soon as the process is not dumpable */
	bool rooted = chdir("/proc/self/fdinfo") == 0 && chroot(".") == 0;

	return landlock() || rooted;
}
