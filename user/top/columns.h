/* SPDX-License-Identifier: GPL-2.0-or-later */
/* columns.h - a row of the board as text: which columns fit, and what is in them. */
#ifndef BLOCKPROF_TOP_COLUMNS_H
#define BLOCKPROF_TOP_COLUMNS_H

#include "top/board.h"

struct column_place {
	enum board_column column;
	unsigned int x;
	unsigned int width;
};

/* From left to right. */
struct column_places {
	struct column_place v[COLUMN_NR];
	size_t nr;
};

/* Those that fit into so many columns of a terminal. */
struct column_places columns_fit(unsigned int columns);
/* No wider than its column. */
const char *columns_title(enum board_column column);
bool columns_are_figures(enum board_column column); /* aligned to the right */
/*
 * Exactly width columns of valid UTF-8 without control characters; the
 * caller's to free; NULL: no memory.
 */
char *columns_cell(const struct board_row *row, enum board_column column, unsigned int width);

#endif
