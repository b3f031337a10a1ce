/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output_options.h - what -o and -F ask for. Functions that fail have printed why
 * (message.h).
 */
#ifndef BLOCKPROF_CLI_OUTPUT_OPTIONS_H
#define BLOCKPROF_CLI_OUTPUT_OPTIONS_H

#include "output/outputs.h"

#define OUTPUTS_MAX 32

struct output_spec {
	const char *path; /* "-": stdout */
	const struct output_format *format; /* NULL: by the path's suffix; text on stdout */
	bool implied; /* stdout, as an -F came before any -o */
};

/* Starts as { 0 }. Strings are those of the command line, and have to stay. */
struct outputs_spec {
	struct output_spec v[OUTPUTS_MAX];
	size_t nr;
};

/* -o PATH. 0, or -EINVAL: wrong usage. */
int outputs_spec_path(struct outputs_spec *spec, const char *path);
/* -F NAME: for the -o before it, else for stdout. 0, or -EINVAL: wrong usage. */
int outputs_spec_format(struct outputs_spec *spec, const char *name);
/* --width: of pictures. 0, or -EINVAL: wrong usage. */
int outputs_width(struct output_options *options, const char *value);
/* After the last option: fills in formats, and stdout where there is no -o. 0 or -EINVAL. */
int outputs_spec_finish(struct outputs_spec *spec);
/* Whether this regular file is one of those to write: then it must not be read. */
bool outputs_spec_writes(const struct outputs_spec *spec, const char *path);

/*
 * Opens all, or none: -errno. Fills in colour and columns of options for a stdout
 * that is a terminal.
 */
int outputs_open(struct outputs *outputs, const struct outputs_spec *spec,
		 const struct output_options *options);
/*
 * Completes and closes all. 0, or the first -errno. It is no error when the reader
 * of stdout went away (| head): it had enough.
 */
int outputs_close(struct outputs *outputs);

#endif
