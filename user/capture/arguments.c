// SPDX-License-Identifier: GPL-2.0-or-later
/* arguments.c - which system calls take a path, and which descriptors in memory. */
#include "capture/arguments.h"

#include <fcntl.h>
#include <string.h>

#include "base/memory.h"
#include "capture/poll_sets.h"
#include "probe/syscall.h"

int arguments_read(const struct memory *memory, struct bp_capture *capture)
{
	const struct syscall_info *info = syscall_info(capture->block.syscall);
	const unsigned long long *args = capture->block.args;
	struct bp_object *object = &capture->object;
	unsigned int flags = info ? info->flags : 0;

	if (object->kind != BP_OBJECT_NONE || capture->block.flags & BP_BLOCK_COMPAT)
		return -1;
	if (flags & (BP_SYSCALL_PATH | BP_SYSCALL_PATHAT)) {
		uint64_t addr = flags & BP_SYSCALL_PATH ? args[0] : args[1];

		ssize_t got =
			memory_read_most(memory, addr, object->path, sizeof(object->path) - 1);

		if (got > 0) {
			object->path[got] = 0;
			object->kind = BP_OBJECT_USER_PATH;
			object->fd = flags & BP_SYSCALL_PATH ? AT_FDCWD : (int)args[0];
			object->path_bytes = strlen(object->path) + 1;
		}
		return -1;
	}
	if (flags & BP_SYSCALL_POLL)
		return poll_first(memory, args);
	return flags & BP_SYSCALL_SELECT ? select_first(memory, args) : -1;
}
