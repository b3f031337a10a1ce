/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usage.h - options that a command does not take. */
#ifndef BLOCKPROF_USAGE_H
#define BLOCKPROF_USAGE_H

/*
 * getopt_long() returned ':' or '?' (its table of short options is given): says
 * which option that is, and where the right ones stand. -EINVAL.
 */
int usage_refuse(int option, char **argv, const char *short_options, const char *help);

#endif
