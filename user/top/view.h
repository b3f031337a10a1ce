/* SPDX-License-Identifier: GPL-2.0-or-later */
/* view.h - what is on the screen, and how keys change it. It draws nothing. */
#ifndef BLOCKPROF_TOP_VIEW_H
#define BLOCKPROF_TOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "top/board.h"

enum view_page {
	PAGE_LIST,
	PAGE_DETAIL,
	PAGE_HELP,
};

enum action {
	ACTION_NONE,
	ACTION_UP,
	ACTION_DOWN,
	ACTION_PAGE_UP,
	ACTION_PAGE_DOWN,
	ACTION_HOME,
	ACTION_END,
	ACTION_ENTER,
	ACTION_BACK, /* from the list it quits */
	ACTION_QUIT,
	ACTION_HELP,
	ACTION_PAUSE,
	ACTION_WINDOW,
	ACTION_REVERSE,
	ACTION_UNFOLD,
	ACTION_SORT_NEXT,
	ACTION_SORT_PREVIOUS,
	ACTION_REDRAW,
	ACTION_SORT, /* ACTION_SORT + enum board_column: by that one */
};

struct view {
	enum view_page page;
	enum view_page behind; /* where help leads back to */
	struct board_order order;
	bool paused;
	bool unfold; /* library and interpreter frames too */
	bool quit;
	uint64_t number; /* the loop that is selected; 0: the first, whichever it is */
	size_t selected; /* its row */
	size_t first; /* row at the top of the screen */
	size_t scroll; /* first line of detail or help */
};

/* What can be moved through. */
struct view_content {
	struct board_rows rows; /* of the list */
	size_t lines; /* of the text: detail or help */
	size_t height; /* how many lines of either are on the screen */
};

void view_act(struct view *view, int action, const struct view_content *content);
/* After a change of the rows or the screen: the same loop stays selected and visible. */
void view_follow(struct view *view, const struct board_rows *rows, size_t height);

#endif
