/* SPDX-License-Identifier: GPL-2.0-or-later */
/* terminal.h - whether there is a terminal to draw on. */
#ifndef BLOCKPROF_TOP_TERMINAL_H
#define BLOCKPROF_TOP_TERMINAL_H

/*
 * NULL: standard input and output are a terminal that can be drawn on. Else what
 * is wrong, and what to do; valid until the next call.
 */
const char *terminal_obstacle(void);

#endif
