/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve_options.h - the command line of `blockprof serve`, and the file that adds to it. */
#ifndef BLOCKPROF_CLI_SERVE_OPTIONS_H
#define BLOCKPROF_CLI_SERVE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/scope_options.h"
#include "serve/defaults.h"

struct match;

struct serve_options {
	struct scope scope;
	const char *state_dir;
	uint64_t keep_bytes;
	bool stalls_only;
	struct match *match; /* NULL: all stalls */
	const char *on_stall; /* a shell command; NULL: none */
	const char *defaults_path; /* NULL: none */
	struct defaults defaults; /* strings of the options are in here */
	char **words; /* of file and command line together */
	struct usage usage;
};

/*
 * What the file of --defaults holds comes before argv, so that argv has the last
 * word. argv must stay. 0; -EINVAL: wrong usage, or the file is wrong, which was
 * said; another -errno: the file cannot be read, which was said, or -ENOMEM.
 */
int serve_options_parse(struct serve_options *options, int argc, char **argv);
void serve_options_free(struct serve_options *options);
/* To --help or --version. */
void serve_options_answer(const struct serve_options *options);

#endif
