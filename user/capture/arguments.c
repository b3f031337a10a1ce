// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/arguments.h"

#include <fcntl.h>
#include <string.h>

#include "probe/syscall.h"
#include "proc/memory.h"

int arguments_read(pid_t pid, struct bp_capture *capture)
{
	const struct syscall_info *info = syscall_info(capture->block.syscall);
	const unsigned long long *args = capture->block.args;
	struct bp_object *object = &capture->object;
	unsigned int flags = info ? info->flags : 0;

	if (object->kind != BP_OBJECT_NONE || capture->block.flags & BP_BLOCK_COMPAT)
		return -1;
	if (flags & (BP_SYSCALL_PATH | BP_SYSCALL_PATHAT)) {
		uint64_t addr = flags & BP_SYSCALL_PATH ? args[0] : args[1];

		if (memory_read_string(pid, addr, object->path, sizeof(object->path))) {
			object->kind = BP_OBJECT_USER_PATH;
			object->fd = flags & BP_SYSCALL_PATH ? AT_FDCWD : (int)args[0];
			object->path_bytes = strlen(object->path) + 1;
		}
		return -1;
	}
	if (flags & BP_SYSCALL_POLL)
		return memory_pollfds_first(pid, args[0], args[1]);
	return flags & BP_SYSCALL_SELECT ? memory_select_first(pid, args) : -1;
}
