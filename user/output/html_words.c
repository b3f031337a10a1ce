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
#include "text/diff_text.h"
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
	if (slice && slice->cause == CAUSE_GIL)
		return strdup(slice->holder.collects ? "the GIL, for a garbage collection"
						     : "the GIL");
	if (!slice || slice->target.kind == TARGET_NONE || slice_is_cpu(slice))
		return strdup("");
	if (words_detail(slice, &detail))
		return NULL;
	object = detail.object ? detail.object : strdup("");
	detail.object = NULL;
	detail_free(&detail);
	return html_cut(object);
}

const struct culprits *html_link_behind(const struct culprits *link)
{
	for (size_t i = 0; i < link->nr; i++)
		if (link->v[i].culprits.nr)
			return &link->v[i].culprits;
	return NULL;
}

/* Takes who. */
static char *in_place(char *who, const struct stack *stack)
{
	const struct frame *frame = place_is_named(stack) ? place_of(stack) : NULL;
	__freeing char *place = frame ? fold_place(frame) : NULL;
	char *text;

	if (!who || !place)
		return html_cut(who);
	if (asprintf(&text, "%s in %s", who, place) < 0)
		text = NULL;
	free(who);
	return html_cut(text);
}

/* Where the first one of a link was for most of the time. NULL: not known. */
static const struct stack *place_in(const struct culprits *link)
{
	const struct culprit *found = NULL;

	for (size_t i = 0; i < link->nr; i++) {
		const struct culprit *one = &link->v[i];

		if (one->pid == link->v[0].pid && one->tid == link->v[0].tid && one->seen &&
		    !one->idle && place_is_named(one->stack) && (!found || one->ns > found->ns))
			found = one;
	}
	return found ? found->stack : NULL;
}

char *html_culprit(const struct slice *slice)
{
	const struct culprits *last = NULL;

	if (!slice)
		return strdup("");
	for (const struct culprits *link = &slice->culprits; link && link->nr;
	     link = html_link_behind(link))
		last = link;
	if (last && last->v[0].kind == CULPRIT_CGROUP)
		return html_link(last);
	if (last)
		return in_place(party_words(&last->v[0]), place_in(last));
	if (slice->holder.pid)
		return in_place(
			words_thread(slice->holder.comm, slice->holder.pid, slice->holder.tid),
			slice->holder.stack);
	if (slice->target.peer_pid)
		return html_cut(words_thread(slice->target.peer_comm, slice->target.peer_pid, 0));
	return strdup("");
}

char *html_link(const struct culprits *link)
{
	__freeing struct culprit *alone = calloc(link->nr + 1, sizeof(alone[0]));
	const struct culprits culprits = { .v = alone, .nr = link->nr };
	char *text = NULL;
	size_t size = 0, skipped;
	FILE *out;
	int err;

	if (!alone)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < link->nr; i++) {
		alone[i] = link->v[i];
		alone[i].culprits = (struct culprits){ 0 };
	}
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

char *html_limits(const struct diff_record *diff)
{
	const struct look look = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int err = out ? diff_print_limits(out, diff, &look) : -1;

	if ((out && fclose(out)) || err) {
		free(text);
		return NULL;
	}
	/* lines that are one paragraph here */
	for (char *end = text; (end = strchr(end, '\n'));)
		*end = end[1] ? ';' : '\0';
	return html_cut(text);
}
