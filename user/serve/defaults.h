/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * defaults.h - a file of options, such as /etc/default/blockprof:
 *
 *	# comment
 *	BLOCKPROF_OPTIONS="-t 50ms -c 'node|redis.*'"
 *
 * The form is what a shell and systemd's EnvironmentFile= understand. Other
 * variables are passed over. Read by the program itself, as an environment
 * cannot be read again on reload.
 */
#ifndef BLOCKPROF_SERVE_DEFAULTS_H
#define BLOCKPROF_SERVE_DEFAULTS_H

#include <stddef.h>

struct defaults {
	char **words; /* nr of them */
	size_t nr;
	size_t line; /* the one with the error */
};

/*
 * A missing file has no options. 0 or -errno. -EINVAL: in out->line a quote is not
 * closed, or it is no assignment; -EFBIG: the file is too large.
 */
int defaults_read(const char *path, struct defaults *out);
void defaults_free(struct defaults *defaults);

#endif
