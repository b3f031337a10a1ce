// SPDX-License-Identifier: GPL-2.0-or-later
/* news.c - which reports of a stall come to the log, and how many in a minute. */
#include "serve/news.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NOTED_MAX    1024 /* ongoing stalls that have a line in the log, at the same time */
#define ONGOING_NS   NS_PER_SEC
#define MINUTE_NS    (60 * NS_PER_SEC)
#define NS_PER_TOKEN (MINUTE_NS / NEWS_A_MINUTE)

/* An ongoing stall that has a line in the log. */
struct noted {
	pid_t pid;
	pid_t tid; /* 0: free */
	char turn[sizeof(((struct stall_record *)NULL)->turn)];
};

struct news {
	struct noted noted[NOTED_MAX];
	size_t next; /* which one is replaced when all are in use */
	uint64_t full_ns; /* when all tokens are there again */
	uint64_t held_back;
	uint64_t held_back_ns; /* the first of them */
};

int news_new(struct news **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void news_free(struct news *news)
{
	free(news);
}

/* A thread runs one turn at a time. NULL: this thread's has no line. */
static struct noted *find(struct news *news, const struct stall_record *stall)
{
	for (size_t i = 0; i < NOTED_MAX; i++)
		if (news->noted[i].tid == stall->id.tid && news->noted[i].pid == stall->id.pid)
			return &news->noted[i];
	return NULL;
}

static void remember(struct news *news, const struct stall_record *stall)
{
	struct noted *noted = find(news, stall);

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

/* A bucket of NEWS_A_MINUTE tokens; another one comes each second or so. */
static bool take_token(struct news *news, uint64_t now_ns)
{
	if (news->full_ns < now_ns)
		news->full_ns = now_ns;
	if (news->full_ns + NS_PER_TOKEN > now_ns + MINUTE_NS)
		return false;
	news->full_ns += NS_PER_TOKEN;
	return true;
}

bool news_has_room(struct news *news, uint64_t now_ns)
{
	if (take_token(news, now_ns))
		return true;
	if (!news->held_back++)
		news->held_back_ns = now_ns;
	return false;
}

bool news_is(struct news *news, const struct stall_record *stall, uint64_t now_ns)
{
	struct noted *noted = find(news, stall);

	if (stall->ongoing && stall->duration_ns < ONGOING_NS)
		return false;
	if (stall->ongoing && noted && !strcmp(noted->turn, stall->turn))
		return false;
	if (!stall->ongoing && noted)
		noted->tid = 0;
	if (!news_has_room(news, now_ns))
		return false;
	if (stall->ongoing)
		remember(news, stall);
	return true;
}

uint64_t news_held_back(struct news *news, uint64_t now_ns)
{
	uint64_t held_back = news->held_back;

	if (!held_back || now_ns < news->held_back_ns + MINUTE_NS)
		return 0;
	news->held_back = 0;
	return held_back;
}
