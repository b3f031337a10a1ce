/* SPDX-License-Identifier: GPL-2.0-or-later */
/* detail.h - the view of one loop: its figures over all windows, its last stalls. */
#ifndef BLOCKPROF_TOP_DETAIL_H
#define BLOCKPROF_TOP_DETAIL_H

#include "text/fold.h"
#include "top/board.h"
#include "top/lines.h"

/* The window's name: "last 10 s". */
const char *detail_window(enum board_window window);
/*
 * rows are those of one loop, by window; history may be NULL; look has no colour.
 * 0 or -ENOMEM.
 */
int detail_lines(struct lines *lines, const struct board_row rows[WINDOW_NR],
		 const struct history *history, const struct look *look);

#endif
