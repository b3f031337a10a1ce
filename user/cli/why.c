// SPDX-License-Identifier: GPL-2.0-or-later
/* why.c - how it is worded what is known of a thread, and why a long turn is no stall. */
#include "cli/why.h"

#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "cli/message.h"
#include "text/words.h"

/* It is told at the moment from which on it holds. */
static void now_words(char time[TIME_BYTES])
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	words_time(&(struct zone){ 0 }, (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec,
		   time);
}

void why_thread(void *context, const struct thread_account *account)
{
	const struct thread_id *id = &account->id;
	__freeing char *thread = words_thread(id->comm, id->pid, id->tid);
	const char *doubt = account->doubt ? doubt_meaning(account->doubt) : NULL;
	char time[TIME_BYTES];

	(void)context;
	if (!thread)
		return;
	now_words(time);
	if (id->runtime)
		message_why("%s is a loop (%s) since %s: %s%s%s", thread, id->runtime, time,
			    account->way ? way_meaning(account->way) : "it looks like one",
			    doubt ? "; in doubt: " : "", doubt ? doubt : "");
	else
		message_why("%s is no loop so far: %s", thread,
			    account->against ? account->against : "nothing speaks for one");
}

void why_blind(void *context, const struct thread_id *id, enum blind blind)
{
	__freeing char *process = words_thread(id->comm, id->pid, id->tid);

	(void)context;
	if (process)
		message_warn("%s: %s", process, blind_advice(blind));
}

void why_discarded(void *context, const struct thread_id *id, enum discard reason, uint64_t ns)
{
	__freeing char *thread = words_thread(id->comm, id->pid, id->tid);
	char duration[DURATION_BYTES];

	(void)context;
	if (!thread)
		return;
	words_duration(ns, duration);
	message_why("no stall: %s of %s %s: %s", duration, thread, id->runtime,
		    discard_words(discard_name(reason)));
}
