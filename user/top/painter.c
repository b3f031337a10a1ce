// SPDX-License-Identifier: GPL-2.0-or-later
/* painter.c - a thread of its own writes to the terminal, which may take its time. */
#include "top/painter.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <curses.h>

#include "base/clock.h"

#define PATIENCE_NS (100 * NS_PER_MS) /* for a terminal to take the rest, at the end */

struct painter {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool busy;
	bool stop;
};

static void *paint(void *context)
{
	struct painter *painter = context;

	pthread_mutex_lock(&painter->lock);
	for (;;) {
		while (!painter->busy && !painter->stop)
			pthread_cond_wait(&painter->changed, &painter->lock);
		if (!painter->busy)
			break;
		pthread_mutex_unlock(&painter->lock);
		doupdate();
		pthread_mutex_lock(&painter->lock);
		painter->busy = false;
		pthread_cond_broadcast(&painter->changed);
	}
	pthread_mutex_unlock(&painter->lock);
	return NULL;
}

int painter_new(struct painter **out)
{
	struct painter *painter = calloc(1, sizeof(*painter));
	sigset_t all, before;
	int err;

	if (!painter)
		return -ENOMEM;
	pthread_mutex_init(&painter->lock, NULL);
	pthread_cond_init(&painter->changed, NULL);
	/* signals are for the thread that reads keys */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&painter->thread, NULL, paint, painter);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		free(painter);
		return -err;
	}
	*out = painter;
	return 0;
}

/* With painter->lock held. Whether it was done in time. */
static bool wait_until_done(struct painter *painter)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += PATIENCE_NS;
	if (until.tv_nsec >= NS_PER_SEC) {
		until.tv_nsec -= NS_PER_SEC;
		until.tv_sec++;
	}
	while (painter->busy)
		if (pthread_cond_timedwait(&painter->changed, &painter->lock, &until))
			return !painter->busy;
	return true;
}

void painter_free(struct painter *painter, int fd)
{
	if (!painter)
		return;
	pthread_mutex_lock(&painter->lock);
	painter->stop = true;
	pthread_cond_broadcast(&painter->changed);
	/* each time there is room for more; the rest of a screen is finite */
	while (!wait_until_done(painter))
		tcflush(fd, TCOFLUSH);
	pthread_mutex_unlock(&painter->lock);
	pthread_join(painter->thread, NULL);
	pthread_cond_destroy(&painter->changed);
	pthread_mutex_destroy(&painter->lock);
	free(painter);
}

bool painter_is_busy(struct painter *painter)
{
	bool busy;

	pthread_mutex_lock(&painter->lock);
	busy = painter->busy;
	pthread_mutex_unlock(&painter->lock);
	return busy;
}

void painter_paint(struct painter *painter)
{
	pthread_mutex_lock(&painter->lock);
	painter->busy = true;
	pthread_cond_broadcast(&painter->changed);
	pthread_mutex_unlock(&painter->lock);
}
