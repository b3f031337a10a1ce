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

/* Whether the board is to stand still. */
bool display_is_paused(const struct display *display);
/* Draws what the board has; lost: records that were lost so far. */
void display_refresh(struct display *display, uint64_t lost);
/* The terminal takes nothing at the moment: keys wait. */
bool display_is_busy(const struct display *display);
/* Takes the keys that have come, and a new size; draws if something changed. Whether to go on. */
bool display_keys(struct display *display);

#endif
