// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * precedence.c - who runs before others (sched(7), SCHED_FIFO), and for how much of the time.
 * Neither nice nor a larger share would do: with autogroups those count within a session only,
 * and with cgroups within one of them.
 *
 * A thread of its own, which comes before all of them, takes the precedence away when the time
 * is used up, and gives it back when there is some again: they themselves need not be on a CPU
 * then. It sleeps until a timer of their CPU time says that it may be needed.
 */
#include "base/precedence.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define PACER_PRIORITY 3
#define OWN_PRIORITY   2
#define CHILD_PRIORITY 1
/* What has to have come together before it is given back. */
#define ENOUGH_NS (PRECEDENCE_BURST_NS / 4)
/* Less is not measured: a tick of the kernel's clock. */
#define LEAST_NS (2 * NS_PER_MS)

/* A process whose CPU time counts. */
struct spender {
	clockid_t clock;
	timer_t timer;
	bool there;
};

struct precedence {
	pthread_t pacer;
	pthread_mutex_t lock;
	sigset_t wakes;
	pid_t thread; /* whose it is */
	pid_t pacer_id;
	sem_t begun; /* the pacer has */
	pid_t child; /* 0: none */
	struct spender own, childs;
	bool on;
	bool stop;
	uint64_t looked_ns;
	uint64_t spent_ns; /* CPU time then */
	int64_t left_ns; /* below 0: more than there was */
};

/* Failing leaves it as it is: the process may be gone. */
static void set_priority(pid_t id, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	sched_setscheduler(id, priority ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER, &param);
}

static void give(struct precedence *precedence, bool on)
{
	precedence->on = on;
	set_priority(precedence->thread, on ? OWN_PRIORITY : 0);
	if (precedence->child)
		set_priority(precedence->child, on ? CHILD_PRIORITY : 0);
}

static bool spender_new(struct spender *spender, clockid_t clock, pid_t pacer)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };

	event._sigev_un._tid = pacer;
	spender->clock = clock;
	spender->there = !timer_create(clock, &event, &spender->timer);
	return spender->there;
}

static void spender_end(struct spender *spender)
{
	if (spender->there)
		timer_delete(spender->timer);
	spender->there = false;
}

static uint64_t spent_by(const struct spender *spender)
{
	return spender->there ? clock_read_ns(spender->clock) : 0;
}

/* The pacer is woken once it has spent so much more; 0: it is not. */
static void wake_after(const struct spender *spender, uint64_t ns)
{
	struct itimerspec once = { .it_value = { 0, (long)ns } };

	if (spender->there)
		timer_settime(spender->timer, 0, &once, NULL);
}

static uint64_t spent(const struct precedence *precedence)
{
	return spent_by(&precedence->own) + spent_by(&precedence->childs);
}

/* What was spent until now counts; and what has come meanwhile. */
static void count(struct precedence *precedence)
{
	uint64_t now_ns = clock_now_ns(), spent_ns = spent(precedence);

	precedence->left_ns += (int64_t)(now_ns - precedence->looked_ns) / PRECEDENCE_PART;
	if (precedence->on && spent_ns > precedence->spent_ns)
		precedence->left_ns -= (int64_t)(spent_ns - precedence->spent_ns);
	if (precedence->left_ns > PRECEDENCE_BURST_NS)
		precedence->left_ns = PRECEDENCE_BURST_NS;
	precedence->looked_ns = now_ns;
	precedence->spent_ns = spent_ns;
}

/* How long until the next look; 0: until the pacer is woken. */
static uint64_t look(struct precedence *precedence)
{
	uint64_t most_ns;

	count(precedence);
	if (precedence->on ? precedence->left_ns <= 0 : precedence->left_ns >= ENOUGH_NS)
		give(precedence, !precedence->on);
	if (!precedence->on) {
		wake_after(&precedence->own, 0);
		wake_after(&precedence->childs, 0);
		return (uint64_t)(ENOUGH_NS - precedence->left_ns) * PRECEDENCE_PART;
	}
	/* both may run at a time */
	most_ns = (uint64_t)precedence->left_ns / (precedence->childs.there ? 2 : 1);
	most_ns = most_ns > LEAST_NS ? most_ns : LEAST_NS;
	wake_after(&precedence->own, most_ns);
	wake_after(&precedence->childs, most_ns);
	return 0;
}

