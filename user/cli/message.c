// SPDX-License-Identifier: GPL-2.0-or-later
/* message.c - which messages are shown, and how a line of them begins and is made harmless. */
#include "cli/message.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "output/queue.h"
#include "text/wrap.h"

#define TEXT_BYTES 4096 /* longer messages are cut */
#define CONTINUED  6 /* on a terminal: how far a row is indented that continues a message */
#define KEPT_BYTES (256u << 10) /* for a reader that takes nothing; of errors a little more */
#define END_MAX_NS (100 * NS_PER_MS) /* so long what is left is waited for at the end */

/*
 * Of the whole process, as standard error itself is. They are set once, from the
 * command line; otherwise all code that can fail would have to pass them on.
 */
static int shown_level = MESSAGE_NOTE;
static bool to_journal;
static void (*call_before)(void *context);
static void *before_context;
static bool queued;
static struct queue kept;
static unsigned long dropped; /* for want of room there */

void message_set_queued(void)
{
	queued = true;
}

void message_set_journal(bool on)
{
	to_journal = on;
}

void message_set_before(void (*before)(void *context), void *context)
{
	call_before = before;
	before_context = context;
}

void message_set_level(int level)
{
	shown_level = level;
}

/* What a line begins with. */
static const char *beginning(int level)
{
	static const char *const levels[] = {
		[MESSAGE_ERROR - MESSAGE_ERROR] = "<3>", [MESSAGE_WARN - MESSAGE_ERROR] = "<4>",
		[MESSAGE_NOTE - MESSAGE_ERROR] = "<6>",	 [MESSAGE_DETAIL - MESSAGE_ERROR] = "<7>",
		[MESSAGE_WHY - MESSAGE_ERROR] = "<7>",
	};

	return to_journal ? levels[level - MESSAGE_ERROR] : "blockprof: ";
}

/* 0: it is no terminal */
static size_t terminal_columns(void)
{
	struct winsize size;

	return to_journal || ioctl(STDERR_FILENO, TIOCGWINSZ, &size) ? 0 : size.ws_col;
}

/* What standard error takes by then, without waiting in write(2). */
static void write_kept(uint64_t until_ns)
{
	size_t at_once = queue_at_once(STDERR_FILENO);

	while (!queue_is_empty(&kept)) {
		struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
		uint64_t now_ns = clock_now_ns();
		int wait_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / NS_PER_MS) + 1 : 0;
		const unsigned char *bytes;
		size_t nr = queue_first(&kept, at_once ? at_once : SIZE_MAX, &bytes);
		ssize_t written;

		if (at_once && poll(&ready, 1, wait_ms) <= 0)
			return;
		written = write(STDERR_FILENO, bytes, nr);
		if (written >= 0)
			queue_take(&kept, (size_t)written);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			queue_take(&kept, kept.used - kept.from);
	}
}

static void say_dropped(void)
{
	char line[128];
	int length = snprintf(line, sizeof(line),
			      "%s%lu messages are missing here: standard error was not read\n",
			      beginning(MESSAGE_WARN), dropped);

	if (!queue_add(&kept, line, (size_t)length))
		dropped = 0;
}

static void keep(int level, const char *line, size_t length)
{
	write_kept(0);
	if (level != MESSAGE_ERROR && kept.used - kept.from + length > KEPT_BYTES) {
		dropped++;
		return;
	}
	if (dropped)
		say_dropped();
	dropped += queue_add(&kept, line, length) != 0;
	write_kept(0);
}

bool message_try(void)
{
	write_kept(0);
	return !queue_is_empty(&kept);
}

void message_end(void)
{
	if (dropped)
		say_dropped();
	write_kept(clock_now_ns() + END_MAX_NS);
	queue_free(&kept);
}

static void print(int level, const char *text, const char *ending)
{
	const struct look look = { .columns = terminal_columns() };
	char *escaped __freeing = escape_text(text);
	char *line __freeing = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&line, &length);

	if (!out)
		return;
	/* without memory, bytes of others cannot be made harmless */
	wrap_printf(out, CONTINUED, &look, "%s%s%s", beginning(level),
		    escaped ? escaped : "out of memory", ending);
	if (fclose(out))
		return;
	if (call_before)
		call_before(before_context);
	if (queued)
		keep(level, line, length);
	else
		while (write(STDERR_FILENO, line, length) < 0 && errno == EINTR)
			;
}

static void __attribute__((format(printf, 2, 0))) show(int level, const char *format, va_list args)
{
	char text[TEXT_BYTES];
	int before = errno, n;

	if (level > shown_level && level != MESSAGE_ERROR)
		return;
	n = vsnprintf(text, sizeof(text), format, args);
	if (n >= 0)
		print(level, text, n < TEXT_BYTES ? "" : "...");
	errno = before;
}

void message_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	show(MESSAGE_ERROR, format, args);
	va_end(args);
}

void message_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	show(MESSAGE_WARN, format, args);
	va_end(args);
}

void message_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	show(MESSAGE_NOTE, format, args);
	va_end(args);
}

void message_detail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	show(MESSAGE_DETAIL, format, args);
	va_end(args);
}

void message_why(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	show(MESSAGE_WHY, format, args);
	va_end(args);
}
