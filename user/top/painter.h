/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * painter.h - writes what was drawn to the terminal, on a thread of its own. When a
 * connection hangs, only that thread waits, and the kernel's records are still
 * read. While it is at work, nothing else may use ncurses.
 */
#ifndef BLOCKPROF_TOP_PAINTER_H
#define BLOCKPROF_TOP_PAINTER_H

#include <stdbool.h>

struct painter;

/* 0 or -errno. */
int painter_new(struct painter **out);
/*
 * Waits until the painter is done, but not for a terminal (at descriptor fd) that
 * takes no more: the rest is thrown away. painter may be NULL.
 */
void painter_free(struct painter *painter, int fd);
/* While it is at work, no function of ncurses may be called. */
bool painter_is_busy(struct painter *painter);
/* Starts doupdate(). Not while it is busy. */
void painter_paint(struct painter *painter);

#endif
