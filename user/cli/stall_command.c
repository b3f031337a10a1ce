// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/stall_command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "stall/engine.h"

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

int stall_command_option(const char **on_stall, const char *text)
{
	if (!text[0]) {
		message_error("--on-stall needs a command; give one for the shell");
		return -EINVAL;
	}
	*on_stall = text;
	return 0;
}

int stall_command_open(struct stall_command *command, const char *what)
{
	const char *wrong;
	int err = caller_find(&command->caller, &wrong);

	if (err == -EINVAL)
		message_error("cannot start%s%s: %s is no id of a user or group, and nothing is to "
			      "run as root by mistake; set it right, or unset SUDO_UID",
			      what ? " " : "", what ? what : "", wrong);
	else if (err)
		message_error("cannot start%s%s: %s", what ? " " : "", what ? what : "",
			      strerror(-err));
	return err;
}

void stall_command_close(struct stall_command *command)
{
	handler_free(command->handler);
	free(command->text);
	caller_free(&command->caller);
}

int stall_command_prepare(const struct stall_command *command, const char *text,
			  struct handler **out)
{
	int err = 0;

	*out = NULL;
	if (text && !same(text, command->text))
		err = handler_new(out, text, &command->caller);
	if (err)
		message_error("cannot start %s: %s", text, strerror(-err));
	return err;
}

void stall_command_set(struct stall_command *command, const char *text, struct handler *handler)
{
	if (same(text, command->text))
		return;
	stall_command_finish(command);
	handler_free(command->handler);
	free(command->text);
	command->handler = handler;
	command->text = text ? strdup(text) : NULL;
	command->dropped = 0;
}

int stall_command_start(struct stall_command *command, const char *text)
{
	struct handler *handler;
	int err = stall_command_prepare(command, text, &handler);

	if (!err)
		stall_command_set(command, text, handler);
	return err;
}

void stall_command_run(struct stall_command *command, const struct stall_record *stall)
{
	if (command->handler)
		handler_stall(command->handler, stall);
}

void stall_command_poll(struct stall_command *command)
{
	if (command->handler)
		handler_poll(command->handler);
}

void stall_command_summarise(struct stall_command *command, struct summary_record *record)
{
	uint64_t dropped;

	if (!command->handler)
		return;
	dropped = handler_counts(command->handler).dropped;
	summary_lost(record, LOSS_HANDLERS_DROPPED, dropped - command->dropped);
	command->dropped = dropped;
}

void stall_command_finish(struct stall_command *command)
{
	if (command->handler)
		handler_finish(command->handler);
}
