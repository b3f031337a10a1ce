/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve_options.h - the command line of `blockprof serve`, and the file that adds to it. */
#ifndef BLOCKPROF_CLI_SERVE_OPTIONS_H
#define BLOCKPROF_CLI_SERVE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/choice_options.h"
#include "cli/scope_options.h"
#include "serve/defaults.h"

#define SERVE_LISTEN	"127.0.0.1:10435"
#define SERVE_HOSTS_MAX 16

struct serve_options {
	struct scope scope;
	const char *state_dir;
	uint64_t keep_bytes;
	bool stalls_only;
	struct choice choice;
	const char *listen; /* where HTTP is answered; NULL: SERVE_LISTEN, if it can be had */
	const char *hosts[SERVE_HOSTS_MAX]; /* further names that it may be asked by */
	uint32_t nr_hosts;
	const char *token_file; /* NULL: in state_dir */
	bool metrics_only;
	bool check; /* only that */
	const char *on_stall; /* a shell command; NULL: none */
	const char *defaults_path; /* NULL: none */
	struct defaults defaults; /* some strings of the options are in here */
	char **words; /* of the file and the command line together */
	struct usage usage;
};

/*
 * The options in the file of --defaults come before those of argv, which have the
 * last word. argv has to stay. 0, or -errno, with a message but for -ENOMEM.
 * -EINVAL: wrong usage, on the command line or in the file.
 */
int serve_options_parse(struct serve_options *options, int argc, char **argv);
void serve_options_free(struct serve_options *options);
/* Prints what --help or --version asks for. */
void serve_options_answer(const struct serve_options *options);

#endif
