// SPDX-License-Identifier: GPL-2.0-or-later
/* odd_waits.c NAME...: waits for a time, and for threads of its own: see odd.h. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "odd.h"

#ifndef MADV_POPULATE_WRITE /* musl */
#define MADV_POPULATE_WRITE 23
#endif

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static sem_t semaphore;
static int event_fd;
static volatile int ready;

static pthread_t start_thread(void *(*fn)(void *))
{
	pthread_t thread;

	ready = 0;
	pthread_create(&thread, NULL, fn, NULL);
	return thread;
}

/* Sleeps by other names */

way timerfd_read(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	struct itimerspec once = { .it_value = { 0, LONG * MS } };
	long long count;

	timerfd_settime(fd, 0, &once, NULL);
	got(read(fd, &count, sizeof(count)));
	close(fd);
}

way signal_timed(void)
{
	struct timespec limit = { 0, LONG * MS };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigtimedwait(&set, NULL, &limit);
}

way condition_timed(void)
{
	struct timespec limit = in_a_while();

	pthread_mutex_lock(&mutex);
	pthread_cond_timedwait(&condition, &mutex, &limit);
	pthread_mutex_unlock(&mutex);
}

way futex_timed(void)
{
	static int word;
	struct timespec limit = { 0, LONG * MS };

	syscall(SYS_futex, &word, 0, 0, &limit, NULL, 0);
}

way naps(void)
{
	for (long long end = now() + LONG * MS; now() < end;)
		nap(1);
}

/* Threads of its own */

static void *signals_condition(void *unused)
{
	nap(LONG);
	pthread_mutex_lock(&mutex);
	ready = 1;
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&mutex);
	return unused;
}

way condition_signalled(void)
{
	pthread_t thread = start_thread(signals_condition);

	pthread_mutex_lock(&mutex);
	while (!ready)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	pthread_join(thread, NULL);
}

static void *sleeper(void *unused)
{
	nap(LONG);
	return unused;
}

way join_thread(void)
{
	pthread_join(start_thread(sleeper), NULL);
}

static void *posts(void *unused)
{
	nap(LONG);
	sem_post(&semaphore);
	return unused;
}

way semaphore_wait(void)
{
	pthread_t thread = start_thread(posts);

	sem_wait(&semaphore);
	pthread_join(thread, NULL);
}

static pthread_mutex_t owned;

static void *holds(void *unused)
{
	pthread_mutex_lock(&owned);
	ready = 1;
	nap(LONG);
	pthread_mutex_unlock(&owned);
	return unused;
}

static pthread_t lock_elsewhere(const pthread_mutexattr_t *kind)
{
	pthread_t thread;

	pthread_mutex_init(&owned, kind);
	thread = start_thread(holds);
	while (!ready)
		nap(1);
	return thread;
}

/* Locks that say in their own word who holds them: robust ones, and musl's that count. */
way robust_held(void)
{
	pthread_mutexattr_t kind;
	pthread_t thread;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST);
	thread = lock_elsewhere(&kind);
	pthread_mutex_lock(&owned);
	pthread_mutex_unlock(&owned);
	pthread_join(thread, NULL);
}

way recursive_held(void)
{
	pthread_mutexattr_t kind;
	pthread_t thread;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
	thread = lock_elsewhere(&kind);
	pthread_mutex_lock(&owned);
	pthread_mutex_unlock(&owned);
	pthread_join(thread, NULL);
}

static void *reads(void *unused)
{
	pthread_rwlock_rdlock(&rwlock);
	ready = 1;
	nap(LONG);
	pthread_rwlock_unlock(&rwlock);
	return unused;
}

way rwlock_write(void)
{
	pthread_t thread = start_thread(reads);

	while (!ready)
		nap(1);
	pthread_rwlock_wrlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	pthread_join(thread, NULL);
}

static void *writes_event(void *unused)
{
	long long one = 1;

	nap(LONG);
	got(write(event_fd, &one, sizeof(one)));
	return unused;
}

way event_read(void)
{
	pthread_t thread = start_thread(writes_event);
	long long count;

	got(read(event_fd, &count, sizeof(count)));
	pthread_join(thread, NULL);
}

/* The kernel's */

#define POPULATED (1u << 28)

/* With small pages that takes a while, in which it has the lock of the address space. */
static void *populates(void *memory)
{
	madvise(memory, POPULATED, MADV_NOHUGEPAGE);
	ready = 1;
	madvise(memory, POPULATED, MADV_POPULATE_WRITE);
	return NULL;
}

way maps(void)
{
	void *memory = mmap(NULL, POPULATED, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pthread_t thread;
	void *page;

	ready = 0;
	pthread_create(&thread, NULL, populates, memory);
	while (!ready)
		nap(1);
	nap(20);
	page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_join(thread, NULL);
	munmap(page, 4096);
	munmap(memory, POPULATED);
}

static const struct odd_way ways[] = {
	WAY(timerfd_read),   WAY(signal_timed),	  WAY(condition_timed),
	WAY(futex_timed),    WAY(naps),		  WAY(condition_signalled),
	WAY(join_thread),    WAY(semaphore_wait), WAY(rwlock_write),
	WAY(event_read),     WAY(maps),		  WAY(robust_held),
	WAY(recursive_held), { NULL, NULL },
};

int main(int argc, char **argv)
{
	sigset_t set;

	sem_init(&semaphore, 0, 0);
	event_fd = eventfd(0, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return odd_main(ways, argc, argv);
}
