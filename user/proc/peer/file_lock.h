/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_lock.h - who holds a lock on a file: /proc/locks. */
#ifndef BLOCKPROF_PROC_PEER_FILE_LOCK_H
#define BLOCKPROF_PROC_PEER_FILE_LOCK_H

#include <stdint.h>
#include <sys/types.h>

struct file_lock {
	pid_t asker; /* whose lock is refused, or made to wait */
	uint32_t dev; /* as in struct bp_object */
	uint64_t ino;
};

#define FILE_LOCK_OPEN_FILE \
	(-1) /* it belongs to an open file description: the kernel knows no process */

/*
 * The process that holds it, or FILE_LOCK_OPEN_FILE. 0; -ENOENT: nobody; -EAGAIN: there
 * are more locks on this machine than are looked at, or could be until until_ns (by
 * clock_now_ns()).
 */
int file_lock_holder(const struct file_lock *lock, uint64_t until_ns, pid_t *holder);

#endif
