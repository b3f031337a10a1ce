// SPDX-License-Identifier: GPL-2.0-or-later
/* party_words.c - a phrase for each kind of culprit. */
#include "text/party_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "text/words.h"

static const struct {
	const char *behind;
	const char *else_;
	const char *doubtful;
} relations[CULPRIT_KIND_NR] = {
	[CULPRIT_PEER] = { " for", ", for", ", perhaps for" },
	[CULPRIT_OWNER] = { ", held by", ", held by", ", perhaps held by" },
	[CULPRIT_WAKER] = { ", woken by", ", woken by", ", perhaps woken by" },
	[CULPRIT_TRACER] = { ", traced by", ", traced by", ", perhaps traced by" },
	[CULPRIT_CHILD] = { " for child", ", for child", ", perhaps for child" },
	[CULPRIT_SERVER] = { ", answered by", ", answered by", ", answered perhaps by" },
	[CULPRIT_SYNCER] = { ", while", ", while", ", perhaps held up by" },
	[CULPRIT_SERVICE] = { " for", ", for", ", perhaps for" },
};

char *party_words(const struct culprit *culprit)
{
	__freeing char *name = escape_text(culprit->name ? culprit->name : "");
	__freeing char *thread =
		culprit->pid ? words_thread(culprit->comm, culprit->pid, culprit->tid) : strdup("");
	char *whole = NULL;

	if (!name || !thread)
		return NULL;
	if (!*thread)
		return strdup(*name ? name : "?");
	if (!*name)
		return strdup(thread);
	return asprintf(&whole, "%s (%s)", name, thread) < 0 ? NULL : whole;
}

const char *party_relation(const struct culprit *culprit, bool behind)
{
	enum culprit_kind kind = culprit->kind;

	if (kind >= CULPRIT_KIND_NR || !relations[kind].behind)
		kind = CULPRIT_PEER;
	if (culprit->doubt)
		return relations[kind].doubtful;
	return behind ? relations[kind].behind : relations[kind].else_;
}

const char *party_itself(const struct culprit *culprit)
{
	if (culprit->kind == CULPRIT_OWNER)
		return ", waits for itself: it holds the lock already";
	return ", waits for itself: what it waits for would run on this same loop";
}
