// SPDX-License-Identifier: GPL-2.0-or-later
/* kernel_wait.c - which functions of the kernel mean that a thread waits for something no argument names. */
#include "capture/kernel_wait.h"

#include <string.h>

#include "base/strings.h"

#define NR(list) (sizeof(list) / sizeof((list)[0]))

static bool begins_with_one_of(const char *fn, const char *const *names, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (starts_with(fn, names[i]))
			return true;
	return false;
}

/* What takes the lock of an address space itself (mm/, arch/.../mm/fault.c, fs/proc/task_mmu.c). */
static bool takes_mmap_lock(const char *fn)
{
	static const char *const names[] = {
		"vm_mmap_pgoff",
		"__vm_munmap",
		"vm_munmap",
		"do_mprotect_pkey",
		"__do_sys_brk",
		"__se_sys_brk",
		"__x64_sys_brk",
		"__arm64_sys_brk",
		"__do_sys_mremap",
		"__se_sys_mremap",
		"__x64_sys_mremap",
		"do_mremap",
		"do_madvise",
		"madvise_",
		"do_mlock",
		"__do_sys_munlock",
		"__x64_sys_munlock",
		"__mm_populate",
		"lock_mm_and_find_vma",
		"do_user_addr_fault",
		"do_page_fault",
		"exc_page_fault",
		"handle_mm_fault",
		"get_user_pages",
		"__get_user_pages",
		"__gup_longterm",
		"gup_fast_fallback",
		"internal_get_user_pages",
		"pin_user_pages",
		"dup_mm",
		"copy_mm",
		"copy_process",
		"exit_mm",
		"do_mincore",
		"__access_remote_vm",
		"process_vm_rw",
		"m_start",
		"smaps_",
		"pagemap_read",
		"userfaultfd_",
		"do_shmat",
		"ksys_shmdt",
	};

	return begins_with_one_of(fn, names, NR(names));
}

static bool is_semaphore(const char *fn)
{
	static const char *const names[] = { "rwsem_",	       "__rwsem_",	 "down_read",
					     "__down_read",    "down_write",	 "__down_write",
					     "mmap_read_lock", "mmap_write_lock" };

	return begins_with_one_of(fn, names, NR(names));
}

enum kernel_wait kernel_wait_of(const struct stack *stack)
{
	bool waits = false;

	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];

		if (frame->kind != FRAME_KERNEL)
			break;
		if (strstr(frame->fn, "mem_cgroup_handle_over_high"))
			return KERNEL_WAIT_MEMORY_HIGH;
		/* net/socket.c: with SO_LINGER until all is sent */
		if (!strcmp(frame->fn, "sock_close") || !strcmp(frame->fn, "__sock_release"))
			return KERNEL_WAIT_SOCKET;
		if (is_semaphore(frame->fn))
			waits = true;
		else if (waits)
			return takes_mmap_lock(frame->fn) ? KERNEL_WAIT_MMAP_LOCK
							  : KERNEL_WAIT_OTHER;
	}
	return KERNEL_WAIT_OTHER;
}

/* Innermost first, these decide (fs/splice.c, fs/pipe.c, fs/read_write.c). */
enum kernel_side kernel_side_of(const struct stack *stack)
{
	static const char *const inputs[] = {
		"pipe_wait_readable", "ipipe_prep",	     "vfs_splice_read",
		"do_splice_to",	      "do_splice_read",	     "filemap_splice_read",
		"copy_splice_read",   "generic_file_splice", "sock_splice_read",
	};
	static const char *const outputs[] = {
		"pipe_wait_writable",	   "opipe_prep",
		"wait_for_space",	   "direct_splice_actor",
		"splice_file_range_actor", "do_splice_from",
		"splice_to_socket",	   "iter_file_splice_write",
	};

	for (unsigned int i = 0; stack && i < stack->nr; i++) {
		const struct frame *frame = &stack->frames[i];

		if (frame->kind != FRAME_KERNEL)
			break;
		if (begins_with_one_of(frame->fn, inputs, NR(inputs)))
			return KERNEL_SIDE_INPUT;
		if (begins_with_one_of(frame->fn, outputs, NR(outputs)))
			return KERNEL_SIDE_OUTPUT;
	}
	return KERNEL_SIDE_UNKNOWN;
}
