// SPDX-License-Identifier: GPL-2.0-or-later
/* html_words.c - how long a name on a page may be, and which words stand for what has several. */
#include "output/html_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "model/place.h"
#include "text/culprit_text.h"
#include "text/fold.h"
#include "text/party_words.h"
#include "text/words.h"

#define SHOWN_PIDS 8

char *html_cut(char *text)
{
	if (text)
		text_cut_right(text, HTML_COLUMNS);
	return text;
}

char *html_escape(const char *text)
{
	return html_cut(escape_text(text ? text : ""));
}

char *html_frame(const struct frame *frame)
{
	return html_cut(fold_place(frame));
}

char *html_place(const struct groups *groups)
{
	const struct frame *frame = groups->place ? place_of(groups->place->largest->stack) : NULL;

	return frame ? html_frame(frame) : strdup("(no stack)");
}

char *html_target(const struct slice *slice)
{
	struct detail detail = { 0 };
	char *object;

	/* who holds a lock is the culprit, and how often it was waited for is counted elsewhere */
	if (!slice || slice->target.kind == TARGET_NONE || slice_is_cpu(slice))
		return strdup("");
	if (words_detail(slice, &detail))
		return NULL;
	object = detail.object ? detail.object : strdup("");
	detail.object = NULL;
	detail_free(&detail);
	return html_cut(object);
}

char *html_culprit(const struct slice *slice)
{
	const struct culprit *last = NULL;

	if (!slice)
		return strdup("");
	for (const struct culprits *all = &slice->culprits; all->nr; all = &last->culprits)
		last = &all->v[0];
	if (last)
		return last->kind == CULPRIT_CGROUP ? html_escape(last->cgroup)
						    : html_cut(party_words(last));
	if (slice->holder.pid)
		return words_thread(slice->holder.comm, slice->holder.pid, slice->holder.tid);
	if (slice->target.peer_pid)
		return html_cut(words_thread(slice->target.peer_comm, slice->target.peer_pid, 0));
	return strdup("");
}

char *html_party(const struct culprit *culprit)
{
	struct culprit alone = *culprit;
	const struct culprits culprits = { .v = &alone, .nr = 1 };
	char *text = NULL;
	size_t size = 0, skipped;
	FILE *out = open_memstream(&text, &size);
	int err;

	if (!out)
		return NULL;
	alone.culprits = (struct culprits){ 0 };
	err = culprits_words(out, &culprits);
	if (fclose(out) || err) {
		free(text);
		return NULL;
	}
	/* it goes on with a sentence */
	skipped = strspn(text, ", ");
	memmove(text, text + skipped, strlen(text + skipped) + 1);
	return html_cut(text);
}

char *html_loop_name(const struct thread_id *id)
{
	__freeing char *thread = words_thread(id->comm, id->pid, id->tid);
	__freeing char *runtime = html_escape(id->runtime);
	char *name;

	if (!thread || !runtime ||
	    asprintf(&name, "%s%s%s", thread, *runtime ? " " : "", runtime) < 0)
		return NULL;
	return name;
}

char *html_scope(const struct start_record *start)
{
	__freeing char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (start->nr_pids)
		fputs(start->nr_pids == 1 ? "process" : "processes", out);
	else
		fputs(start->nr_only ? "of the system" : "the whole system", out);
	for (size_t i = 0; i < start->nr_pids && i < SHOWN_PIDS; i++)
		fprintf(out, "%s %d", i ? "," : "", start->pids[i]);
	if (start->nr_pids > SHOWN_PIDS)
		fprintf(out, " and %zu more", start->nr_pids - SHOWN_PIDS);
	for (size_t i = 0; i < start->nr_only; i++)
		fprintf(out, ", %s %s", start->only[i].name, start->only[i].value);
	return fclose(out) ? NULL : html_escape(text);
}
