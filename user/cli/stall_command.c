// SPDX-License-Identifier: GPL-2.0-or-later
/* stall_command.c - when the command of --on-stall is started anew, and what is reported of it. */
#include "cli/stall_command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/message.h"
#include "stall/engine.h"
#include "text/words.h"

#define SOON_MS 200 /* an end within this needs no message */

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
	if (text && !same_string(text, command->text))
		err = handler_new(out, text, &command->caller);
	if (err)
		message_error("cannot start %s: %s", text, strerror(-err));
	return err;
}

void stall_command_set(struct stall_command *command, const char *text, struct handler *handler)
{
	if (same_string(text, command->text))
		return;
	stall_command_finish(command);
	handler_free(command->handler);
	free(command->text);
	*command = (struct stall_command){
		.caller = command->caller,
		.handler = handler,
		.text = text ? strdup(text) : NULL,
	};
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

void stall_command_withdrawn(struct stall_command *command,
			     const struct withdrawn_record *withdrawn)
{
	if (command->handler)
		handler_withdrawn(command->handler, withdrawn);
}

static void report_failed(const struct stall_command *command, int status)
{
	char words[DURATION_BYTES];

	if (status == -1) {
		message_warn("cannot run --on-stall's command: /bin/sh could not be started");
		return;
	}
	words_status(status, words);
	message_warn("--on-stall's command failed (%s)%s: %s", words,
		     WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ", it was not found" : "",
		     command->text);
}

/* Whether there is something to report that was not reported before. */
static bool is_news(uint64_t count, bool *reported)
{
	bool news = count && !*reported;

	*reported |= news;
	return news;
}

static void report_problems(struct stall_command *command)
{
	struct runner_counts counts = handler_counts(command->handler);

	if (is_news(counts.failed, &command->reported.failed))
		report_failed(command, counts.first_status);
	if (is_news(counts.late, &command->reported.late))
		message_warn("--on-stall's command ran for more than %d s and was ended: %s",
			     (int)(RUNNER_LIMIT_NS / NS_PER_SEC), command->text);
	if (is_news(counts.not_run, &command->reported.not_run))
		message_warn(!command->finished && handler_has_ended(command->handler, 0)
				     ? "the process that runs --on-stall's command has ended: the "
				       "command is not run any more"
				     : "--on-stall's command is not run for every stall: it is too "
				       "slow, or there are too few descriptors");
}

void stall_command_poll(struct stall_command *command)
{
	if (command->handler)
		report_problems(command);
}

void stall_command_summarise(struct stall_command *command, struct summary_record *record)
{
	uint64_t not_run;

	if (!command->handler)
		return;
	not_run = handler_counts(command->handler).not_run;
	summary_lost(record, LOSS_HANDLERS_DROPPED, not_run - command->not_run);
	command->not_run = not_run;
}

void stall_command_finish(struct stall_command *command)
{
	struct runner_counts counts;

	if (!command->handler || command->finished)
		return;
	handler_close(command->handler);
	if (!handler_has_ended(command->handler, SOON_MS))
		message_note("waiting for --on-stall's command to end");
	handler_wait(command->handler);
	command->finished = true;
	report_problems(command);
	counts = handler_counts(command->handler);
	if (counts.failed || counts.late || counts.not_run)
		message_note("--on-stall's command was run %" PRIu64 " times: %" PRIu64
			     " failed, %" PRIu64 " took too long; not run for %" PRIu64 " stalls",
			     counts.run, counts.failed, counts.late, counts.not_run);
}
