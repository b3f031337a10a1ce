/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - lines for the user on standard error: "blockprof: ...".
 *
 * A message is one write(2), and one line, which a terminal has in rows of its
 * width. Names of targets can be put in as they are: what a terminal would act on
 * is shown as \xNN.
 */
#ifndef BLOCKPROF_CLI_MESSAGE_H
#define BLOCKPROF_CLI_MESSAGE_H

#include <stdbool.h>

enum message_level {
	MESSAGE_ERROR = -2, /* always shown */
	MESSAGE_WARN = -1,
	MESSAGE_NOTE = 0, /* the default */
	MESSAGE_DETAIL = 1,
	MESSAGE_WHY = 2, /* why threads are loops or not, and turns no stalls */
};

/* The highest level that is shown: one down for each -q, one up for each -v. */
void message_set_level(int level);

/*
 * Standard error goes to the journal, which adds the program's name: lines begin
 * with their level instead, as in sd-daemon(3).
 */
void message_set_journal(bool on);

/*
 * From now on a reader of standard error that takes nothing holds up nobody: so many lines are
 * kept for it, further ones are counted, and their number is said in their place.
 */
void message_set_queued(void);
/* Writes of that what is taken now. Whether something is left. */
bool message_try(void);
/* Of what is left at the end a moment is waited for that it is taken. */
void message_end(void);

/* Called before each line: standard output may be the same terminal, with rows that are written again. */
void message_set_before(void (*before)(void *context), void *context);

/* errno stays as it was. format has no newline at its end. */
void message_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void message_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void message_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void message_detail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void message_why(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
