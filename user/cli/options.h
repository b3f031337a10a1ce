/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the command line of `blockprof [watch]`. */
#ifndef BLOCKPROF_CLI_OPTIONS_H
#define BLOCKPROF_CLI_OPTIONS_H

#include <stdbool.h>

#include "cli/choice_options.h"
#include "cli/output_options.h"
#include "cli/scope_options.h"

struct watch_options {
	struct scope scope;
	char **command; /* its argv, ended by NULL; NULL: there is none */
	bool fail;
	uint64_t max_bytes; /* of all outputs; 0: no bound */
	const char *on_stall; /* a shell command; NULL: none */
	struct choice choice;
	struct outputs_spec outputs;
	struct output_options output;
	struct usage usage;
};

/* 0, -EINVAL: wrong usage, with a message, or -ENOMEM. */
int watch_options_parse(struct watch_options *options, int argc, char **argv);
void watch_options_free(struct watch_options *options);
/* Prints what --help or --version asks for. */
void watch_options_answer(const struct watch_options *options);

#endif
