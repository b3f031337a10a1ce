/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * painter.h - writes what was drawn to the terminal, on a thread of its own:
 * where a connection hangs, it waits, and who reads the kernel's records does
 * not. ncurses is no one else's while the painter is at work.
 */
#ifndef BLOCKPROF_TOP_PAINTER_H
#define BLOCKPROF_TOP_PAINTER_H

#include <stdbool.h>

struct painter;

/* 0 or -errno. */
int painter_new(struct painter **out);
/*
 * Waits until the painter is done. What a terminal (at descriptor fd) that
 * takes nothing more has not taken by then is dropped. painter may be NULL.
 */
void painter_free(struct painter *painter, int fd);
/* While it is at work, no function of ncurses may be called. */
bool painter_is_busy(struct painter *painter);
/* doupdate(). It is not busy. */
void painter_paint(struct painter *painter);

#endif
