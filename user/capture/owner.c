// SPDX-License-Identifier: GPL-2.0-or-later
/* owner.c - where locks of user space name the thread that holds them. */
#include "capture/owner.h"

#include <linux/futex.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/memory.h"
#include "proc/process.h"

/* The beginning of glibc's struct __pthread_mutex_s, sysdeps/nptl/bits/struct_mutex.h, 64 bits. */
struct mutex {
	int lock; /* 2: held, and waited for; its address is the futex's */
	unsigned int count;
	int owner;
	unsigned int nusers;
	int kind;
};

#define LOCKED_WAITED 2
#define KIND_MAX      3 /* adaptive */
#define KIND_FLAGS    (128 | 512 | 256) /* shared between processes, lock elision or not */

/* The numbers in there are the program's own: in a pid namespace they are others than ours. */
static bool is_thread(pid_t pid, pid_t tid)
{
	char comm[16];

	return tid > 0 && process_numbers_are_ours(pid) && !process_thread_comm(pid, tid, comm);
}

static pid_t mutex_owner(const struct memory *memory, uint64_t addr)
{
	struct mutex mutex;

	if (memory_read(memory, addr, &mutex, sizeof(mutex)) || mutex.lock != LOCKED_WAITED ||
	    !mutex.nusers || (mutex.kind & ~KIND_FLAGS) > KIND_MAX || mutex.kind < 0)
		return 0;
	return mutex.owner;
}

/* The beginning of glibc's struct __pthread_rwlock_arch_t, sysdeps/nptl/bits/struct_rwlock.h, 64 bits. */
struct rwlock {
	unsigned int readers;
	unsigned int writers;
	unsigned int phase_futex; /* readers wait here */
	unsigned int writers_futex; /* writers for another one here */
	unsigned int pad[2];
	int writer;
	int shared;
};

#define RWLOCK_TAKEN_WAITED 3 /* 1, and 2: somebody waits */
#define RWLOCK_WRITTEN	    2 /* in readers */

/* Who reads it is nowhere, who writes it is. */
static pid_t rwlock_writer(const struct memory *memory, uint64_t futex)
{
	static const size_t places[] = { offsetof(struct rwlock, phase_futex),
					 offsetof(struct rwlock, writers_futex) };
	struct rwlock lock;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!memory_read(memory, futex - places[i], &lock, sizeof(lock)) && lock.writer &&
		    lock.readers & RWLOCK_WRITTEN && lock.writers_futex & 1 && !lock.pad[0] &&
		    !lock.pad[1] && !(lock.shared & ~1))
			return lock.writer;
	return 0;
}

static pid_t owner_in_word(const struct memory *memory, uint64_t addr)
{
	uint32_t word;

	return memory_read_u32(memory, addr, &word) ? 0 : (pid_t)(word & FUTEX_TID_MASK);
}

/*
 * As the kernel has it of robust locks (Documentation/locking/robust-futex-ABI.rst), and musl
 * of all that know their owner: the owner's number, and that somebody waits. waited: what it
 * was to be when the wait began.
 */
static pid_t robust_owner(const struct memory *memory, uint64_t addr, uint32_t waited)
{
	pid_t owner = owner_in_word(memory, addr);

	return owner == (pid_t)(waited & FUTEX_TID_MASK) ? owner : 0;
}

bool owner_now(const struct memory *memory, const struct bp_block *block, pid_t *owner)
{
	pid_t found = 0;

	if (block->syscall != SYS_futex || block->flags & (BP_BLOCK_COMPAT | BP_BLOCK_STOPPED))
		return false;
	switch (block->args[1] & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		if ((uint32_t)block->args[2] == LOCKED_WAITED)
			found = mutex_owner(memory, block->args[0]);
		else if ((uint32_t)block->args[2] == RWLOCK_TAKEN_WAITED)
			found = rwlock_writer(memory, block->args[0]);
		else if (block->args[2] & FUTEX_WAITERS)
			found = robust_owner(memory, block->args[0], (uint32_t)block->args[2]);
		break;
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		found = owner_in_word(memory, block->args[0]);
	}
	if (!is_thread(memory->pid, found))
		return false;
	*owner = found;
	return true;
}
