// SPDX-License-Identifier: GPL-2.0-or-later
#include "serve/news.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TOLD_MAX     1024 /* stalls that go on and were told of, at the same time */
#define ONGOING_NS   1000000000ull
#define MINUTE_NS    60000000000ull
#define NS_PER_TOKEN (MINUTE_NS / NEWS_A_MINUTE)

/* A stall that goes on, of which was told. */
struct told {
	pid_t pid;
	pid_t tid; /* 0: free */
	char turn[sizeof(((struct stall_record *)NULL)->turn)];
};

struct news {
	struct told told[TOLD_MAX];
	size_t next; /* the place that is used again when all are taken */
	uint64_t full_ns; /* when all tokens will be there again */
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

/* A thread runs one turn at a time. NULL: nothing was told of this one's. */
static struct told *find(struct news *news, const struct stall_record *stall)
{
	for (size_t i = 0; i < TOLD_MAX; i++)
		if (news->told[i].tid == stall->id.tid && news->told[i].pid == stall->id.pid)
			return &news->told[i];
	return NULL;
}

static void remember(struct news *news, const struct stall_record *stall)
{
	struct told *told = find(news, stall);

	for (size_t i = 0; !told && i < TOLD_MAX; i++)
		if (!news->told[i].tid)
			told = &news->told[i];
	if (!told) {
		told = &news->told[news->next];
		news->next = (news->next + 1) % TOLD_MAX;
	}
	told->pid = stall->id.pid;
	told->tid = stall->id.tid;
	memcpy(told->turn, stall->turn, sizeof(told->turn));
}

/* A bucket of NEWS_A_MINUTE tokens, one more each second or so. */
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
	struct told *told = find(news, stall);

	if (stall->ongoing && stall->duration_ns < ONGOING_NS)
		return false;
	if (stall->ongoing && told && !strcmp(told->turn, stall->turn))
		return false;
	if (!stall->ongoing && told)
		told->tid = 0;
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
