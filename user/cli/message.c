// SPDX-License-Identifier: GPL-2.0-or-later
/* message.c - which messages are shown, and how a line of them begins and is made harmless. */
#include "cli/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "text/wrap.h"

#define TEXT_BYTES 4096 /* longer messages are cut */
#define CONTINUED  6 /* on a terminal: how far a row is indented that continues a message */

/*
 * Of the whole process, as standard error itself is. They are set once, from the
 * command line; otherwise all code that can fail would have to pass them on.
 */
static int shown_level = MESSAGE_NOTE;
static bool to_journal;
static void (*call_before)(void *context);
static void *before_context;

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
