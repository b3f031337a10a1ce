// SPDX-License-Identifier: GPL-2.0-or-later
/* words.c - how times are rounded, and which words stand for what a slice waited for. */
#include "text/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"

static uint64_t rounded(uint64_t ns, uint64_t unit)
{
	return ns / unit + (ns % unit >= unit / 2);
}

void words_duration(uint64_t ns, char text[DURATION_BYTES])
{
	uint64_t seconds = rounded(ns, NS_PER_SEC);

	/* a time that would be rounded to the next unit is shown in that */
	if (ns < NS_PER_US)
		snprintf(text, DURATION_BYTES, "%" PRIu64 " ns", ns);
	else if (rounded(ns, NS_PER_US) < 1000)
		snprintf(text, DURATION_BYTES, "%" PRIu64 " us", rounded(ns, NS_PER_US));
	else if (rounded(ns, NS_PER_MS / 10) < 100 && rounded(ns, NS_PER_MS / 10) % 10)
		snprintf(text, DURATION_BYTES, "%.1f ms", (double)rounded(ns, NS_PER_MS / 10) / 10);
	else if (rounded(ns, NS_PER_MS) < 1000)
		snprintf(text, DURATION_BYTES, "%" PRIu64 " ms", rounded(ns, NS_PER_MS));
	else if (rounded(ns, NS_PER_SEC / 10) < 600)
		snprintf(text, DURATION_BYTES, "%.1f s", (double)rounded(ns, NS_PER_SEC / 10) / 10);
	else if (seconds < 3600)
		snprintf(text, DURATION_BYTES, "%" PRIu64 " min %" PRIu64 " s", seconds / 60,
			 seconds % 60);
	else
		snprintf(text, DURATION_BYTES, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600,
			 seconds % 3600 / 60);
}

void words_time(const struct zone *zone, uint64_t time_ns, char text[TIME_BYTES])
{
	struct tm tm = zone_time(zone, time_ns);
	size_t used = strftime(text, TIME_BYTES, "%H:%M:%S", &tm);

	snprintf(text + used, TIME_BYTES - used, ".%03u",
		 (unsigned int)(time_ns % NS_PER_SEC / NS_PER_MS));
}

void words_time_in_seconds(const struct zone *zone, uint64_t time_ns, char text[TIME_BYTES])
{
	struct tm tm = zone_time(zone, time_ns);

	strftime(text, TIME_BYTES, "%H:%M:%S    ", &tm);
}

void words_day_and_time(const struct zone *zone, uint64_t time_ns, char text[TIME_BYTES])
{
	struct tm tm = zone_time(zone, time_ns);
	size_t used = strftime(text, TIME_BYTES, "%Y-%m-%d %H:%M:%S", &tm);
	int minutes = abs(zone->utc_offset_s) / 60;

	if (zone->known)
		snprintf(text + used, TIME_BYTES - used, " %c%02d%02d",
			 zone->utc_offset_s < 0 ? '-' : '+', minutes / 60 % 100, minutes % 60);
}

static char *format(const char *template, ...) __attribute__((format(printf, 1, 2)));

static char *format(const char *template, ...)
{
	va_list arguments;
	char *text;
	int bytes;

	va_start(arguments, template);
	bytes = vasprintf(&text, template, arguments);
	va_end(arguments);
	return bytes < 0 ? NULL : text;
}

char *words_thread(const char *comm, pid_t pid, pid_t tid)
{
	__freeing char *name = escape_text(comm && *comm ? comm : "?");

	if (!name)
		return NULL;
	if (!tid || tid == pid)
		return format("%s[%d]", name, pid);
	return format("%s[%d/%d]", name, pid, tid);
}

static int set_escaped(char **to, const char *s)
{
	if (!s)
		return 0;
	*to = escape_text(s);
	return *to ? 0 : -ENOMEM;
}

static int set(char **to, char *made)
{
	*to = made;
	return made ? 0 : -ENOMEM;
}

static int set_peer(char **to, const struct target *target)
{
	__freeing char *peer = NULL;

	if (!target->peer_pid)
		return 0;
	peer = words_thread(target->peer_comm, target->peer_pid, 0);
	return peer ? set(to, format("(%s)", peer)) : -ENOMEM;
}

