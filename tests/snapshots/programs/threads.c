// SPDX-License-Identifier: GPL-2.0-or-later
/* Threads: one waits for a lock, one sleeps in a thread-specific destructor, one has a huge frame. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_key_t key;
static volatile char sink;

static void destroy(void *value)
{
	(void)value;
	for (;;)
		pause();
}

static void *locker(void *argument)
{
	pthread_mutex_lock(&lock);
	return argument;
}

static void *specific(void *argument)
{
	pthread_setspecific(key, &lock);
	return argument;
}

static __attribute__((noinline)) void huge(int n)
{
	char room[n];

	memset(room, n, (size_t)n);
	sink = room[n / 2];
	for (;;)
		pause();
}

static void *roomy(void *argument)
{
	huge(20000);
	return argument;
}

int main(void)
{
	void *(*const functions[])(void *) = { locker, specific, roomy };
	pthread_t threads[3];

	pthread_key_create(&key, destroy);
	pthread_mutex_lock(&lock);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, functions[i], NULL);
	usleep(100000);
	puts("ready");
	fflush(stdout);
	pthread_join(threads[0], NULL);
	return sink;
}
