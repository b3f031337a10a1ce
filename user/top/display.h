/* SPDX-License-Identifier: GPL-2.0-or-later */
/* display.h - the board on the screen: the pages, and the keys that lead through them. */
#ifndef BLOCKPROF_TOP_DISPLAY_H
#define BLOCKPROF_TOP_DISPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "top/board.h"
#include "top/notes.h"

struct display;

/* Takes the terminal. board and notes (may be NULL) outlive it. 0 or -errno. */
int display_open(struct display **out, struct board *board, struct notes *notes,
		 uint64_t threshold_ns);
/* Gives the terminal back. display may be NULL. */
void display_close(struct display *display);

/* Whether the screen is to stay as it is. */
bool display_is_paused(const struct display *display);
/* Draws what the board has. lost: how many records were lost so far. */
void display_refresh(struct display *display, uint64_t lost);
/* The terminal takes no output at the moment: keys are not read meanwhile. */
bool display_is_busy(const struct display *display);
/* Handles keys that have come, and a new size of the terminal. Whether to go on. */
bool display_keys(struct display *display);

#endif
