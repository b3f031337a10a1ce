/* SPDX-License-Identifier: GPL-2.0-or-later */
/* match_option.h - --match REGEX, of several commands. */
#ifndef BLOCKPROF_CLI_MATCH_OPTION_H
#define BLOCKPROF_CLI_MATCH_OPTION_H

struct match;

/* The last one given counts. 0, or -EINVAL: wrong usage, which was said; -ENOMEM. */
int match_option(struct match **match, const char *pattern);

#endif
