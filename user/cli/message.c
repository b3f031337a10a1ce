// SPDX-License-Identifier: GPL-2.0-or-later
/* message.c - which messages are shown, and how a line of them begins and is made harmless. */
#include "cli/message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"

#define TEXT_BYTES 4096 /* longer messages are cut */

/*
 * Of the whole process, as standard error itself is. They are set once, from the
 * command line; otherwise all code that can fail would have to pass them on.
 */
static int shown_level = MESSAGE_NOTE;
static bool to_journal;

void message_set_journal(bool on)
{
	to_journal = on;
}

void message_set_level(int level)
{
	shown_level = level;
}

/* What a line begins with. */
static const char *beginning(int level)
{
	static const char *const levels[] = {
		[MESSAGE_ERROR - MESSAGE_ERROR] = "<3>",
		[MESSAGE_WARN - MESSAGE_ERROR] = "<4>",
		[MESSAGE_NOTE - MESSAGE_ERROR] = "<6>",
		[MESSAGE_DETAIL - MESSAGE_ERROR] = "<7>",
	};

	return to_journal ? levels[level - MESSAGE_ERROR] : "blockprof: ";
}

static void print(int level, const char *text, const char *ending)
{
	char *escaped __freeing = escape_text(text);
	char *line __freeing = NULL;
	int n;

	/* without memory, bytes of others cannot be made harmless */
	n = asprintf(&line, "%s%s%s\n", beginning(level), escaped ? escaped : "out of memory",
		     ending);
	if (n < 0) {
		line = NULL;
		return;
	}
	while (write(STDERR_FILENO, line, (size_t)n) < 0 && errno == EINTR)
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
