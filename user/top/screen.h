/* SPDX-License-Identifier: GPL-2.0-or-later */
/* screen.h - the terminal, by ncurses. */
#ifndef BLOCKPROF_TOP_SCREEN_H
#define BLOCKPROF_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "top/board.h"
#include "top/lines.h"
#include "top/view.h"

struct screen;

/* Takes the terminal. 0 or -errno. */
int screen_open(struct screen **out);
/* Gives it back as it was. screen may be NULL. */
void screen_close(struct screen *screen);

/* The terminal has not taken all of what was drawn yet: nothing is drawn, and no key is read. */
bool screen_is_busy(struct screen *screen);
/* The next key as for keys_action(); -1: none. */
int screen_key(struct screen *screen);
/* Lines for the list or the text, between head and foot. */
size_t screen_height(const struct screen *screen);
unsigned int screen_columns(const struct screen *screen);
/* Draws all anew, as something else may have written to the terminal. */
void screen_redraw(struct screen *screen);

/* What is around a list or a text, and which part of it is shown. */
struct screen_frame {
	const char *head, *foot; /* the first line and the last */
	const struct view *view;
};

/* The whole screen. Texts are valid UTF-8 and harmless. */
void screen_list(struct screen *screen, const struct screen_frame *frame,
		 const struct board_rows *rows);
void screen_text(struct screen *screen, const struct screen_frame *frame,
		 const struct lines *lines);

#endif
