/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keys.h - which key does what. */
#ifndef BLOCKPROF_TOP_KEYS_H
#define BLOCKPROF_TOP_KEYS_H

#include "top/lines.h"
#include "top/view.h"

/* key as ncurses' getch() gives it. */
int keys_action(int key);
/* For the bottom line, most needed first; the caller cuts it. */
const char *keys_line(enum view_page page);
/* The help page. 0 or -ENOMEM. */
int keys_help(struct lines *lines);

#endif