static int set_server(char **to, const struct target *target)
{
	__freeing char *server = NULL;

	if (!target->server)
		return 0;
	server = escape_text(target->server);
	return server ? set(to, format("(server %s)", server)) : -ENOMEM;
}

static const char *socket_name(const struct target *target)
{
	if (target->peer)
		return target->peer;
	return target->local ? target->local : target->proto;
}

static int set_child(char **to, const struct target *target)
{
	__freeing char *child = words_thread(target->comm, target->pid, 0);

	return child ? set(to, format("for child %s", child)) : -ENOMEM;
}

static int set_target(struct detail *out, const struct target *target)
{
	switch (target->kind) {
	case TARGET_FILE:
		return set_escaped(&out->object, target->path);
	case TARGET_SOCKET:
		return set_escaped(&out->object, socket_name(target)) |
		       set_peer(&out->after, target);
	case TARGET_PIPE:
		return set_escaped(&out->object, "pipe") | set_peer(&out->after, target);
	case TARGET_FUTEX:
		return target->addr ? set(&out->object, format("0x%" PRIx64, target->addr)) : 0;
	case TARGET_CHILD:
		return target->pid ? set_child(&out->object, target) : 0;
	case TARGET_DNS:
		return set_escaped(&out->object, target->name) | set_server(&out->after, target);
	case TARGET_DEVICE:
	case TARGET_LOCK:
		return set_escaped(&out->object, target->name);
	default:
		return 0;
	}
}

static int set_holder(struct detail *out, const struct party *holder)
{
	__freeing char *thread = words_thread(holder->comm, holder->pid, holder->tid);

	if (!thread)
		return -ENOMEM;
	return set(&out->object, format("held by %s%s", thread,
					holder->collects ? ", which collects garbage" : ""));
}

static int add_after(struct detail *out, const char *words)
{
	char *after = out->after;

	out->after = format("%s, %s", after ? after : "", words);
	free(after);
	return out->after ? 0 : -ENOMEM;
}

/* Rounds of waiting for the GIL, and samples on the CPU, are not counted: they are no calls. */
static int add_count(struct detail *out, const struct slice *slice)
{
	char count[32];

	if (slice->count < 2 || slice->cause == CAUSE_GIL || slice_is_cpu(slice))
		return 0;
	snprintf(count, sizeof(count), "%" PRIu64 " times", slice->count);
	return add_after(out, count);
}

int words_detail(const struct slice *slice, struct detail *out)
{
	int err = 0;

	*out = (struct detail){ 0 };
	if (slice->cause == CAUSE_GIL && slice->holder.pid) {
		err = set_holder(out, &slice->holder);
	} else if (!slice_is_cpu(slice)) {
		err = set_escaped(&out->before, slice->syscall);
		err |= set_target(out, &slice->target);
		if (!out->before && !out->object)
			err |= set_escaped(&out->object, cause_words(slice->cause)->instead);
	}
	err |= add_count(out, slice);
	if (slice->timed_out)
		err |= add_after(out, "timed out");
	if (err) {
		detail_free(out);
		return -ENOMEM;
	}
	return 0;
}

void detail_free(struct detail *detail)
{
	free(detail->before);
	free(detail->object);
	free(detail->after);
	*detail = (struct detail){ 0 };
}

char *detail_text(const struct detail *detail)
{
	const char *parts[] = { detail->before, detail->object, detail->after };
	char *text = strdup("");

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && text; i++) {
		char *shorter = text;

		if (!parts[i])
			continue;
		text = format("%s%s%s", shorter, *shorter && *parts[i] != ',' ? " " : "", parts[i]);
		free(shorter);
	}
	return text;
}

void words_status(int status, char text[DURATION_BYTES])
{
	if (WIFSIGNALED(status))
		snprintf(text, DURATION_BYTES, "killed by signal %d", WTERMSIG(status));
	else
		snprintf(text, DURATION_BYTES, "exit status %d", WEXITSTATUS(status));
}
