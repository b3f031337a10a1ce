// SPDX-License-Identifier: GPL-2.0-or-later
/* gate.c - which exit status goes before which, and when a watch that saw no stall has proved nothing. */
#include "cli/gate.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/exit_status.h"

/* The first that is found: one is enough to doubt the rest. */
static void note_lost(struct gate *gate, uint64_t count, const char *words)
{
	if (count && !gate->unseen[0])
		snprintf(gate->unseen, sizeof(gate->unseen),
			 "lost %" PRIu64 " %s; watch fewer processes", count, words);
}

static void note_blind(struct gate *gate, const struct name_count *blind)
{
	if (blind->count && !gate->unseen[0])
		snprintf(gate->unseen, sizeof(gate->unseen),
			 "blind to %" PRIu64 " process%s (%s); what to do is said of each",
			 blind->count, blind->count == 1 ? "" : "es", blind->name);
}

void gate_summary(struct gate *gate, const struct summary_record *summary)
{
	for (size_t i = 0; i < summary->nr_lost; i++)
		if (loss_hides_stalls(summary->lost[i].name))
			note_lost(gate, summary->lost[i].count, loss_words(summary->lost[i].name));
	for (size_t i = 0; i < summary->nr_blind; i++)
		note_blind(gate, &summary->blind[i]);
	for (size_t i = 0; i < summary->nr_discarded; i++)
		if (discard_parse(summary->discarded[i].name) == DISCARD_LOST)
			note_lost(gate, summary->discarded[i].count,
				  "long turns (the records of their ends)");
}

/* That of --fail alone. */
static int fail_status(const struct gate *gate, char reason[GATE_REASON_BYTES])
{
	if (!gate->fail)
		return EXIT_OK;
	if (gate->stalls)
		return EXIT_STALLED;
	if (!gate->seen_loop) {
		snprintf(reason, GATE_REASON_BYTES,
			 "cannot vouch that nothing stalled: no event loop was seen; watch the "
			 "processes that run one, or look with -vv at why threads are no loops");
		return EXIT_SAW_NOTHING;
	}
	if (gate->unseen[0]) {
		snprintf(reason, GATE_REASON_BYTES, "cannot vouch that nothing stalled: %s",
			 gate->unseen);
		return EXIT_SAW_NOTHING;
	}
	return EXIT_OK;
}

static int command_exit_status(int status)
{
	if (status < 0)
		return EXIT_OK;
	return WIFSIGNALED(status) ? EXIT_SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

int gate_status(const struct gate *gate, char reason[GATE_REASON_BYTES])
{
	int status;

	reason[0] = '\0';
	if (gate->start_error)
		return gate->start_error == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	if (gate->failed)
		return gate->has_command ? EXIT_OWN_FAILURE : EXIT_COULD_NOT;
	status = gate->has_command ? command_exit_status(gate->command_status) : EXIT_OK;
	return status ? status : fail_status(gate, reason);
}