static void *pace(void *context)
{
	struct precedence *precedence = context;

	pthread_mutex_lock(&precedence->lock);
	precedence->pacer_id = gettid();
	spender_new(&precedence->own, CLOCK_PROCESS_CPUTIME_ID, precedence->pacer_id);
	sem_post(&precedence->begun);
	while (!precedence->stop) {
		uint64_t ns = look(precedence);
		struct timespec most = { .tv_nsec = (long)(ns % NS_PER_SEC),
					 .tv_sec = (time_t)(ns / NS_PER_SEC) };

		pthread_mutex_unlock(&precedence->lock);
		sigtimedwait(&precedence->wakes, NULL, ns ? &most : NULL);
		pthread_mutex_lock(&precedence->lock);
	}
	pthread_mutex_unlock(&precedence->lock);
	return NULL;
}

static int start(struct precedence *precedence)
{
	const struct sched_param first = { .sched_priority = PACER_PRIORITY };
	pthread_attr_t attributes;
	sigset_t all, before;
	int err;

	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &first);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&precedence->pacer, &attributes, pace, precedence);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	while (!err && sem_wait(&precedence->begun))
		continue;
	return -err;
}

/* Who was told how to be scheduled is. What it forks would lose even a niceness below 0. */
static bool is_anyone(void)
{
	return sched_getscheduler(0) == SCHED_OTHER && getpriority(PRIO_PROCESS, 0) == 0;
}

int precedence_new(struct precedence **out)
{
	struct precedence *precedence;
	int err;

	*out = NULL;
	if (!is_anyone())
		return -EPERM;
	precedence = calloc(1, sizeof(*precedence));
	if (!precedence)
		return -ENOMEM;
	pthread_mutex_init(&precedence->lock, NULL);
	sem_init(&precedence->begun, 0, 0);
	sigemptyset(&precedence->wakes);
	sigaddset(&precedence->wakes, SIGRTMIN);
	precedence->thread = gettid();
	precedence->looked_ns = clock_now_ns();
	precedence->left_ns = PRECEDENCE_BURST_NS;
	err = start(precedence);
	if (err) {
		pthread_mutex_destroy(&precedence->lock);
		sem_destroy(&precedence->begun);
		free(precedence);
		return err;
	}
	*out = precedence;
	return 0;
}

/* With the lock held, after something that it has to know of. */
static void wake(struct precedence *precedence)
{
	pthread_kill(precedence->pacer, SIGRTMIN);
	pthread_mutex_unlock(&precedence->lock);
}

void precedence_free(struct precedence *precedence)
{
	if (!precedence)
		return;
	precedence_child(precedence, 0);
	pthread_mutex_lock(&precedence->lock);
	precedence->stop = true;
	wake(precedence);
	pthread_join(precedence->pacer, NULL);
	give(precedence, false);
	spender_end(&precedence->own);
	pthread_mutex_destroy(&precedence->lock);
	sem_destroy(&precedence->begun);
	free(precedence);
}

void precedence_child(struct precedence *precedence, pid_t child)
{
	clockid_t clock;

	if (!precedence)
		return;
	pthread_mutex_lock(&precedence->lock);
	count(precedence);
	spender_end(&precedence->childs);
	if (precedence->child)
		set_priority(precedence->child, 0);
	precedence->child = 0;
	if (child && !clock_getcpuclockid(child, &clock) &&
	    spender_new(&precedence->childs, clock, precedence->pacer_id)) {
		precedence->child = child;
		if (precedence->on)
			set_priority(child, CHILD_PRIORITY);
	}
	precedence->spent_ns = spent(precedence);
	wake(precedence);
}
