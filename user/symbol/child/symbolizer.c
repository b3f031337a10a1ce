// SPDX-License-Identifier: GPL-2.0-or-later
/* symbolizer.c - the sandbox in which libelf and libdw can still work. */
#include "symbol/child/symbolizer.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>

#include "symbol/child/worker.h"

/*
 * Nobody else's: distributions and systemd give out 65520 to 65533 to no one
 * (UIDS-GIDS.md), while other services do run as 65534.
 */
#define SYMBOLIZER_UID 65529

/* What libelf without mmap, libdw, and a loop of poll, recvmsg and send need. */
static const struct sandbox_call calls[] = {
	{ .number = SCMP_SYS(recvmsg) },
	{ .number = SCMP_SYS(poll) },
	{ .number = SCMP_SYS(ppoll) }, /* poll() of arm64 */
	{ .number = SCMP_SYS(sendto) },
	{ .number = SCMP_SYS(pread64) },
	{ .number = SCMP_SYS(readv) },
	{ .number = SCMP_SYS(preadv) },
	{ .number = SCMP_SYS(lseek) },
	{ .number = SCMP_SYS(fstat) },
	/* fstat() of glibc 2.33 to 2.38 */
	{ .number = SCMP_SYS(newfstatat),
	  .argument = 3,
	  .mask = AT_EMPTY_PATH,
	  .value = AT_EMPTY_PATH },
	{ .number = SCMP_SYS(newfstatat), .argument = 3, .mask = AT_EMPTY_PATH, .error = EACCES },
	/* What libelf asks of a descriptor; not who gets its signals. */
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_GETFD },
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_SETFD },
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_GETFL },
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_DUPFD },
	{ .number = SCMP_SYS(fcntl), .argument = 1, .mask = UINT32_MAX, .value = F_DUPFD_CLOEXEC },
	/* Some versions of libc look into /proc when memory is short, and do without. */
	{ .number = SCMP_SYS(openat), .error = EACCES },
	{ .number = SCMP_SYS(open), .error = EACCES },
	/* libdw asks for the path of what it is given, and does without (__libdw_debugdir). */
	{ .number = SCMP_SYS(readlink), .error = EACCES },
	{ .number = SCMP_SYS(readlinkat), .error = EACCES },
};

const struct sandbox symbolizer_sandbox = {
	.name = "blockprof-names",
	.uid = SYMBOLIZER_UID,
	.memory_bytes = 384UL << 20,
	.mapped_bytes = 64UL << 30, /* no memory of its own */
	.files = 256,
	.cpu_seconds = 600, /* how long one question may take, the parent decides */
	.calls = calls,
	.nr_calls = sizeof(calls) / sizeof(calls[0]),
};

void symbolizer_main(const int *fds, size_t nr, pid_t parent)
{
	if (sandbox_enter(&symbolizer_sandbox, fds, nr, parent) == 0)
		worker_run(SANDBOX_FIRST, nr > 1 ? SANDBOX_FIRST + 1 : -1);
}
