/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gate.h - the exit status of a watch: what --fail asks for, and what COMMAND returned. */
#ifndef BLOCKPROF_CLI_GATE_H
#define BLOCKPROF_CLI_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/model.h"

#define GATE_REASON_BYTES 256

/* Starts as { .command_status = -1 }. */
struct gate {
	bool fail; /* --fail */
	bool has_command;
	/* As wait() gives it; -1: it still ran when the watch ended, which counts as if it had ended well. */
	int command_status;
	int start_error; /* -errno with which COMMAND could not be executed; 0: it was */
	bool failed; /* blockprof itself, with or without a COMMAND */
	bool seen_loop;
	uint64_t stalls; /* certain ones, that have ended: those that count */
	/* Why stalls may have been missed, in words; "": nothing speaks for it. */
	char unseen[GATE_REASON_BYTES / 2];
};

/* Takes what the summary says was not seen. */
void gate_summary(struct gate *gate, const struct summary_record *summary);
/* reason: a sentence for the user where the status is EXIT_SAW_NOTHING, else "". */
int gate_status(const struct gate *gate, char reason[GATE_REASON_BYTES]);

#endif
