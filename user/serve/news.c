// SPDX-License-Identifier: GPL-2.0-or-later
/* news.c - which reports of a stall come to the log: not each of one that lasts. */
#include "serve/news.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NOTED_MAX  1024 /* ongoing stalls that have a line in the log, at the same time */
#define ONGOING_NS NS_PER_SEC

/* An ongoing stall that has a line in the log. */
struct noted {
	pid_t pid;
	pid_t tid; /* 0: free */
	char turn[sizeof(((struct stall_record *)NULL)->turn)];
};

struct news {
	struct noted noted[NOTED_MAX];
	size_t next; /* which one is replaced when all are in use */
	struct minute *minute;
};

int news_new(struct news **out, minute_unit_fn *unit)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	if (minute_new(&(*out)->minute, unit)) {
		free(*out);
		return -ENOMEM;
	}
	return 0;
}

void news_free(struct news *news)
{
	if (!news)
		return;
	minute_free(news->minute);
	free(news);
}

/* A thread runs one turn at a time. NULL: this thread's has no line. */
static struct noted *find(struct news *news, const struct thread_id *id)
{
	for (size_t i = 0; i < NOTED_MAX; i++)
		if (news->noted[i].tid == id->tid && news->noted[i].pid == id->pid)
			return &news->noted[i];
	return NULL;
}

static void remember(struct news *news, const struct stall_record *stall)
{
	struct noted *noted = find(news, &stall->id);

	for (size_t i = 0; !noted && i < NOTED_MAX; i++)
		if (!news->noted[i].tid)
			noted = &news->noted[i];
	if (!noted) {
		noted = &news->noted[news->next];
		news->next = (news->next + 1) % NOTED_MAX;
	}
	noted->pid = stall->id.pid;
	noted->tid = stall->id.tid;
	memcpy(noted->turn, stall->turn, sizeof(noted->turn));
}

bool news_withdraw(struct news *news, const struct withdrawn_record *withdrawn)
{
	struct noted *noted = find(news, &withdrawn->id);

	if (!noted || strcmp(noted->turn, withdrawn->turn) != 0)
		return false;
	noted->tid = 0;
	return true;
}

bool news_is_note(struct news *news, const struct note_record *note, uint64_t now_ns)
{
	struct thread_id id = { .pid = note->pid, .tid = note->pid };
	const struct minute_item item = { .id = &id };

	memcpy(id.comm, note->comm, sizeof(id.comm));
	return minute_take(news->minute, &item, now_ns);
}

bool news_is(struct news *news, const struct stall_record *stall, uint64_t now_ns)
{
	struct noted *noted = find(news, &stall->id);
	const struct minute_item item = { &stall->id, stall->duration_ns, stall->ongoing };

	if (stall->ongoing && stall->duration_ns < ONGOING_NS)
		return false;
	if (stall->ongoing && noted && !strcmp(noted->turn, stall->turn))
		return false;
	if (!stall->ongoing && noted)
		noted->tid = 0;
	if (!minute_take(news->minute, &item, now_ns))
		return false;
	if (stall->ongoing)
		remember(news, stall);
	return true;
}

char *news_left_out(struct news *news, uint64_t now_ns)
{
	return minute_left_out(news->minute, now_ns);
}
