// SPDX-License-Identifier: GPL-2.0-or-later
/* wire.c - which questions there are. */
#include "web/wire/wire.h"

#include <errno.h>

static const struct {
	bool open;
} kinds[WEB_KIND_NR] = {
	/* those that are not name files, peers and tasks */
	[WEB_HEALTH] = { .open = true },
	[WEB_METRICS] = { .open = true },
	[WEB_OPENMETRICS] = { .open = true },
};

int web_question_check(const struct web_question *question)
{
	if (question->kind >= WEB_KIND_NR || question->limit > WEB_STALLS_MAX ||
	    question->window > WEB_WINDOWS)
		return -EINVAL;
	/* there is nothing that begins otherwise */
	if ((question->kind == WEB_WINDOW_BEGIN || question->kind == WEB_WINDOW_END) &&
	    !question->window)
		return -EINVAL;
	return 0;
}

bool web_kind_is_open(enum web_kind kind)
{
	return kinds[kind].open;
}
