/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match_option.h - the option --match REGEX, which several commands have. */
#ifndef BLOCKPROF_CLI_MATCH_OPTION_H
#define BLOCKPROF_CLI_MATCH_OPTION_H

struct match;

/* The last one that is given counts. 0, -EINVAL: wrong usage, with a message, or -ENOMEM. */
int match_option(struct match **match, const char *pattern);

#endif
